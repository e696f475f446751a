// Rules for values that several programs have settings of.  Each returns why the value is refused,
// or "", as Schema::check() wants it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/base/ip.h"

namespace raven::settings {

// Where a server listens: IP:PORT, [IPv6]:PORT.
std::string check_listen_address(const std::string& text);

// Networks that are to be closed.
std::string check_no_default_route(const std::vector<IpPrefix>& networks);

}  // namespace raven::settings
