// The vectors of NIST's CAVP, OpenSSL, BoringSSL, RFC 4231 and RFC 4868, read when the test runs.
// SPDX-License-Identifier: Apache-2.0
//
// They go through the cipher stage of the packet path.  What it cannot carry (associated data of
// more than 16 bytes) goes through the same call of the library with the same expanded keys; what
// no ESP suite has (other IV sizes) is left out.  A shorter tag is the start of the whole one.
#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/ipsec/cipher_calls.h"
#include "dataplane/ipsec/cipher_key.h"
#include "tests/unit/dataplane/ipsec/esp_pair.h"
#include "tests/unit/dataplane/ipsec/response_file.h"

namespace raven::dataplane::test {
namespace {

using Operation = CipherBurst::Operation;

struct AeadCase {
  Algorithm algorithm;
  Bytes key, nonce, aad, text, ciphertext, tag;
  bool valid;
};

struct Ciphered {
  Bytes out, tag;
};

class PublishedVectors : public testing::Test {
 protected:
  std::unique_ptr<const CipherKey> key_of(
      Algorithm algorithm, const Bytes& key, const Bytes& integrity_key = {}
  ) {
    const Suite& suite = suite_of(algorithm);
    Bytes keying = key;
    keying.resize(suite.keying_size());  // the salt is not the key's business
    auto result =
        CipherKey::create(suite, Secret{keying}, Secret{integrity_key}, worker_.library());
    EXPECT_TRUE(result.ok());
    return std::move(result).value();
  }

  Ciphered cipher(const AeadCase& row, Operation operation);
  void cipher_directly(
      const AeadCase& row, Operation operation, const CipherKey& key, Room& room, Bytes& tag
  );
  void check(const AeadCase& row);
  void check_gcm(const std::string& file, std::size_t cases_expected);
  void check_cbc(Algorithm algorithm, const std::string& file);
  Bytes hmac(Algorithm algorithm, const Bytes& key, const Bytes& message);
  void check_rfc4231(Algorithm algorithm, const std::string& file);
  void check_rfc4868(Algorithm algorithm, const char* const (&tags)[4]);

  Worker worker_;
};

// What CipherBurst does, with associated data of any size.
void PublishedVectors::cipher_directly(
    const AeadCase& row, Operation operation, const CipherKey& key, Room& room, Bytes& tag
) {
  IMB_MGR* manager = worker_.library().manager();
  const bool encrypt = operation == Operation::kEncrypt;
  if (suite_of(row.algorithm).mode == CipherMode::kGcm) {
    const auto& calls = std::get<GcmCalls>(calls_of(row.algorithm));
    gcm_context_data context;
    (manager->*(encrypt ? calls.encrypt : calls.decrypt)
    )(&key.gcm(), &context, room.data(), room.data(), room.size(), row.nonce.data(), row.aad.data(),
      row.aad.size(), tag.data(), tag.size());
    return;
  }
  IMB_JOB* job = IMB_GET_NEXT_JOB(manager);
  job->cipher_direction = encrypt ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
  job->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
  job->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
  job->chain_order = encrypt ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
  job->enc_keys = job->dec_keys = key.chacha();
  job->key_len_in_bytes = 32;
  job->iv = row.nonce.data();
  job->iv_len_in_bytes = 12;
  job->src = job->dst = room.data();
  job->cipher_start_src_offset_in_bytes = job->hash_start_src_offset_in_bytes = 0;
  job->msg_len_to_cipher_in_bytes = job->msg_len_to_hash_in_bytes = room.size();
  job->auth_tag_output = tag.data();
  job->auth_tag_output_len_in_bytes = tag.size();
  job->u.CHACHA20_POLY1305.aad = row.aad.data();
  job->u.CHACHA20_POLY1305.aad_len_in_bytes = row.aad.size();
  const IMB_JOB* done = IMB_SUBMIT_JOB_NOCHECK(manager);
  if (done == nullptr) done = IMB_FLUSH_JOB(manager);
  ASSERT_TRUE(done != nullptr && done->status == IMB_STATUS_COMPLETED);
}

Ciphered PublishedVectors::cipher(const AeadCase& row, Operation operation) {
  const auto key = key_of(row.algorithm, row.key);
  Room room{operation == Operation::kEncrypt ? row.text : row.ciphertext};
  Bytes tag(suite_of(row.algorithm).icv_size);
  if (row.aad.size() > sizeof(CipherSlot::aad)) {
    cipher_directly(row, operation, *key, room, tag);
  } else {
    CipherBurst burst{worker_.library(), operation};
    CipherSlot& slot = burst.next();
    std::fill(std::begin(slot.nonce), std::end(slot.nonce), uint8_t{0});
    std::copy(row.nonce.begin(), row.nonce.end(), slot.nonce);
    std::copy(row.aad.begin(), row.aad.end(), slot.aad);
    slot.aad_size = static_cast<uint8_t>(row.aad.size());
    slot.text = room.data();
    slot.tag = tag.data();
    slot.key = key.get();
    slot.size = room.size();
    slot.algorithm = row.algorithm;
    slot.icv_size = static_cast<uint8_t>(tag.size());
    burst.commit();
    EXPECT_EQ(burst.run(), 0u);
  }
  return {Bytes(room.data(), room.data() + room.size()), tag};
}

bool starts_with(const Bytes& whole, const Bytes& start) {
  return start.size() <= whole.size() && std::equal(start.begin(), start.end(), whole.begin());
}

// The plaintext of a case that must fail may be unknown: then only the tag is looked at.
void PublishedVectors::check(const AeadCase& row) {
  const Ciphered opened = cipher(row, Operation::kDecrypt);
  ASSERT_EQ(starts_with(opened.tag, row.tag), row.valid);
  if (!row.valid) return;
  ASSERT_EQ(to_hex(opened.out), to_hex(row.text));
  const Ciphered sealed = cipher(row, Operation::kEncrypt);
  ASSERT_EQ(to_hex(sealed.out), to_hex(row.ciphertext));
  ASSERT_TRUE(starts_with(sealed.tag, row.tag));
}

// The suite of this mode whose key has so many bits.
Algorithm algorithm_of(CipherMode mode, std::size_t key_bits) {
  for (const Suite& suite : kSuites)
    if (suite.mode == mode && suite.key_size * 8u == key_bits) return suite.algorithm;
  ADD_FAILURE() << "no suite has a key of " << key_bits << " bits";
  return {};
}

void PublishedVectors::check_gcm(const std::string& file, std::size_t cases_expected) {
  std::size_t cases = 0;
  for (const ResponseCase& row : response_file("ciphers/AES/GCM/" + file)) {
    if (row.number("IVlen") != 96) continue;
    ++cases;
    SCOPED_TRACE(file + " key " + to_hex(row.bytes("Key")));
    check(
        {algorithm_of(CipherMode::kGcm, row.number("Keylen")), row.bytes("Key"), row.bytes("IV"),
         row.bytes("AAD"), row.bytes("PT"), row.bytes("CT"), row.bytes("Tag"), !row.has("FAIL")}
    );
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(cases, cases_expected);
}

// Rule 39: holds, Rule 39: refuses
TEST_F(PublishedVectors, NistGcmDecrypt128) {
  check_gcm("gcmDecrypt128.rsp", 2625);
}
// Rule 39: holds, Rule 39: refuses
TEST_F(PublishedVectors, NistGcmDecrypt192) {
  check_gcm("gcmDecrypt192.rsp", 2625);
}
// Rule 39: holds, Rule 39: refuses
TEST_F(PublishedVectors, NistGcmDecrypt256) {
  check_gcm("gcmDecrypt256.rsp", 2625);
}
TEST_F(PublishedVectors, NistGcmEncrypt128) {
  check_gcm("gcmEncryptExtIV128.rsp", 2625);
}
TEST_F(PublishedVectors, NistGcmEncrypt192) {
  check_gcm("gcmEncryptExtIV192.rsp", 2625);
}
TEST_F(PublishedVectors, NistGcmEncrypt256) {
  check_gcm("gcmEncryptExtIV256.rsp", 2625);
}

TEST_F(PublishedVectors, BoringSslChaCha20Poly1305) {
  const auto rows = response_file("ciphers/ChaCha20Poly1305/boringssl.txt");
  EXPECT_EQ(rows.size(), 66u);
  for (const ResponseCase& row : rows) {
    SCOPED_TRACE(row.number("COUNT"));
    check(
        {Algorithm::kChacha20Poly1305, row.bytes("KEY"), row.bytes("NONCE"), row.bytes("AD"),
         row.bytes("IN"), row.bytes("CT"), row.bytes("TAG"), true}
    );
  }
}

std::vector<AeadCase> openssl_chacha() {
  std::vector<AeadCase> cases;
  for (const ResponseCase& row : response_file("ciphers/ChaCha20Poly1305/openssl.txt"))
    cases.push_back(
        {Algorithm::kChacha20Poly1305, row.bytes("Key"), row.bytes("IV"), row.bytes("AAD"),
         row.bytes("Plaintext"), row.bytes("Ciphertext"), row.bytes("Tag"), !row.has("Result")}
    );
  return cases;
}

// Rule 41: holds, Rule 41: refuses
TEST_F(PublishedVectors, OpenSslChaCha20Poly1305) {
  const auto cases = openssl_chacha();
  EXPECT_EQ(cases.size(), 5u);
  for (const AeadCase& row : cases) check(row);
}

// Their associated data is that of ESN, so they are ESP packets, if of no IP packet.
TEST_F(PublishedVectors, OpenSslChaCha20Poly1305AsEsp) {
  unsigned opened = 0;
  for (const AeadCase& row : openssl_chacha()) {
    if (row.ciphertext.size() % 4 != 0) continue;
    const auto word = [&row](std::size_t at) {
      return uint64_t{row.aad[at]} << 24 | uint64_t{row.aad[at + 1]} << 16 |
             uint64_t{row.aad[at + 2]} << 8 | row.aad[at + 3];
    };
    const uint64_t sequence = word(4) << 32 | word(8);
    Bytes keying = row.key;
    keying.insert(keying.end(), row.nonce.begin(), row.nonce.begin() + 4);
    SaConfig config = sa_config(Direction::kInbound, row.algorithm);
    config.spi = Spi{static_cast<uint32_t>(word(0))};
    config.key = Secret{keying};
    config.esn = true;
    config.last_sequence = sequence - 1;
    Bytes esp(row.aad.begin(), row.aad.begin() + 4);
    for (const Bytes& part :
         {Bytes(row.aad.begin() + 8, row.aad.end()), Bytes(row.nonce.begin() + 4, row.nonce.end()),
          row.ciphertext, row.tag})
      esp.insert(esp.end(), part.begin(), part.end());
    const auto sa = worker_.inbound(config);
    EXPECT_NE(worker_.open(*sa, esp).verdict, EspVerdict::kIcv);
    EXPECT_EQ(sa->highest_sequence(), sequence) << "authentic, so the window moves";
    ++opened;
  }
  EXPECT_EQ(opened, 3u);
}

void PublishedVectors::check_cbc(Algorithm algorithm, const std::string& file) {
  const auto rows = response_file("ciphers/AES/CBC/" + file);
  EXPECT_GE(rows.size(), 10u) << file;
  for (const ResponseCase& row : rows) {
    SCOPED_TRACE(file + " key " + to_hex(row.bytes("KEY")));
    const Suite& suite = suite_of(algorithm);
    const auto key = key_of(algorithm, row.bytes("KEY"), Bytes(suite.integrity_key_size));
    const Bytes iv = row.bytes("IV");
    for (const Operation operation : {Operation::kEncrypt, Operation::kDecrypt}) {
      const bool encrypt = operation == Operation::kEncrypt;
      const Bytes in = row.bytes(encrypt ? "PLAINTEXT" : "CIPHERTEXT");
      Room room{in};  // the ESP header and the IV, which are hashed, lie in front
      CipherBurst burst{worker_.library(), operation};
      CipherSlot& slot = burst.next();
      std::copy(iv.begin(), iv.end(), slot.nonce);
      Bytes tag(suite.icv_size);
      slot.aad_size = 8;
      slot.icv_size = suite.icv_size;
      slot.text = room.data();
      slot.tag = tag.data();
      slot.key = key.get();
      slot.size = room.size();
      slot.algorithm = algorithm;
      burst.commit();
      ASSERT_EQ(burst.run(), 0u);
      ASSERT_EQ(
          to_hex(Bytes(room.data(), room.data() + room.size())),
          to_hex(row.bytes(encrypt ? "CIPHERTEXT" : "PLAINTEXT"))
      );
    }
  }
}

// Rule 42: holds
TEST_F(PublishedVectors, NistCbc) {
  for (const char* name : {"CBCGFSbox", "CBCKeySbox", "CBCVarKey", "CBCVarTxt", "CBCMMT"}) {
    check_cbc(Algorithm::kAes128CbcSha256, std::string{name} + "128.rsp");
    check_cbc(Algorithm::kAes256CbcSha256, std::string{name} + "256.rsp");
    check_cbc(Algorithm::kAes256CbcSha512, std::string{name} + "256.rsp");
  }
}

// The HMAC of a suite alone, with the key as the suite expands it.  RFC 2104 fills a shorter key up
// with zeros, so keys of other sizes fit.
Bytes PublishedVectors::hmac(Algorithm algorithm, const Bytes& key, const Bytes& message) {
  const Suite& suite = suite_of(algorithm);
  Bytes integrity_key = key;
  integrity_key.resize(suite.integrity_key_size);
  const auto expanded = key_of(algorithm, Bytes(suite.key_size), integrity_key);
  Room room{message};
  Bytes tag(suite.icv_size);
  IMB_MGR* manager = worker_.library().manager();
  IMB_JOB* job = IMB_GET_NEXT_JOB(manager);
  job->cipher_direction = IMB_DIR_ENCRYPT;
  job->cipher_mode = IMB_CIPHER_NULL;
  job->hash_alg = std::get<CbcHmacCalls>(calls_of(algorithm)).hmac;
  job->chain_order = IMB_ORDER_HASH_CIPHER;
  job->src = job->dst = room.data();
  job->hash_start_src_offset_in_bytes = 0;
  job->msg_len_to_hash_in_bytes = room.size();
  job->auth_tag_output = tag.data();
  job->auth_tag_output_len_in_bytes = tag.size();
  job->u.HMAC._hashed_auth_key_xor_ipad = expanded->cbc_hmac().inner_hash;
  job->u.HMAC._hashed_auth_key_xor_opad = expanded->cbc_hmac().outer_hash;
  const IMB_JOB* done = IMB_SUBMIT_JOB_NOCHECK(manager);
  if (done == nullptr) done = IMB_FLUSH_JOB(manager);
  EXPECT_TRUE(done != nullptr && done->status == IMB_STATUS_COMPLETED);
  return tag;
}

void PublishedVectors::check_rfc4231(Algorithm algorithm, const std::string& file) {
  unsigned cases = 0;
  for (const ResponseCase& row : response_file("HMAC/" + file)) {
    const Bytes key = row.bytes("Key");
    if (key.size() > suite_of(algorithm).integrity_key_size) continue;  // no SA has it
    ++cases;
    EXPECT_TRUE(starts_with(row.bytes("MD"), hmac(algorithm, key, row.bytes("Msg"))));
  }
  EXPECT_EQ(cases, 4u);
}

TEST_F(PublishedVectors, Rfc4231HmacSha256) {
  check_rfc4231(Algorithm::kAes128CbcSha256, "rfc-4231-sha256.txt");
}

TEST_F(PublishedVectors, Rfc4231HmacSha512) {
  check_rfc4231(Algorithm::kAes256CbcSha512, "rfc-4231-sha512.txt");
}

// RFC 4868 section 2.7.2: four keys and messages, which differ between hashes in the size of the
// key.
void PublishedVectors::check_rfc4868(Algorithm algorithm, const char* const (&tags)[4]) {
  const std::size_t size = suite_of(algorithm).integrity_key_size;
  const auto text = [](std::string_view bytes) { return Bytes(bytes.begin(), bytes.end()); };
  Bytes jefe, counting;
  while (jefe.size() < size)
    for (const char c : std::string_view{"Jefe"}) jefe.push_back(static_cast<uint8_t>(c));
  for (uint8_t byte = 1; byte <= size; ++byte) counting.push_back(byte);
  const std::pair<Bytes, Bytes> rows[] = {
      {Bytes(size, 0x0b), text("Hi There")},
      {jefe, text("what do ya want for nothing?")},
      {Bytes(size, 0xaa), Bytes(50, 0xdd)},
      {counting, Bytes(50, 0xcd)},
  };
  for (std::size_t i = 0; i < std::size(rows); ++i)
    EXPECT_EQ(to_hex(hmac(algorithm, rows[i].first, rows[i].second)), tags[i]);
}

// AUTH256-1 to -4.
// Rule 42: holds
TEST_F(PublishedVectors, Rfc4868HmacSha256With128Bits) {
  check_rfc4868(
      Algorithm::kAes128CbcSha256,
      {"198a607eb44bfbc69903a0f1cf2bbdc5", "167f928588c5cc2eef8e3093caa0e87c",
       "cdcb1220d1ecccea91e53aba3092f962", "372efcf9b40b35c2115b1346903d2ef4"}
  );
}

// AUTH512-1 to -4.
// Rule 42: holds
TEST_F(PublishedVectors, Rfc4868HmacSha512With256Bits) {
  check_rfc4868(
      Algorithm::kAes256CbcSha512,
      {"637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8",
       "cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b15454",
       "2ee7acd783624ca9398710f3ee05ae41b9f9b0510c87e49e586cc9bf961733d8",
       "5e6688e5a3daec826ca32eaea224eff5e700628947470e13ad01302561bab108"}
  );
}

}  // namespace
}  // namespace raven::dataplane::test
