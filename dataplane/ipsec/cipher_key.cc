// Key expansion.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/cipher_key.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace raven::dataplane {
namespace {

constexpr std::size_t kSha256Block = 64;
constexpr std::size_t kIvKeySize = 16;

// The SHA-256 state after one block of `key` ^ `pad` (RFC 2104 section 4).
void hash_padded_key(IMB_MGR* manager, const Secret& key, uint8_t pad, uint8_t* state) {
  alignas(64) std::array<uint8_t, kSha256Block> block{};
  const auto bytes = key.expose();
  std::copy(bytes.begin(), bytes.end(), block.begin());
  for (uint8_t& byte : block) byte ^= pad;
  IMB_SHA256_ONE_BLOCK(manager, block.data(), state);
  explicit_bzero(block.data(), block.size());
}

}  // namespace

Result<std::unique_ptr<const CipherKey>> CipherKey::create(
    const Suite& suite, const Secret& key, const Secret& integrity_key, const CipherLibrary& library
) {
  std::unique_ptr<CipherKey> result{new CipherKey};
  IMB_MGR* manager = library.manager();
  const uint8_t* bytes = key.expose().data();
  switch (suite.mode) {
    case CipherMode::kGcm:
      if (suite.key_size == 16)
        IMB_AES128_GCM_PRE(manager, bytes, &result->tables_.gcm);
      else
        IMB_AES256_GCM_PRE(manager, bytes, &result->tables_.gcm);
      break;
    case CipherMode::kChachaPoly:
      std::memcpy(result->tables_.chacha, bytes, sizeof(result->tables_.chacha));
      break;
    case CipherMode::kCbcHmac:
      RAVEN_TRY(result->expand_cbc_hmac(suite, key, integrity_key, manager));
      break;
  }
  return std::unique_ptr<const CipherKey>{std::move(result)};
}

CipherKey::~CipherKey() {
  explicit_bzero(reinterpret_cast<uint8_t*>(&tables_), sizeof(tables_));
}

Status CipherKey::expand_cbc_hmac(
    const Suite& suite, const Secret& key, const Secret& integrity_key, IMB_MGR* manager
) {
  CbcHmac& tables = tables_.cbc_hmac;
  if (suite.key_size == 16)
    IMB_AES_KEYEXP_128(manager, key.expose().data(), tables.encrypt, tables.decrypt);
  else
    IMB_AES_KEYEXP_256(manager, key.expose().data(), tables.encrypt, tables.decrypt);
  hash_padded_key(manager, integrity_key, 0x36, tables.inner_hash);
  hash_padded_key(manager, integrity_key, 0x5c, tables.outer_hash);

  Secret iv_key{kIvKeySize};
  const auto bytes = iv_key.expose_writable();
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return errno_error("random key for initialization vectors", errno);
  Secret unused{kScheduleSize};
  IMB_AES_KEYEXP_128(manager, bytes.data(), tables.iv_key, unused.expose_writable().data());
  return {};
}

}  // namespace raven::dataplane
