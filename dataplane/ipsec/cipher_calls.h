// CipherCalls: what a suite calls of intel-ipsec-mb, from its row in suites.def.
// SPDX-License-Identifier: Apache-2.0
//
// Calls are members of the library's manager, which has put there what suits this CPU.  Shows the
// cipher library's types: include it from .cc files only.  Threading: constants.
#pragma once

#include <intel-ipsec-mb.h>

#include <cstddef>
#include <variant>

#include "dataplane/ipsec/suite.h"

namespace raven::dataplane {

template <CipherMode>
struct CallsOf;

// Direct calls, one packet each.
template <>
struct CallsOf<CipherMode::kGcm> {
  aes_gcm_pre_t IMB_MGR::*expand;
  aes_gcm_enc_dec_t IMB_MGR::*encrypt;
  aes_gcm_enc_dec_t IMB_MGR::*decrypt;

  constexpr std::size_t key_size() const {
    return expand == &IMB_MGR::gcm128_pre ? 16 : expand == &IMB_MGR::gcm192_pre ? 24 : 32;
  }
};

// Jobs, with the key as it is.
template <>
struct CallsOf<CipherMode::kChachaPoly> {
  IMB_CIPHER_MODE cipher;
  IMB_HASH_ALG authentication;

  constexpr std::size_t key_size() const { return 32; }
};

// Jobs.
template <>
struct CallsOf<CipherMode::kCbcHmac> {
  keyexp_t IMB_MGR::*expand;
  IMB_HASH_ALG hmac;
  hash_one_block_t IMB_MGR::*hash_one_block;
  std::size_t hash_block_size;

  constexpr std::size_t key_size() const {
    return expand == &IMB_MGR::keyexp_128 ? 16 : expand == &IMB_MGR::keyexp_192 ? 24 : 32;
  }
};

using GcmCalls = CallsOf<CipherMode::kGcm>;
using ChachaPolyCalls = CallsOf<CipherMode::kChachaPoly>;
using CbcHmacCalls = CallsOf<CipherMode::kCbcHmac>;
using CipherCalls = std::variant<GcmCalls, ChachaPolyCalls, CbcHmacCalls>;

// By Algorithm.
inline constexpr CipherCalls kCipherCalls[] = {
#define SUITE(                                                                                \
    id, name, rfc, encryption, integrity, key, salt, integrity_key, iv, icv, block, mode, ... \
)                                                                                             \
  CallsOf<CipherMode::mode>{__VA_ARGS__},
#include "dataplane/ipsec/suites.def"
#undef SUITE
};

constexpr const CipherCalls& calls_of(Algorithm algorithm) {
  return kCipherCalls[static_cast<std::size_t>(algorithm)];
}

}  // namespace raven::dataplane
