// The oracle: ESP of RFC 4303 over OpenSSL, written for clearness, sharing nothing with the
// dataplane.  It seals any plaintext, so it also makes packets that no correct sender would.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "tests/unit/dataplane/ipsec/bytes.h"

namespace raven::dataplane::test {

enum class ReferenceCipher { kAesGcm, kChaCha20Poly1305, kAesCbcHmacSha2 };

struct ReferenceSa {
  ReferenceCipher cipher = ReferenceCipher::kAesGcm;
  Bytes key;            // 16, 24 or 32 bytes
  Bytes salt;           // 4 bytes, empty for CBC
  Bytes integrity_key;  // CBC only: as long as the hash is (RFC 4868 section 2.1.1)
  uint32_t spi = 0;
  bool esn = false;
};

std::size_t reference_iv_size(const ReferenceSa& sa);
std::size_t reference_icv_size(const ReferenceSa& sa);

// SPI to ICV.  `text` is the plaintext with its trailer, `iv` 8 bytes (CBC: 16).
Bytes reference_seal(const ReferenceSa& sa, uint64_t sequence, const Bytes& iv, const Bytes& text);

// The plaintext with its trailer; nothing if the ICV is wrong.  `sequence` is the full number.
std::optional<Bytes> reference_open(const ReferenceSa& sa, uint64_t sequence, const Bytes& esp);

// `inner` with padding 1, 2, 3... to `block`, pad length and next header.
Bytes with_trailer(Bytes inner, uint8_t next_header, std::size_t block);

}  // namespace raven::dataplane::test
