// The messages of the SA socket as checked values; see common/dpapi/sa_socket.h for the protocol.
// SPDX-License-Identifier: Apache-2.0
//
// Pure.  Whatever arrives is hostile until decode() has accepted it: every size, number and flag
// is checked here, so that the rest of dataplane/sa handles values only.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "common/base/result.h"
#include "common/dpapi/sa_socket.h"
#include "dataplane/ipsec/sa_config.h"

namespace raven::dataplane {

// Names one SA: an inbound one by SPI alone, an outbound one also by its destination.
struct SaId {
  Spi spi;
  Direction direction = Direction::kInbound;
  OuterAddresses outer;
};

struct SaHello {
  uint64_t instance = 0;
  bool events = false;
};
struct SaUpdate {
  SaId id;
  OuterAddresses outer;
};
struct SaDelete {
  SaId id;
};
struct SaQuery {
  SaId id;
};
struct SaFlush {};

// SaConfig: RAVEN_SA_ADD.
using SaRequest = std::variant<SaHello, SaConfig, SaUpdate, SaDelete, SaQuery, SaFlush>;

inline constexpr std::size_t kSaMessageSizeMax = sizeof(raven_sa_add);

// Magic, version and size.  An error means that the other side speaks something else: disconnect.
Result<raven_sa_header> read_header(std::span<const uint8_t> message);

// The request behind a good header.  An error is answered, the connection stays.
// `replay_window_default` is used where the request asks for the default.
Result<SaRequest> decode(
    const raven_sa_header& header, std::span<const uint8_t> message, uint32_t replay_window_default
);

raven_sa_hello encode_hello(uint32_t cookie, uint64_t epoch, uint32_t channel);
raven_sa_reply encode_reply(const raven_sa_header& request, int error_number);
raven_sa_expire encode_expire(const SaId& id, bool hard);
raven_sa_mapping encode_mapping(const SaId& id, const IpAddress& address, uint16_t port);
raven_sa_acquire encode_acquire(TunnelId tunnel);

// The errno value that tells the key daemon what kind of failure it was.
int errno_of(ErrorCode code);

}  // namespace raven::dataplane
