// CipherKey: the expanded keys of one SA, as intel-ipsec-mb wants them; wiped when it is destroyed.
// SPDX-License-Identifier: Apache-2.0
//
// Read-only after create(), so workers may share it.  Shows the cipher library's types: include it
// from .cc files only.
#pragma once

#include <intel-ipsec-mb.h>

#include <cstdint>
#include <memory>

#include "common/base/result.h"
#include "common/base/secret.h"
#include "dataplane/ipsec/cipher_calls.h"
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
  static constexpr std::size_t kHashStateSize = IMB_SHA512_DIGEST_SIZE_IN_BYTES;  // the largest
  struct CbcHmac {
    alignas(16) uint8_t encrypt[kScheduleSize];
    alignas(16) uint8_t decrypt[kScheduleSize];
    alignas(16) uint8_t inner_hash[kHashStateSize];  // state after key ^ ipad
    alignas(16) uint8_t outer_hash[kHashStateSize];  // state after key ^ opad
    alignas(16) uint8_t iv_key[kScheduleSize];       // AES-128, random: makes IVs unpredictable
  };

  const gcm_key_data& gcm() const { return tables_.gcm; }
  const uint8_t* chacha() const { return tables_.chacha; }
  const CbcHmac& cbc_hmac() const { return tables_.cbc_hmac; }

 private:
  CipherKey() = default;
  Status expand(const GcmCalls& calls, IMB_MGR& manager, const Secret& key, const Secret&);
  Status expand(const ChachaPolyCalls&, IMB_MGR&, const Secret& key, const Secret&);
  Status expand(
      const CbcHmacCalls& calls, IMB_MGR& manager, const Secret& key, const Secret& integrity_key
  );

  union alignas(64) Tables {
    gcm_key_data gcm;
    uint8_t chacha[ChachaPolyCalls{}.key_size()];
    CbcHmac cbc_hmac;
  };
  Tables tables_ = {};
};

}  // namespace raven::dataplane
