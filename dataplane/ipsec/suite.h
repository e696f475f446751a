// Suite: one row per ESP algorithm, with everything that depends on it: names, IKE numbers, sizes.
// SPDX-License-Identifier: Apache-2.0
//
// A new algorithm of a known mode is one row here plus its vectors in the tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace raven::dataplane {

enum class Algorithm : uint8_t {
  kAes128Gcm,
  kAes256Gcm,
  kChacha20Poly1305,
  kAes128CbcSha256,
  kAes256CbcSha256,
};

// How the cipher is driven: what the code distinguishes, where the row alone is not enough.
enum class CipherMode : uint8_t { kGcm, kChachaPoly, kCbcHmac };

// Sizes in bytes.
struct Suite {
  std::string_view name;
  std::string_view rfc;
  Algorithm algorithm;
  CipherMode mode;
  uint16_t ike_encryption;  // enum raven_sa_encryption
  uint16_t ike_integrity;   // enum raven_sa_integrity
  uint8_t key_size;         // without the salt
  uint8_t salt_size;        // follows the key in keying material
  uint8_t integrity_key_size;
  uint8_t iv_size;     // on the wire, in front of the ciphertext
  uint8_t icv_size;    // on the wire, behind the ciphertext
  uint8_t block_size;  // the ciphertext is a multiple of it

  constexpr std::size_t keying_size() const { return std::size_t{key_size} + salt_size; }
};

inline constexpr uint32_t kEspHeaderSize = 8;  // SPI and sequence number
inline constexpr std::size_t kIcvSize = 16;    // of every suite
inline constexpr std::size_t kIvSizeMax = 16;
inline constexpr std::size_t kBlockSizeMax = 16;

std::span<const Suite> all_suites();
const Suite& suite_of(Algorithm algorithm);

// Null if there is no such suite.
const Suite* find_suite(std::string_view name);
// `keying_size`: bytes of encryption key with salt, as IKE hands them over.
const Suite* find_suite(uint16_t ike_encryption, uint16_t ike_integrity, std::size_t keying_size);

}  // namespace raven::dataplane
