// Private copies of the cipher library, and what becomes of keys.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/cipher_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "dataplane/ipsec/cipher_key.h"
#include "tests/unit/dataplane/ipsec/esp_pair.h"

namespace raven::dataplane::test {
namespace {

TEST(CipherLibrary, CopiesHaveTheirOwnCode) {
  const auto linked = CipherLibrary::create_linked();
  const auto first = CipherLibrary::create();
  const auto second = CipherLibrary::create();
  ASSERT_TRUE(linked.ok() && first.ok() && second.ok());
  if (IMB_VERSION_NUM >= IMB_VERSION(2, 0, 0)) GTEST_SKIP() << "this version needs no copies";
#ifdef __SANITIZE_ADDRESS__
  EXPECT_THAT((*first)->fallback_reason(), testing::HasSubstr("AddressSanitizer"));
  GTEST_SKIP() << (*first)->fallback_reason();
#endif
  EXPECT_TRUE((*first)->is_private_copy()) << (*first)->fallback_reason();
  EXPECT_FALSE((*linked)->is_private_copy());
  EXPECT_NE((*first)->manager()->gcm128_enc, (*second)->manager()->gcm128_enc);
  EXPECT_NE((*first)->manager()->gcm128_enc, (*linked)->manager()->gcm128_enc);
  EXPECT_THAT((*first)->text(), testing::HasSubstr("private copy"));
  EXPECT_THAT((*linked)->text(), testing::HasSubstr("shared"));
}

// A control thread expands keys with its library, workers use them with theirs.
TEST(CipherLibrary, KeysOfOneLibraryWorkWithAnother) {
  Worker control;
  for (const Suite& suite : kSuites) {
    const SaConfig config = sa_config(Direction::kOutbound, suite.algorithm);
    const auto sa = control.outbound(config);
    const auto library = CipherLibrary::create();
    ASSERT_TRUE(library.ok());
    const auto out = std::make_unique<EspOut>(**library, WorkerId{0}, uint16_t{1});
    Room room{ipv4_packet(100)};
    const EspOutResult result =
        out->prepare(*sa, {room.data(), room.size(), Room::kHeadroom, Room::kTailroom});
    ASSERT_EQ(out->run(), 0u);
    const Bytes esp(result.data + 20, result.data + result.size);
    EXPECT_TRUE(reference_open(reference_sa(config), 1, esp).has_value()) << suite.name;
  }
}

TEST(CipherLibrary, WorkersRunSideBySide) {
  const auto work = [](bool& good) {
    const auto library = CipherLibrary::create();
    const auto out = std::make_unique<EspOut>(**library, WorkerId{0}, uint16_t{1});
    const SaConfig config = sa_config(Direction::kOutbound, Algorithm::kAes128CbcSha256);
    const auto sa = OutboundSa::create(config, WorkerId{0}, **library);
    good = true;
    for (uint32_t i = 1; i <= 2000; ++i) {
      Room room{ipv4_packet(40 + i % 1000)};
      const EspOutResult result =
          out->prepare(**sa, {room.data(), room.size(), Room::kHeadroom, Room::kTailroom});
      good = out->run() == 0 && good;
      const Bytes esp(result.data + 20, result.data + result.size);
      good = reference_open(reference_sa(config), i, esp).has_value() && good;
    }
  };
  bool good[4] = {};
  {
    std::vector<std::jthread> threads;
    for (bool& result : good) threads.emplace_back(work, std::ref(result));
  }
  EXPECT_TRUE(std::all_of(std::begin(good), std::end(good), [](bool result) { return result; }));
}

TEST(CipherKey, IsWipedWhenItGoes) {
  Worker worker;
  for (const Suite& suite : kSuites) {
    const SaConfig config = sa_config(Direction::kOutbound, suite.algorithm);
    auto key = CipherKey::create(suite, config.key, config.integrity_key, worker.library());
    ASSERT_TRUE(key.ok());
    const CipherKey* raw = key->release();
    const auto* bytes = reinterpret_cast<const volatile uint8_t*>(raw);
    const auto is_zero = [](uint8_t byte) { return byte == 0; };
    EXPECT_FALSE(std::all_of(bytes, bytes + sizeof(CipherKey), is_zero)) << suite.name;
    std::destroy_at(raw);
    EXPECT_TRUE(std::all_of(bytes, bytes + sizeof(CipherKey), is_zero)) << suite.name;
    ::operator delete (const_cast<CipherKey*>(raw), std::align_val_t{alignof(CipherKey)});
  }
}

}  // namespace
}  // namespace raven::dataplane::test
