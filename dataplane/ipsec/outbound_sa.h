// OutboundSa: one SA that encrypts: sequence counter, lifetime, outer header, key.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: everything that encrypts belongs to one worker, owner().  Counters may be read by any
// thread.  Control threads create it, move it to new addresses and destroy it when no worker can
// see it any more.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "common/base/result.h"
#include "dataplane/ipsec/cipher_library.h"
#include "dataplane/ipsec/outer_header.h"
#include "dataplane/ipsec/sa_config.h"
#include "dataplane/ipsec/sa_memory.h"

namespace raven::dataplane {

class CipherKey;

class alignas(64) OutboundSa {
 public:
  // REQUIRES: `config` is valid.  `library` expands the key and is not kept.  The caller's keys are
  // not needed any more after.  With SaMemory::mark it reserves its numbers there before it uses
  // them.
  static Result<std::unique_ptr<OutboundSa>> create(
      const SaConfig& config, WorkerId owner, const CipherLibrary& library,
      const SaMemory& memory = {}
  );
  ~OutboundSa();
  OutboundSa(const OutboundSa&) = delete;
  OutboundSa& operator=(const OutboundSa&) = delete;

  // Any thread.
  Spi spi() const { return spi_; }
  TunnelId tunnel_id() const { return tunnel_id_; }
  WorkerId owner() const { return owner_; }
  const Suite& suite() const { return suite_of(algorithm_); }
  bool esn() const { return esn_; }
  // SaConfig::tfc_size.
  uint32_t tfc_size() const { return tfc_size_; }
  // Last number used, 0: none.
  uint64_t sequence() const { return sequence_.load(std::memory_order_relaxed); }
  // Whether one of the last million packets had this number on the wire.
  bool sent_recently(uint32_t sequence_low) const {
    const uint64_t last = sequence();
    const uint32_t age = static_cast<uint32_t>(last) - sequence_low;
    return age < 1'000'000 && age < last;
  }
  bool sequence_exhausted() const { return sequence() >= sequence_max(); }
  const Lifetime& lifetime() const { return lifetime_; }
  Lifetime& lifetime() { return lifetime_; }
  bool usable() const { return lifetime_.usable() && !sequence_exhausted(); }
  bool wants_new_keys() const {
    return lifetime_.soft_reached() || is_past_soft_sequence(esn_, sequence());
  }

  // Workers between two quiescent points, control threads that also call move_to().
  const OuterHeader& outer() const { return *outer_.load(std::memory_order_acquire); }
  // Bytes in front of the inner packet: outer header, ESP header, IV.
  uint32_t header_size() const { return outer().size() + esp_header_size_; }
  // Largest inner packet for this MTU of the outer path, see outer_header.h.
  uint32_t inner_size_max(uint32_t outer_mtu) const {
    return dataplane::inner_size_max(suite(), outer().addresses(), outer_mtu);
  }

  uint32_t outer_size_max(uint32_t outer_mtu) const {
    return dataplane::outer_size_max(suite(), outer().addresses(), outer_mtu);
  }

  // Control thread: sends to other addresses from now on.  Returns the previous header, which the
  // caller frees when no worker can see it any more.
  Result<std::unique_ptr<const OuterHeader>> move_to(const OuterAddresses& addresses);

 private:
  friend class EspOut;
  OutboundSa(const SaConfig& config, WorkerId owner, const SaMemory& memory);
  uint64_t sequence_max() const { return esn_ ? UINT64_MAX : UINT32_MAX; }
  bool ready() const { return lifetime_.usable() && sequence() < sequence_limit_; }
  // Owner worker, at sequence_limit_: raises it; false when no number is left.
  bool reserve_numbers();

  // First cache line: what a packet needs.  Written by the worker: sequence_.
  std::atomic<const OuterHeader*> outer_{nullptr};  // owned
  std::atomic<uint64_t> sequence_;
  uint64_t sequence_limit_;         // numbers up to it are reserved: only they may be used
  const CipherKey* key_ = nullptr;  // key_owner_, without the indirection
  uint32_t spi_wire_;               // network order
  uint32_t salt_ = 0;               // as it is in memory
  uint8_t block_size_;
  uint8_t iv_size_;
  uint8_t esp_header_size_;  // with the IV
  uint8_t icv_size_;
  bool esn_;
  Algorithm algorithm_;
  uint32_t tfc_size_;

  alignas(64) Lifetime lifetime_;  // second cache line

  const Spi spi_;
  const TunnelId tunnel_id_;
  const WorkerId owner_;
  const DscpRule dscp_;
  const DfRule df_;
  std::atomic<uint64_t>* const mark_;  // see SaMemory; nullptr: all numbers are reserved
  std::unique_ptr<const CipherKey> key_owner_;
};

}  // namespace raven::dataplane
