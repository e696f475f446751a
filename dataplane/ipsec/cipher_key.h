// CipherKey: the expanded keys of one SA, as intel-ipsec-mb wants them; wiped when it goes.
// SPDX-License-Identifier: Apache-2.0
//
// Read-only after create(), so workers may share it.  The only header that shows the cipher
// library's types: include it from .cc files only.
#pragma once

#include <intel-ipsec-mb.h>

#include <cstdint>
#include <memory>

#include "common/base/result.h"
#include "common/base/secret.h"
#include "dataplane/ipsec/cipher_library.h"
#include "dataplane/ipsec/suite.h"

namespace raven::dataplane {

// The library reads key tables with aligned vector loads; its header does not align the type.
class alignas(64) CipherKey {
 public:
  // `key` holds the salt behind the key, as IKE derives it.
  static Result<std::unique_ptr<const CipherKey>> create(
      const Suite& suite, const Secret& key, const Secret& integrity_key,
      const CipherLibrary& library
  );
  ~CipherKey();
  CipherKey(const CipherKey&) = delete;
  CipherKey& operator=(const CipherKey&) = delete;

  static constexpr std::size_t kScheduleSize = std::size_t{15} * 16;  // AES-256: 15 round keys
  struct CbcHmac {
    alignas(16) uint8_t encrypt[kScheduleSize];
    alignas(16) uint8_t decrypt[kScheduleSize];
    alignas(16) uint8_t inner_hash[32];         // SHA-256 state after key ^ ipad
    alignas(16) uint8_t outer_hash[32];         // SHA-256 state after key ^ opad
    alignas(16) uint8_t iv_key[kScheduleSize];  // AES-128, random: makes IVs unpredictable
  };

  const gcm_key_data& gcm() const { return tables_.gcm; }
  const uint8_t* chacha() const { return tables_.chacha; }
  const CbcHmac& cbc_hmac() const { return tables_.cbc_hmac; }

 private:
  CipherKey() = default;
  Status expand_cbc_hmac(
      const Suite& suite, const Secret& key, const Secret& integrity_key, IMB_MGR* manager
  );

  union alignas(64) Tables {
    gcm_key_data gcm;
    uint8_t chacha[32];
    CbcHmac cbc_hmac;
  };
  Tables tables_ = {};
};

}  // namespace raven::dataplane
