// SHA-256 of bytes, as hexadecimal text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace raven::kube {

std::string sha256_hex(std::string_view bytes);

}  // namespace raven::kube
