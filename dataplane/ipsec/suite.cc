// What the rest of the code relies on in each row, and finding a row.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/suite.h"

namespace raven::dataplane {
namespace {

constexpr bool is_aes_key(std::size_t size) {
  return size == 16 || size == 24 || size == 32;
}

constexpr bool fits_its_mode(const Suite& row) {
  switch (row.mode) {
    case CipherMode::kGcm:
      return is_aes_key(row.key_size) && row.salt_size == 4 && row.integrity_key_size == 0 &&
             row.iv_size == kCounterIvSize && row.icv_size == 16 && row.block_size == 4;
    case CipherMode::kChachaPoly:
      return row.key_size == 32 && row.salt_size == 4 && row.integrity_key_size == 0 &&
             row.iv_size == kCounterIvSize && row.icv_size == 16 && row.block_size == 4;
    case CipherMode::kCbcHmac:  // RFC 4868 section 2.1: half of the hash, as long as the key, is
                                // sent
      return is_aes_key(row.key_size) && row.salt_size == 0 && row.integrity_key_size != 0 &&
             row.iv_size == 16 && row.icv_size * 2 == row.integrity_key_size &&
             row.block_size == 16;
  }
  return false;
}
static_assert(std::ranges::all_of(kSuites, fits_its_mode));

static_assert(std::max(kKeyingSizeMax, kIntegrityKeySizeMax) <= RAVEN_SA_KEY_MAX);

// ICVs are kept and compared in words of 8 bytes, the first two without a look at their size.
static_assert(std::ranges::all_of(kSuites, [](const Suite& row) {
  return row.icv_size >= kUsualIcvSize && row.icv_size % sizeof(uint64_t) == 0;
}));

}  // namespace

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
