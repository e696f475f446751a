// Which pre-shared keys are good enough.
// SPDX-License-Identifier: Apache-2.0
//
// One key protects every tunnel of the network, and IKEv2 lets an active attacker test guesses
// against it offline (RFC 7296 section 2.15): it must not be guessable.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/base/secret.h"

namespace raven::gateway_agent {

inline constexpr std::size_t kPskSizeMin = 32;
inline constexpr std::size_t kPskSizeMax = 4096;

// kInvalid says what is wrong, without a byte of the key.
Status check_psk(const Secret& key);

// Reads and checks; the message names the file.
Result<Secret> load_psk(const std::string& path);

}  // namespace raven::gateway_agent
