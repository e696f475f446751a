// CipherBurst: the cipher stage.  Packets are described first, all of them, then ciphered in one
// loop.
// SPDX-License-Identifier: Apache-2.0
//
// Why two steps: the cipher starts with vector loads of nonce and associated data.  If those bytes
// were just written by narrower stores, the load waits for the store buffer, about 50 cycles per
// packet.  A burst later they are in the cache.
// Threading: one worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "dataplane/ipsec/cipher_library.h"
#include "dataplane/ipsec/suite.h"

struct IMB_JOB;
struct gcm_context_data;
struct gcm_key_data;

namespace raven::dataplane {

class CipherKey;

inline constexpr std::size_t kBurstMax = 64;  // packets

// One packet to cipher, exactly one cache line.
struct alignas(64) CipherSlot {
  alignas(16) uint8_t nonce[16];  // AEAD: salt | IV | 0; CBC: the IV
  alignas(16) uint8_t aad[16];    // AEAD: SPI | sequence (8 bytes), with ESN SPI | high | low (12)
  uint8_t* text;                  // in place
  uint8_t* tag;                   // CBC-HMAC with ESN: 4 more bytes follow the text
  const CipherKey* key;
  uint32_t size;  // of the text
  Algorithm algorithm;
  uint8_t aad_size;
  uint8_t icv_size;  // of the tag
};
static_assert(sizeof(CipherSlot) == 64);

class CipherBurst {
 public:
  enum class Operation : uint8_t { kEncrypt, kDecrypt };

  // `library` must outlive this object.
  CipherBurst(CipherLibrary& library, Operation operation);

  std::size_t size() const { return size_; }
  bool full() const { return size_ == kBurstMax; }

  // The next free slot; it counts only after commit().  REQUIRES: !full().
  CipherSlot& next() { return slots_[size_]; }
  void commit() { ++size_; }
  const CipherSlot& operator[](std::size_t index) const { return slots_[index]; }

  // Ciphers all packets.  Bit i of the result: packet i failed and must not be used (does not
  // happen with lengths that prepare() let through).  The slots stay readable until clear().
  [[nodiscard]] uint64_t run();
  void clear() { size_ = 0; }

 private:
  void run_jobs(std::size_t count);
  void submit(const CipherSlot& slot, std::size_t index);
  void complete(const IMB_JOB* job);
  void flush();

  alignas(64) std::array<CipherSlot, kBurstMax> slots_;
  std::size_t size_ = 0;
  CipherLibrary& library_;
  const Operation operation_;
  // The library's direct calls: key, context, out, in, size, nonce, AAD, its size, tag, its size.
  using DirectCall = void (*)(
      const gcm_key_data*, gcm_context_data*, uint8_t*, const uint8_t*, uint64_t, const uint8_t*,
      const uint8_t*, uint64_t, uint8_t*, uint64_t
  );
  std::array<DirectCall, std::size(kSuites)> direct_calls_{};  // by Algorithm; null: a job
  std::array<uint8_t, kBurstMax> jobs_;  // those of the burst that are no direct calls
  uint64_t pending_ = 0;                 // bit i: job of packet i is in the library
};

}  // namespace raven::dataplane
