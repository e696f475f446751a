// EspIn: checks and decrypts bursts of ESP packets in tunnel mode (RFC 4303), in place.
// SPDX-License-Identifier: Apache-2.0
//
// Use: read_spi() and the SA lookup, prepare() for each packet, run() once, finish() for each
// position in order.  Any bytes may be given; nothing outside of them is read or written, except
// that the cipher library may read up to 64 bytes behind.  No allocation, no lock, no system call.
// Threading: one per worker; every SA given to it must have that worker as owner.
#pragma once

#include <xmmintrin.h>

#include <array>
#include <cstdint>

#include "common/base/ip.h"
#include "dataplane/ipsec/cipher_burst.h"
#include "dataplane/ipsec/esp_verdict.h"
#include "dataplane/ipsec/inbound_sa.h"

namespace raven::dataplane {

// The SPI of an ESP packet: kOk, kEspShort or kSpiReserved.
struct EspSpi {
  Spi spi;
  EspVerdict verdict;
};
EspSpi read_spi(const uint8_t* esp, uint32_t size);

// An ESP packet, from the SPI to the last byte of the ICV; nothing else shares these bytes.
struct EspInInput {
  uint8_t* data;
  uint32_t size;
  uint8_t outer_traffic_class;  // TOS or traffic class of the outer header, for ECN
};

struct EspInResult {
  uint8_t* data;  // the inner IP header; null unless kOk
  uint32_t size;  // of the inner packet, as its header says
  EspVerdict verdict;
  IpFamily family;
  bool newest;  // had the highest sequence number so far: it may tell that the peer has moved
};

class EspIn {
 public:
  // `library` must outlive this object and belong to the same worker.
  explicit EspIn(CipherLibrary& library);

  // Packets prepared and not cleared yet.
  std::size_t size() const { return burst_.size(); }

  // Checks length, alignment, lifetime and replay window.  With kOk the packet gets position
  // size() - 1 of the burst; other verdicts are final: kSpiReserved, kSpiUnknown (not this SA's),
  // kEspShort, kEspAlign, kReplayOld, kReplayDup, kSaExpired.  REQUIRES: size() < kBurstMax.
  EspVerdict prepare(InboundSa& sa, const EspInInput& packet);

  // Deciphers all prepared packets.  Nothing of them may be used before finish().
  void run();

  // Fetches what finish() of a later position will look at: both ends of its text.
  void prefetch(std::size_t position) const {
    const CipherSlot& slot = burst_[position];
    _mm_prefetch(slot.text, _MM_HINT_T0);
    _mm_prefetch(slot.text + slot.size - 1, _MM_HINT_T0);
  }

  // Checks the ICV, records the sequence number, then checks what was inside.  Call it once for
  // each position, from 0 on, after run().  Plaintext of a packet that is not authentic is wiped.
  EspInResult finish(std::size_t position);

  // Empties the burst.
  void clear() {
    burst_.clear();
    if (suspect_.sa != nullptr) [[unlikely]]
      resync();
  }

 private:
  // Room for the computed ICV of a packet and, right behind it, the received one.
  template <std::size_t kSize>
  using IcvPair = std::array<uint8_t, 2 * kSize>;

  // What finish() needs, one cache line.  Longer ICVs are elsewhere: they cost others nothing.
  struct alignas(64) Pending {
    alignas(16) IcvPair<kUsualIcvSize> icvs;
    InboundSa* sa;
    uint64_t sequence;
    uint8_t outer_traffic_class;
  };

  EspVerdict admit(InboundSa& sa, const EspInInput& packet);
  void stage(InboundSa& sa, const EspInInput& packet, uint32_t text_size, uint64_t sequence);
  uint8_t* icvs_of(std::size_t position, std::size_t icv_size) {
    if (icv_size == kUsualIcvSize) [[likely]]
      return pending_[position].icvs.data();
    return long_icvs_[position].data();
  }
  EspVerdict authenticate(std::size_t position);
  void keep_suspect(InboundSa& sa, const EspInInput& packet);
  void resync();

  CipherBurst burst_;
  alignas(64) std::array<Pending, kBurstMax> pending_;
  alignas(64) std::array<IcvPair<kIcvSizeMax>, kBurstMax> long_icvs_;
  uint64_t failed_ = 0;

  // A copy of a packet that will be tried with a higher half of its number, see esn_resync.h.
  static constexpr uint32_t kSuspectSizeMax = 9728;
  struct Suspect {
    alignas(64) uint8_t bytes[kSuspectSizeMax + 64];
    uint32_t size = 0;
    InboundSa* sa = nullptr;  // none
  };
  Suspect suspect_;
};

}  // namespace raven::dataplane
