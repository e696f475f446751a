// Encryption: headers and trailers of a burst first, then the cipher.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/esp_out.h"

#include <bit>

#include "dataplane/ipsec/cipher_key.h"
#include "dataplane/ipsec/esp_wire.h"

namespace raven::dataplane {

using namespace esp_wire;

EspOut::EspOut(CipherLibrary& library, WorkerId worker, uint16_t worker_count)
    : burst_{library, CipherBurst::Operation::kEncrypt},
      library_{library},
      identification_{worker.value()},
      identification_step_{std::bit_ceil(worker_count)} {}

// Out of numbers, or of time.
EspOutResult EspOut::refuse_spent(const OutboundSa& sa) {
  return refuse(sa.lifetime_.usable() ? EspVerdict::kSeqExhausted : EspVerdict::kSaExpired);
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

void EspOut::checksum_later(const OuterHeader& outer, uint8_t* packet, uint32_t size) {
  checksums_[checksum_count_++] = {&outer, packet, size};
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
