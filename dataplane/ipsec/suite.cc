// The table of ESP algorithms.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/suite.h"

#include "common/dpapi/sa_socket.h"

namespace raven::dataplane {
namespace {

// clang-format off
constexpr Suite kSuites[] = {
    // name, RFC, algorithm, mode,
    // IKE encryption and integrity, sizes of: key, salt, integrity key, IV, ICV, block
    {"aes-128-gcm", "RFC 4106",
     Algorithm::kAes128Gcm, CipherMode::kGcm,
     RAVEN_SA_ENCR_AES_GCM_16, RAVEN_SA_AUTH_NONE, 16, 4, 0, 8, 16, 4},
    {"aes-256-gcm", "RFC 4106",
     Algorithm::kAes256Gcm, CipherMode::kGcm,
     RAVEN_SA_ENCR_AES_GCM_16, RAVEN_SA_AUTH_NONE, 32, 4, 0, 8, 16, 4},
    {"chacha20-poly1305", "RFC 7634",
     Algorithm::kChacha20Poly1305, CipherMode::kChachaPoly,
     RAVEN_SA_ENCR_CHACHA20_POLY1305, RAVEN_SA_AUTH_NONE, 32, 4, 0, 8, 16, 4},
    {"aes-128-cbc-hmac-sha2-256-128", "RFC 3602, RFC 4868",
     Algorithm::kAes128CbcSha256, CipherMode::kCbcHmac,
     RAVEN_SA_ENCR_AES_CBC, RAVEN_SA_AUTH_HMAC_SHA2_256_128, 16, 0, 32, 16, 16, 16},
    {"aes-256-cbc-hmac-sha2-256-128", "RFC 3602, RFC 4868",
     Algorithm::kAes256CbcSha256, CipherMode::kCbcHmac,
     RAVEN_SA_ENCR_AES_CBC, RAVEN_SA_AUTH_HMAC_SHA2_256_128, 32, 0, 32, 16, 16, 16},
};
// clang-format on

// suite_of() indexes the table, and the packet path has fixed room for IV, block and ICV.
constexpr bool table_is_sound() {
  for (std::size_t i = 0; i < std::size(kSuites); ++i) {
    const Suite& row = kSuites[i];
    if (static_cast<std::size_t>(row.algorithm) != i) return false;
    if (row.iv_size > kIvSizeMax || row.block_size > kBlockSizeMax) return false;
    if (row.icv_size != kIcvSize) return false;
  }
  return true;
}
static_assert(table_is_sound());

}  // namespace

std::span<const Suite> all_suites() {
  return kSuites;
}

const Suite& suite_of(Algorithm algorithm) {
  return kSuites[static_cast<std::size_t>(algorithm)];
}

const Suite* find_suite(std::string_view name) {
  for (const Suite& row : kSuites)
    if (row.name == name) return &row;
  return nullptr;
}

const Suite* find_suite(uint16_t ike_encryption, uint16_t ike_integrity, std::size_t keying_size) {
  for (const Suite& row : kSuites)
    if (row.ike_encryption == ike_encryption && row.ike_integrity == ike_integrity &&
        row.keying_size() == keying_size)
      return &row;
  return nullptr;
}

}  // namespace raven::dataplane
