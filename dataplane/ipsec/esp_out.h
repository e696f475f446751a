// EspOut: encrypts bursts of IP packets in tunnel mode (RFC 4303), in place.
// SPDX-License-Identifier: Apache-2.0
//
// Use: prepare() for each packet of a burst, run() once, then send.  Packets of different SAs and
// algorithms may be mixed.  No allocation, no lock, no system call.
// Threading: one per worker; every SA given to it must have that worker as owner.
#pragma once

#include <cstdint>

#include "dataplane/ipsec/cipher_burst.h"
#include "dataplane/ipsec/esp_verdict.h"
#include "dataplane/ipsec/outbound_sa.h"

namespace raven::dataplane {

// Most bytes written in front of the inner packet: outer header, ESP header, IV.
inline constexpr uint32_t kEspHeadroomMax = kOuterHeaderSizeMax + kEspHeaderSize + kIvSizeMax;
// Most bytes written behind it: padding, pad length, next header, ICV.
inline constexpr uint32_t kEspTailroomMax = kBlockSizeMax - 1 + 2 + kIcvSize;

// An inner IPv4 or IPv6 packet whose header was checked; nothing else shares these bytes.
struct EspOutInput {
  uint8_t* data;      // the inner IP header
  uint32_t size;      // of the inner packet, as its header says
  uint32_t headroom;  // writable bytes in front of data
  uint32_t tailroom;  // writable bytes behind data + size
};

struct EspOutResult {
  uint8_t* data;  // the outer IP header; null unless kOk
  uint32_t size;  // of the outer packet
  EspVerdict verdict;
};

class EspOut {
 public:
  // `worker` of `worker_count`: keeps the IPv4 identifications of workers apart.  `library` must
  // outlive this object and belong to the same worker.
  EspOut(CipherLibrary& library, WorkerId worker, uint16_t worker_count);

  // Packets prepared and not run yet.
  std::size_t size() const { return burst_.size(); }

  // Takes a sequence number and writes everything but ciphertext and ICV.  With kOk the packet gets
  // position size() - 1 of the burst; other verdicts leave bytes and SA as they were:
  // kSeqExhausted, kSaExpired, kHeadroom.  REQUIRES: size() < kBurstMax.
  EspOutResult prepare(OutboundSa& sa, const EspOutInput& packet);

  // Encrypts all prepared packets and empties the burst.  Bit i of the result: the packet at
  // position i failed and must be dropped (EspVerdict::kCipher).
  [[nodiscard]] uint64_t run();

 private:
  void write_esp(OutboundSa& sa, uint8_t* esp, uint8_t* text, uint32_t text_size);
  void write_random_iv(CipherSlot& slot, uint64_t sequence);
  void checksum_later(const OuterHeader& outer, uint8_t* packet, uint32_t size);
  uint16_t next_identification();

  CipherBurst burst_;
  CipherLibrary& library_;
  uint16_t identification_;
  const uint16_t identification_step_;

  // UDP over IPv6: checksums to be written when the text is ciphered.
  struct Checksum {
    const OuterHeader* header;
    uint8_t* packet;
    uint32_t size;
  };
  std::array<Checksum, kBurstMax> checksums_;
  std::size_t checksum_count_ = 0;
};

}  // namespace raven::dataplane
