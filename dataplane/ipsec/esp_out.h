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
#include "dataplane/ipsec/esp_wire.h"
#include "dataplane/ipsec/outbound_sa.h"

namespace raven::dataplane {

// Most bytes written in front of the inner packet: outer header, ESP header, IV.
inline constexpr uint32_t kEspHeadroomMax = kOuterHeaderSizeMax + kEspHeaderSize + kIvSizeMax;
// Most bytes written behind it: padding, pad length, next header, ICV.
inline constexpr uint32_t kEspTailroomMax = kBlockSizeMax - 1 + 2 + kIcvSizeMax;

// An inner IPv4 or IPv6 packet whose header was checked; nothing else shares these bytes.  Bytes
// behind what its header says are padding for the receiver (RFC 4303 section 2.7).  Anything that
// begins with neither version goes out as a dummy, next header 59 (section 2.6).
struct EspOutInput {
  uint8_t* data;      // the inner IP header
  uint32_t size;      // of the inner packet with such padding
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

  // Unique per worker within 2^16 packets (RFC 6864 section 4.3): workers step over each other.
  uint16_t next_identification() {
    identification_ += identification_step_;
    return static_cast<uint16_t>(identification_);
  }

 private:
  static EspOutResult refuse(EspVerdict verdict) { return {nullptr, 0, verdict}; }
  static EspOutResult refuse_spent(const OutboundSa& sa);
  void write_esp(OutboundSa& sa, uint64_t sequence, uint8_t* text, uint32_t text_size);
  void write_random_iv(CipherSlot& slot, uint64_t sequence);
  void checksum_later(const OuterHeader& outer, uint8_t* packet, uint32_t size);

  CipherBurst burst_;
  CipherLibrary& library_;
  uint32_t identification_;  // its low 16 bits
  const uint32_t identification_step_;

  // UDP over IPv6: checksums to be written when the text is ciphered.
  struct Checksum {
    const OuterHeader* header;
    uint8_t* packet;
    uint32_t size;
  };
  std::array<Checksum, kBurstMax> checksums_;
  std::size_t checksum_count_ = 0;
};

// ESP header and IV in front of the text, nonce and associated data into the burst.  A sequence
// number as IV is unique per key.
[[gnu::always_inline]] inline void EspOut::write_esp(
    OutboundSa& sa, uint64_t sequence, uint8_t* text, uint32_t text_size
) {
  CipherSlot& slot = burst_.next();
  slot.text = text;
  slot.tag = text + text_size;
  slot.key = sa.key_;
  slot.size = text_size;
  slot.algorithm = sa.algorithm_;
  slot.icv_size = sa.icv_size_;
  slot.aad_size = esp_wire::write_aad(slot.aad, sa.spi_wire_, sequence, sa.esn_);
  const uint64_t iv = host_to_big(sequence);
  esp_wire::store_16(text - sa.esp_header_size_, sa.spi_wire_ | (iv & 0xffffffff00000000u), iv);
  if (sa.iv_size_ == kCounterIvSize) [[likely]]
    esp_wire::write_nonce(slot.nonce, sa.salt_, iv);
  else
    write_random_iv(slot, sequence);
}

[[gnu::always_inline]] inline EspOutResult EspOut::prepare(
    OutboundSa& sa, const EspOutInput& packet
) {
  if (!sa.ready()) [[unlikely]]
    if (!sa.usable() || !sa.reserve_numbers()) return refuse_spent(sa);

  const OuterHeader& outer = sa.outer();
  const uint32_t block_mask = sa.block_size_ - 1u;
  const uint32_t text_size = (packet.size + esp_wire::kTrailerSize + block_mask) & ~block_mask;
  const uint32_t header_size = outer.size() + sa.esp_header_size_;
  const uint32_t total = header_size + text_size + sa.icv_size_;
  if (packet.headroom < header_size || total > UINT16_MAX ||
      packet.tailroom < text_size - packet.size + sa.icv_size_) [[unlikely]]
    return refuse(EspVerdict::kHeadroom);

  const uint64_t sequence = sa.sequence() + 1;
  sa.sequence_.store(sequence, std::memory_order_relaxed);
  sa.lifetime_.count(text_size);
  const bool v4 = packet.data[0] >> 4 == 4;
  esp_wire::write_trailer(
      packet.data + packet.size, text_size - packet.size - esp_wire::kTrailerSize,
      esp_wire::next_header_of(packet.data[0])
  );
  uint8_t* start = packet.data - header_size;
  outer.write(start, total, InnerFields::of(packet.data, v4), next_identification());
  write_esp(sa, sequence, packet.data, text_size);
  if (outer.needs_udp_checksum()) [[unlikely]]
    checksum_later(outer, start, total);
  burst_.commit();
  return {start, total, EspVerdict::kOk};
}

}  // namespace raven::dataplane
