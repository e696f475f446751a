// InboundSa: one SA that decrypts: replay window, lifetime, key.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: everything that decrypts belongs to one worker, owner().  Counters may be read by any
// thread.  Control threads create it, note new addresses and destroy it when no worker can see it
// any more.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "common/base/result.h"
#include "dataplane/ipsec/cipher_library.h"
#include "dataplane/ipsec/esn_resync.h"
#include "dataplane/ipsec/replay_window.h"
#include "dataplane/ipsec/sa_config.h"
#include "dataplane/ipsec/sa_memory.h"

namespace raven::dataplane {

class CipherKey;

class alignas(64) InboundSa {
 public:
  // REQUIRES: `config` is valid.  `library` expands the key and is not kept.  The caller's keys are
  // not needed any more after.  With SaMemory::window its window lives there.
  static Result<std::unique_ptr<InboundSa>> create(
      const SaConfig& config, WorkerId owner, const CipherLibrary& library,
      const SaMemory& memory = {}
  );
  ~InboundSa();
  InboundSa(const InboundSa&) = delete;
  InboundSa& operator=(const InboundSa&) = delete;

  // Any thread.
  Spi spi() const { return spi_; }
  TunnelId tunnel_id() const { return tunnel_id_; }
  WorkerId owner() const { return owner_; }
  const Suite& suite() const { return suite_of(algorithm_); }
  bool esn() const { return esn_; }
  uint64_t highest_sequence() const { return window_.highest(); }
  uint32_t replay_window() const { return window_.size(); }
  const EsnResync& resync() const { return resync_; }  // owner
  uint64_t errors() const { return errors_.load(std::memory_order_relaxed); }
  const Lifetime& lifetime() const { return lifetime_; }
  Lifetime& lifetime() { return lifetime_; }
  bool usable() const { return lifetime_.usable(); }
  bool wants_new_keys() const {
    return lifetime_.soft_reached() || is_past_soft_sequence(esn_, highest_sequence());
  }

  // Where the peer sends from (source) and to (destination).  Workers between two quiescent points,
  // control threads that also call move_to().
  const OuterAddresses& outer() const { return *outer_.load(std::memory_order_acquire); }

  // Control thread: notes new addresses.  Returns the previous ones, which the caller frees when no
  // worker can see them any more.
  std::unique_ptr<const OuterAddresses> move_to(const OuterAddresses& addresses);

 private:
  friend class EspIn;
  InboundSa(const SaConfig& config, WorkerId owner, const SaMemory& memory);
  void count_error() {
    errors_.store(errors_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  // First cache line: what a packet needs.  Written by the worker: window_.
  ReplayWindow window_;
  const CipherKey* key_ = nullptr;  // key_owner_, without the indirection
  uint32_t spi_wire_;               // network order
  uint32_t salt_ = 0;               // as it is in memory
  uint8_t block_size_;
  uint8_t iv_size_;
  uint8_t esp_header_size_;  // with the IV
  uint8_t icv_size_;
  bool esn_;
  Algorithm algorithm_;
  EsnResync resync_;

  alignas(64) Lifetime lifetime_;  // second cache line

  std::atomic<uint64_t> errors_{0};
  std::atomic<const OuterAddresses*> outer_{nullptr};  // owned
  const Spi spi_;
  const TunnelId tunnel_id_;
  const WorkerId owner_;
  std::unique_ptr<const CipherKey> key_owner_;
};

}  // namespace raven::dataplane
