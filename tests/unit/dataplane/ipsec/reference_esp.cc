// RFC 4303 over OpenSSL.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dataplane/ipsec/reference_esp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>
#include <memory>

namespace raven::dataplane::test {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

void must(int openssl_result) {
  if (openssl_result != 1) std::abort();
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Bytes big_endian(uint64_t value, int size) {
  Bytes bytes;
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<uint8_t>(value >> shift));
  return bytes;
}

int int_size(const Bytes& bytes) {
  return static_cast<int>(bytes.size());
}

bool is_cbc(const ReferenceSa& sa) {
  return sa.cipher == ReferenceCipher::kAesCbcHmacSha2;
}

const EVP_CIPHER* evp_cipher(const ReferenceSa& sa) {
  if (sa.cipher == ReferenceCipher::kChaCha20Poly1305) return EVP_chacha20_poly1305();
  switch (sa.key.size()) {
    case 16:
      return is_cbc(sa) ? EVP_aes_128_cbc() : EVP_aes_128_gcm();
    case 24:
      return is_cbc(sa) ? EVP_aes_192_cbc() : EVP_aes_192_gcm();
    default:
      return is_cbc(sa) ? EVP_aes_256_cbc() : EVP_aes_256_gcm();
  }
}

const EVP_MD* evp_hash(const ReferenceSa& sa) {
  return sa.integrity_key.size() == 32 ? EVP_sha256() : EVP_sha512();
}

Bytes associated_data(const ReferenceSa& sa, uint64_t sequence) {
  return big_endian(sa.spi, 4) + big_endian(sequence, sa.esn ? 8 : 4);
}

Bytes hmac_sha2(const ReferenceSa& sa, uint64_t sequence, const Bytes& esp) {
  const Bytes message = sa.esn ? esp + big_endian(sequence >> 32, 4) : esp;
  Bytes digest(sa.integrity_key.size());
  unsigned size = 0;
  HMAC(
      evp_hash(sa), sa.integrity_key.data(), int_size(sa.integrity_key), message.data(),
      message.size(), digest.data(), &size
  );
  digest.resize(reference_icv_size(sa));
  return digest;
}

// AEAD: text -> ciphertext and tag, or ciphertext and tag -> text.
std::optional<Bytes> aead(
    const ReferenceSa& sa, uint64_t sequence, const Bytes& iv, const Bytes& in, Bytes& tag,
    bool encrypt
) {
  const Context context{EVP_CIPHER_CTX_new()};
  const Bytes nonce = sa.salt + iv;
  const Bytes aad = associated_data(sa, sequence);
  Bytes out(in.size());
  int size = 0;
  must(EVP_CipherInit_ex(
      context.get(), evp_cipher(sa), nullptr, sa.key.data(), nonce.data(), encrypt
  ));
  must(EVP_CipherUpdate(context.get(), nullptr, &size, aad.data(), int_size(aad)));
  must(EVP_CipherUpdate(context.get(), out.data(), &size, in.data(), int_size(in)));
  const int tag_size = int_size(tag);
  if (!encrypt)
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()));
  if (EVP_CipherFinal_ex(context.get(), nullptr, &size) != 1) return std::nullopt;
  if (encrypt)
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, tag.data()));
  return out;
}

Bytes cbc(const ReferenceSa& sa, const Bytes& iv, const Bytes& in, bool encrypt) {
  const Context context{EVP_CIPHER_CTX_new()};
  Bytes out(in.size());
  int size = 0;
  must(EVP_CipherInit_ex(context.get(), evp_cipher(sa), nullptr, sa.key.data(), iv.data(), encrypt)
  );
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  must(EVP_CipherUpdate(context.get(), out.data(), &size, in.data(), int_size(in)));
  return out;
}

}  // namespace

std::size_t reference_iv_size(const ReferenceSa& sa) {
  return is_cbc(sa) ? 16 : 8;
}

std::size_t reference_icv_size(const ReferenceSa& sa) {
  return is_cbc(sa) ? sa.integrity_key.size() / 2 : 16;
}

Bytes reference_seal(const ReferenceSa& sa, uint64_t sequence, const Bytes& iv, const Bytes& text) {
  const Bytes header = big_endian(sa.spi, 4) + big_endian(sequence & UINT32_MAX, 4) + iv;
  if (is_cbc(sa)) {
    const Bytes esp = header + cbc(sa, iv, text, true);
    return esp + hmac_sha2(sa, sequence, esp);
  }
  Bytes tag(reference_icv_size(sa));
  const auto ciphertext = aead(sa, sequence, iv, text, tag, true);
  return header + ciphertext.value() + tag;
}

std::optional<Bytes> reference_open(const ReferenceSa& sa, uint64_t sequence, const Bytes& esp) {
  const auto text = esp.begin() + 8 + static_cast<std::ptrdiff_t>(reference_iv_size(sa));
  const auto icv = esp.end() - static_cast<std::ptrdiff_t>(reference_icv_size(sa));
  const Bytes iv(esp.begin() + 8, text);
  const Bytes ciphertext(text, icv);
  Bytes tag(icv, esp.end());
  if (!is_cbc(sa)) return aead(sa, sequence, iv, ciphertext, tag, false);
  if (hmac_sha2(sa, sequence, Bytes(esp.begin(), icv)) != tag) return std::nullopt;
  return cbc(sa, iv, ciphertext, false);
}

Bytes with_trailer(Bytes inner, uint8_t next_header, std::size_t block) {
  uint8_t pad = 0;
  while ((inner.size() + 2) % block != 0) inner.push_back(++pad);
  inner.push_back(pad);
  inner.push_back(next_header);
  return inner;
}

}  // namespace raven::dataplane::test
