// Making an outbound SA from its description.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/outbound_sa.h"

#include <cassert>
#include <cstring>

#include "common/base/byte_order.h"
#include "dataplane/ipsec/cipher_key.h"
#include "dataplane/ipsec/sealed.h"

namespace raven::dataplane {

static_assert(sizeof(OutboundSa) == 4 * 64, "does what a packet needs still fit the first line?");

OutboundSa::OutboundSa(const SaConfig& config, WorkerId owner, const SaMemory& memory)
    : sequence_{config.last_sequence},
      sequence_limit_{0},
      spi_wire_{host_to_big(config.spi.value())},
      block_size_{suite_of(config.algorithm).block_size},
      iv_size_{suite_of(config.algorithm).iv_size},
      esp_header_size_{static_cast<uint8_t>(kEspHeaderSize + iv_size_)},
      icv_size_{suite_of(config.algorithm).icv_size},
      esn_{config.esn},
      algorithm_{config.algorithm},
      tfc_size_{config.tfc_size},
      lifetime_{config.lifetime_soft, config.lifetime_hard, past_of(config)},
      spi_{config.spi},
      tunnel_id_{config.tunnel_id},
      owner_{owner},
      dscp_{config.dscp},
      df_{config.df},
      mark_{memory.mark} {
  reserve_numbers();
}

OutboundSa::~OutboundSa() {
  delete outer_.load(std::memory_order_acquire);
}

Result<std::unique_ptr<OutboundSa>> OutboundSa::create(
    const SaConfig& config, WorkerId owner, const CipherLibrary& library, const SaMemory& memory
) {
  assert(validate(config).ok());
  const Suite& suite = suite_of(config.algorithm);
  std::unique_ptr<OutboundSa> sa{new OutboundSa{config, owner, memory}};
  RAVEN_ASSIGN(sa->key_owner_, CipherKey::create(suite, config.key, config.integrity_key, library));
  sa->key_ = sa->key_owner_.get();
  std::memcpy(&sa->salt_, config.key.expose().data() + suite.key_size, suite.salt_size);
  RAVEN_ASSIGN(auto outer, OuterHeader::create(config.outer, config.dscp, config.df));
  sa->outer_.store(outer.release(), std::memory_order_release);
  return sa;
}

// Mark first, use later: after a crash at any instruction the mark is not below a number in use.
// An SA that has no number left says so too, or the next run could not tell it from a damaged one.
bool OutboundSa::reserve_numbers() {
  const uint64_t block = sequence() / kReservedNumbers + 1;
  if (mark_ != nullptr) mark_->store(seal(block), std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  if (sequence_exhausted()) return false;
  const bool last = mark_ == nullptr || block > sequence_max() / kReservedNumbers;
  sequence_limit_ = last ? sequence_max() : block * kReservedNumbers;
  return true;
}

Result<std::unique_ptr<const OuterHeader>> OutboundSa::move_to(const OuterAddresses& addresses) {
  RAVEN_ASSIGN(auto next, OuterHeader::create(addresses, dscp_, df_));
  return std::unique_ptr<const OuterHeader>{
      outer_.exchange(next.release(), std::memory_order_acq_rel)};
}

}  // namespace raven::dataplane
