// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/psk.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <random>

namespace raven::gateway_agent {
namespace {

Secret secret(const std::string& text) {
  return Secret{{reinterpret_cast<const uint8_t*>(text.data()), text.size()}};
}

std::string random_text(std::mt19937& random, const std::string& alphabet, std::size_t size) {
  std::string text;
  while (text.size() < size) text += alphabet[random() % alphabet.size()];
  return text;
}

TEST(Psk, RefusesWhatRavenShipsOrDocuments) {
  for (const std::string known :
       {"openyurt-raven", "OPENYURT-RAVEN-AGENT-VPN-PSK", "vpn-connection-psk",
        "my-very-long-key-made-of-openyurt-raven-and-more", "ChangeMe-ChangeMe-0123-xyz-987654321"})
    EXPECT_FALSE(check_psk(secret(known)).ok()) << known;
}

TEST(Psk, RefusesShortKeys) {
  EXPECT_FALSE(check_psk(secret("")).ok());
  const std::string good = "Zk3vQx81LmPw0aYtRc57UeNsHd92JgBf";
  ASSERT_EQ(good.size(), kPskSizeMin);
  EXPECT_TRUE(check_psk(secret(good)).ok());
  EXPECT_FALSE(check_psk(secret(good.substr(1))).ok());
}

TEST(Psk, RefusesKeysThatOnlyLookLong) {
  const std::string patterns[] = {
      std::string(64, 'a'),
      std::string(64, '\0'),
      "0123456789abcdef0123456789abcdef",
      "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      "Zk3vQx81Zk3vQx81Zk3vQx81Zk3vQx81",
      "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd",
      "11111111111111111111111111111111111111111112",
  };
  for (const std::string& pattern : patterns)
    EXPECT_FALSE(check_psk(secret(pattern)).ok()) << pattern;
}

TEST(Psk, AcceptsRandomKeysInEveryUsualForm) {
  std::mt19937 random{7};
  const std::string hex = "0123456789abcdef";
  const std::string base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes(256, '\0');
  for (int i = 0; i < 256; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<char>(i);
  for (int round = 0; round < 2000; ++round) {
    EXPECT_TRUE(check_psk(secret(random_text(random, hex, 32))).ok()) << round;
    EXPECT_TRUE(check_psk(secret(random_text(random, hex, 64))).ok()) << round;
    EXPECT_TRUE(check_psk(secret(random_text(random, base64, 44))).ok()) << round;
    EXPECT_TRUE(check_psk(secret(random_text(random, bytes, 32))).ok()) << round;
  }
}

TEST(Psk, TellsWhatToDoWithoutShowingTheKey) {
  const Status status = check_psk(secret("hunter2hunter2"));
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("openssl rand"), std::string::npos);
  EXPECT_EQ(status.error().message.find("hunter2"), std::string::npos);
}

TEST(Psk, ComesFromAFileThatNobodyElseCanRead) {
  char folder[] = "/tmp/psk-test-XXXXXX";
  const std::string path = std::string{::mkdtemp(folder)} + "/psk";
  std::ofstream{path} << "Zk3vQx81LmPw0aYtRc57UeNsHd92JgBf\n";
  ::chmod(path.c_str(), 0644);
  EXPECT_FALSE(load_psk(path).ok());
  ::chmod(path.c_str(), 0600);
  const auto key = load_psk(path);
  ASSERT_TRUE(key.ok()) << key.error().message;
  EXPECT_EQ(key->size(), 32u);  // without the newline
  EXPECT_FALSE(load_psk(path + ".missing").ok());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace raven::gateway_agent
