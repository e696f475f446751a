// Encryption: headers and trailers of a burst first, then the cipher.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/esp_out.h"

#include <bit>

#include "dataplane/ipsec/cipher_key.h"
#include "dataplane/ipsec/esp_wire.h"

namespace raven::dataplane {
namespace {

using namespace esp_wire;

constexpr uint32_t kTrailerSize = 2;  // pad length and next header
constexpr uint32_t kIpSizeMax = 65535;

// RFC 4303 section 2.4.
alignas(16) constexpr uint8_t kPadding[kBlockSizeMax] = {1, 2,  3,  4,  5,  6,  7,  8,
                                                         9, 10, 11, 12, 13, 14, 15, 16};

constexpr EspOutResult refuse(EspVerdict verdict) {
  return {nullptr, 0, verdict};
}

bool is_v4(const uint8_t* inner) {
  return inner[0] >> 4 == 4;
}

InnerFields inner_fields(const uint8_t* inner) {
  if (is_v4(inner)) return {inner[1], (inner[6] & 0x40) != 0};
  return {static_cast<uint8_t>(inner[0] << 4 | inner[1] >> 4), true};
}

// Padding goes out as one 16-byte word: what is too much of it lies where the ICV will be.
void write_trailer(uint8_t* end_of_inner, uint32_t pad, bool v4) {
  copy_16(end_of_inner, kPadding);
  end_of_inner[pad] = static_cast<uint8_t>(pad);
  end_of_inner[pad + 1] = v4 ? kNextHeaderIpv4 : kNextHeaderIpv6;
}

}  // namespace

EspOut::EspOut(CipherLibrary& library, WorkerId worker, uint16_t worker_count)
    : burst_{library, CipherBurst::Operation::kEncrypt},
      library_{library},
      identification_{worker.value()},
      identification_step_{std::bit_ceil(worker_count)} {}

// Unique per worker within 2^16 packets (RFC 6864 section 4.3): workers step over each other.
inline uint16_t EspOut::next_identification() {
  identification_ = static_cast<uint16_t>(identification_ + identification_step_);
  return identification_;
}

// ESP header and IV in front of the text, nonce and associated data into the burst.  The IV of
// AEAD suites is the 64-bit sequence number, which makes it unique per key.
inline void EspOut::write_esp(OutboundSa& sa, uint8_t* esp, uint8_t* text, uint32_t text_size) {
  const uint64_t sequence = sa.sequence() + 1;
  sa.sequence_.store(sequence, std::memory_order_relaxed);
  const uint64_t low = host_to_big(static_cast<uint32_t>(sequence));
  const uint64_t iv = host_to_big(sequence);
  store_16(esp, sa.spi_wire_ | low << 32, iv);

  CipherSlot& slot = burst_.next();
  slot.aad_size = write_aad(slot.aad, sa.spi_wire_, sequence, sa.esn_);
  slot.text = text;
  slot.tag = text + text_size;
  slot.key = sa.key_;
  slot.size = text_size;
  slot.algorithm = sa.algorithm_;
  if (sa.iv_size_ == sizeof(iv)) [[likely]]
    write_nonce(slot.nonce, sa.salt_, iv);
  else
    write_random_iv(slot, sequence);
}

// CBC wants IVs that cannot be predicted: the sequence number under a second, random key
// (SP 800-38A appendix C; with the key of the text itself a chosen plaintext could predict them).
void EspOut::write_random_iv(CipherSlot& slot, uint64_t sequence) {
  static constexpr uint8_t kZero[16] = {};
  alignas(16) uint8_t counter[16];
  store_16(counter, sequence, 0);
  IMB_AES128_CFB_ONE(
      library_.manager(), slot.nonce, kZero, counter, slot.key->cbc_hmac().iv_key, sizeof(kZero)
  );
  std::memcpy(slot.text - sizeof(slot.nonce), slot.nonce, sizeof(slot.nonce));
  const uint32_t high = host_to_big(static_cast<uint32_t>(sequence >> 32));
  std::memcpy(slot.tag, &high, sizeof(high));  // hashed with ESN, then overwritten by the ICV
}

inline void EspOut::checksum_later(const OuterHeader& outer, uint8_t* packet, uint32_t size) {
  if (!outer.needs_udp_checksum()) [[likely]]
    return;
  checksums_[checksum_count_++] = {&outer, packet, size};
}

EspOutResult EspOut::prepare(OutboundSa& sa, const EspOutInput& packet) {
  if (!sa.lifetime_.usable()) [[unlikely]]
    return refuse(EspVerdict::kSaExpired);
  if (sa.sequence_exhausted()) [[unlikely]]
    return refuse(EspVerdict::kSeqExhausted);

  const OuterHeader& outer = sa.outer();
  const uint32_t block_mask = sa.block_size_ - 1u;
  const uint32_t text_size = (packet.size + kTrailerSize + block_mask) & ~block_mask;
  const uint32_t header_size = outer.size() + kEspHeaderSize + sa.iv_size_;
  const uint32_t total = header_size + text_size + uint32_t{kIcvSize};
  if (packet.headroom < header_size || total > kIpSizeMax ||
      packet.tailroom < text_size - packet.size + kIcvSize) [[unlikely]]
    return refuse(EspVerdict::kHeadroom);

  write_trailer(
      packet.data + packet.size, text_size - packet.size - kTrailerSize, is_v4(packet.data)
  );
  uint8_t* start = packet.data - header_size;
  outer.write(start, total, inner_fields(packet.data), next_identification());
  write_esp(sa, start + outer.size(), packet.data, text_size);
  checksum_later(outer, start, total);
  burst_.commit();
  sa.lifetime_.count(text_size);
  return {start, total, EspVerdict::kOk};
}

uint64_t EspOut::run() {
  const uint64_t failed = burst_.run();
  for (std::size_t i = 0; i < checksum_count_; ++i)
    checksums_[i].header->write_udp_checksum(checksums_[i].packet, checksums_[i].size);
  checksum_count_ = 0;
  burst_.clear();
  return failed;
}

}  // namespace raven::dataplane
