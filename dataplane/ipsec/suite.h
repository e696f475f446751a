// Suite: one row per ESP algorithm, with everything that depends on it: names, IKE numbers, sizes.
// SPDX-License-Identifier: Apache-2.0
//
// The rows are in suites.def.  What they call of the cipher library is not here but in
// cipher_calls.h, so that this header can be included everywhere.  Threading: constants.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/dpapi/sa_socket.h"

namespace raven::dataplane {

enum class Algorithm : uint8_t {
#define SUITE(id, ...) id,
#include "dataplane/ipsec/suites.def"
#undef SUITE
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

// All of them, by Algorithm.
inline constexpr Suite kSuites[] = {
#define SUITE(                                                                                  \
    id, name, rfc, encryption, integrity, key, salt, integrity_key, iv, icv, block, mode, ...   \
)                                                                                               \
  {name, rfc, Algorithm::id, CipherMode::mode, encryption, integrity, key, salt, integrity_key, \
   iv,   icv, block},
#include "dataplane/ipsec/suites.def"
#undef SUITE
};

constexpr const Suite& suite_of(Algorithm algorithm) {
  return kSuites[static_cast<std::size_t>(algorithm)];
}

constexpr std::size_t largest_of_suites(uint8_t Suite::*size) {
  return std::ranges::max(kSuites, {}, size).*size;
}

inline constexpr uint32_t kEspHeaderSize = 8;  // SPI and sequence number
inline constexpr std::size_t kKeyingSizeMax =
    std::ranges::max(kSuites, {}, &Suite::keying_size).keying_size();
inline constexpr std::size_t kIntegrityKeySizeMax = largest_of_suites(&Suite::integrity_key_size);
inline constexpr std::size_t kIvSizeMax = largest_of_suites(&Suite::iv_size);
inline constexpr std::size_t kIcvSizeMax = largest_of_suites(&Suite::icv_size);
inline constexpr std::size_t kBlockSizeMax = largest_of_suites(&Suite::block_size);
// An IV of this size is the sequence number, and the nonce is salt | IV.  A longer one is random,
// and is the nonce.
inline constexpr std::size_t kCounterIvSize = 8;
// No ICV is shorter, and the packet path expects this one.
inline constexpr std::size_t kUsualIcvSize = 16;

// Null if there is no such suite.
const Suite* find_suite(std::string_view name);
// `keying_size`: bytes of encryption key with salt, as IKE hands them over.
const Suite* find_suite(uint16_t ike_encryption, uint16_t ike_integrity, std::size_t keying_size);

}  // namespace raven::dataplane
