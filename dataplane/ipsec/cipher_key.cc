// Key expansion.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/cipher_key.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <variant>

namespace raven::dataplane {
namespace {

constexpr std::size_t kIvKeySize = 16;

// An expander reads as many bytes as its name says, whatever the row says.
constexpr bool calls_read_the_key(const Suite& row) {
  const auto key_size = [](const auto& calls) { return calls.key_size(); };
  return std::visit(key_size, calls_of(row.algorithm)) == row.key_size;
}
static_assert(std::ranges::all_of(kSuites, calls_read_the_key));

// A longer key would have to be hashed first (RFC 2104 section 2).
constexpr bool key_fits_the_hash(const Suite& row) {
  const auto fits = [&row](const auto& calls) {
    if constexpr (requires { calls.hash_block_size; })
      return row.integrity_key_size <= calls.hash_block_size;
    else
      return row.integrity_key_size == 0;
  };
  return std::visit(fits, calls_of(row.algorithm));
}
static_assert(std::ranges::all_of(kSuites, key_fits_the_hash));

// The state of the hash after one block of `key` ^ `pad` (RFC 2104 section 4).
void hash_padded_key(
    const CbcHmacCalls& calls, const IMB_MGR& manager, const Secret& key, uint8_t pad,
    uint8_t* state
) {
  Secret block{calls.hash_block_size};
  const auto bytes = block.expose_writable();
  std::ranges::copy(key.expose(), bytes.begin());
  for (uint8_t& byte : bytes) byte ^= pad;
  (manager.*calls.hash_one_block)(bytes.data(), state);
}

}  // namespace

Result<std::unique_ptr<const CipherKey>> CipherKey::create(
    const Suite& suite, const Secret& key, const Secret& integrity_key, const CipherLibrary& library
) {
  std::unique_ptr<CipherKey> result{new CipherKey};
  const auto expand = [&](const auto& calls) {
    return result->expand(calls, *library.manager(), key, integrity_key);
  };
  RAVEN_TRY(std::visit(expand, calls_of(suite.algorithm)));
  return std::unique_ptr<const CipherKey>{std::move(result)};
}

CipherKey::~CipherKey() {
  explicit_bzero(reinterpret_cast<uint8_t*>(&tables_), sizeof(tables_));
}

Status
CipherKey::expand(const GcmCalls& calls, IMB_MGR& manager, const Secret& key, const Secret&) {
  (manager.*calls.expand)(key.expose().data(), &tables_.gcm);
  return {};
}

Status CipherKey::expand(const ChachaPolyCalls&, IMB_MGR&, const Secret& key, const Secret&) {
  std::memcpy(tables_.chacha, key.expose().data(), sizeof(tables_.chacha));
  return {};
}

Status CipherKey::expand(
    const CbcHmacCalls& calls, IMB_MGR& manager, const Secret& key, const Secret& integrity_key
) {
  CbcHmac& tables = tables_.cbc_hmac;
  (manager.*calls.expand)(key.expose().data(), tables.encrypt, tables.decrypt);
  hash_padded_key(calls, manager, integrity_key, 0x36, tables.inner_hash);
  hash_padded_key(calls, manager, integrity_key, 0x5c, tables.outer_hash);

  Secret iv_key{kIvKeySize};
  const auto bytes = iv_key.expose_writable();
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return errno_error("random key for initialization vectors", errno);
  Secret unused{kScheduleSize};
  IMB_AES_KEYEXP_128(&manager, bytes.data(), tables.iv_key, unused.expose_writable().data());
  return {};
}

}  // namespace raven::dataplane
