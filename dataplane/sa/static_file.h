// SAs from a YAML file, for labs and measurements without a key daemon.
// SPDX-License-Identifier: Apache-2.0
//
//   sas:
//     - tunnel_id: 4711           # as the desired state gives it to the peer
//       direction: out
//       spi: 4097
//       algorithm: aes-128-gcm
//       key: "000102...13"        # hexadecimal, AEAD: key followed by the salt
//       source: 192.0.2.1
//       destination: 198.51.100.2
//
// Not for production: the sequence numbers of an outbound SA restart with each start of the
// dataplane, so that a key that is used twice repeats its nonces.  The file must be private.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/secret.h"
#include "dataplane/ipsec/sa_config.h"

namespace raven::dataplane {

Result<std::vector<SaConfig>> load_static_sas(const std::string& path, uint32_t replay_window);

// The same from text; `file` is for messages.
Result<std::vector<SaConfig>> parse_static_sas(
    const std::string& file, const Secret& text, uint32_t replay_window
);

}  // namespace raven::dataplane
