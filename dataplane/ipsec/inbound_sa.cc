// Making an inbound SA from its description.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/inbound_sa.h"

#include <cassert>
#include <cstring>

#include "common/base/byte_order.h"
#include "dataplane/ipsec/cipher_key.h"

namespace raven::dataplane {

static_assert(sizeof(InboundSa) == 4 * 64, "does what a packet needs still fit the first line?");

namespace {

ReplayWindow make_window(const SaConfig& config, const SaMemory& memory) {
  if (memory.window == nullptr) return ReplayWindow{config.replay_window, config.last_sequence};
  if (memory.window_is_kept) return ReplayWindow::resume(config.replay_window, memory.window);
  return ReplayWindow{config.replay_window, config.last_sequence, memory.window};
}

}  // namespace

InboundSa::InboundSa(const SaConfig& config, WorkerId owner, const SaMemory& memory)
    : window_(make_window(config, memory)),
      spi_wire_{host_to_big(config.spi.value())},
      block_size_{suite_of(config.algorithm).block_size},
      iv_size_{suite_of(config.algorithm).iv_size},
      esp_header_size_{static_cast<uint8_t>(kEspHeaderSize + iv_size_)},
      icv_size_{suite_of(config.algorithm).icv_size},
      esn_{config.esn},
      algorithm_{config.algorithm},
      lifetime_{config.lifetime_soft, config.lifetime_hard, past_of(config)},
      spi_{config.spi},
      tunnel_id_{config.tunnel_id},
      owner_{owner} {}

InboundSa::~InboundSa() {
  delete outer_.load(std::memory_order_acquire);
}

Result<std::unique_ptr<InboundSa>> InboundSa::create(
    const SaConfig& config, WorkerId owner, const CipherLibrary& library, const SaMemory& memory
) {
  assert(validate(config).ok());
  const Suite& suite = suite_of(config.algorithm);
  std::unique_ptr<InboundSa> sa{new InboundSa{config, owner, memory}};
  RAVEN_ASSIGN(sa->key_owner_, CipherKey::create(suite, config.key, config.integrity_key, library));
  sa->key_ = sa->key_owner_.get();
  std::memcpy(&sa->salt_, config.key.expose().data() + suite.key_size, suite.salt_size);
  sa->outer_.store(new OuterAddresses{config.outer}, std::memory_order_release);
  return sa;
}

std::unique_ptr<const OuterAddresses> InboundSa::move_to(const OuterAddresses& addresses) {
  return std::unique_ptr<const OuterAddresses>{
      outer_.exchange(new OuterAddresses{addresses}, std::memory_order_acq_rel)};
}

}  // namespace raven::dataplane
