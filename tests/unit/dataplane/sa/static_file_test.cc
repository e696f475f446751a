// SAs from a file: good ones, bad ones, and files that others could read.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/static_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace raven::dataplane {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::string sa(const std::string& more = "", const std::string& key = std::string(40, '5')) {
  return "  - {tunnel_id: 7, direction: out, spi: 4097, key: \"" + key +
         "\", source: 192.0.2.1, destination: 198.51.100.2" + more + "}\n";
}

Result<std::vector<SaConfig>> parse(const std::string& text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  return parse_static_sas("sas.yaml", Secret{std::span{bytes, text.size()}}, 4096);
}

TEST(StaticSas, ReadsAnSa) {
  auto sas = parse("sas:\n" + sa(", udp_encap: true"));
  ASSERT_TRUE(sas.ok()) << sas.error().message;
  ASSERT_THAT(*sas, SizeIs(1));
  EXPECT_EQ((*sas)[0].spi, Spi{4097});
  EXPECT_EQ((*sas)[0].tunnel_id, TunnelId{7});
  EXPECT_EQ((*sas)[0].key.expose()[0], 0x55);
  EXPECT_EQ((*sas)[0].outer.source_port, 4500);
  EXPECT_TRUE((*sas)[0].esn);
}

// Rule 17: holds.  Rule 23: holds.  Rule 30: holds
TEST(StaticSas, ReadsTheRulesOfTheOuterHeader) {
  const auto sas = parse("sas:\n" + sa(", copy_dscp: false, dscp: 46, df: clear, tfc_size: 1300"));
  ASSERT_TRUE(sas.ok()) << sas.error().message;
  EXPECT_FALSE((*sas)[0].dscp.copy);
  EXPECT_EQ((*sas)[0].dscp.value, 46);
  EXPECT_EQ((*sas)[0].df, DfRule::kClear);
  EXPECT_EQ((*sas)[0].tfc_size, 1300u);
  const auto plain = parse("sas:\n" + sa());
  EXPECT_TRUE((*plain)[0].dscp.copy);
  EXPECT_EQ((*plain)[0].df, DfRule::kCopy);
  EXPECT_EQ((*plain)[0].tfc_size, 0u);
}

// Rule 23: refuses.  Rule 30: refuses
TEST(StaticSas, RefusesBadEntriesWithoutRepeatingTheKey) {
  std::string inbound_with_the_same_key = sa();
  inbound_with_the_same_key.replace(inbound_with_the_same_key.find("out"), 3, "in");
  const std::pair<std::string, const char*> cases[] = {
      {"sas:\n" + sa("", "55zz"), "hexadecimal"},
      {"sas:\n" + sa("", "555"), "hexadecimal"},
      {"sas:\n" + sa("", "5555"), "needs 20"},
      {"sas:\n" + sa(", algorithm: des"),
       "'des' is not an algorithm, must be one of aes-128-gcm, aes-256-gcm, chacha20"},
      {"sas:\n" + sa(", tunel: 1"), "unknown key"},
      {"sas:\n" + sa(", dscp: 64"), "dscp"},
      {"sas:\n" + sa(", df: maybe"), "df"},
      {"sas:\n" + sa() + sa(", algorithm: aes-128-gcm"), "nonces would repeat"},
      {"sas:\n" + sa() + inbound_with_the_same_key, "nonces would repeat"},
      {"other: 1\n", "unknown key"},
  };
  for (const auto& [text, reason] : cases) {
    const auto sas = parse(text);
    ASSERT_FALSE(sas.ok()) << text;
    EXPECT_THAT(sas.error().message, HasSubstr(reason));
    EXPECT_THAT(sas.error().message, HasSubstr("sas.yaml"));
    EXPECT_THAT(sas.error().message, testing::Not(HasSubstr("5555")));
  }
}

#ifndef __SANITIZE_ADDRESS__  // has its heap elsewhere, and keeps what is freed as it is
// The digits 0-3 over and over, not spelled out in this program's memory.
char key_digit(std::size_t i) {
  return static_cast<char>('0' + (i * i / 3 + i) % 4);
}

constexpr std::size_t kKeyDigits = 40;

bool is_in_heap() {
  std::ifstream maps{"/proc/self/maps"};
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with("[heap]")) continue;
    std::size_t begin = 0, end = 0;
    std::sscanf(line.c_str(), "%zx-%zx", &begin, &end);
    for (const char* at = reinterpret_cast<const char*>(begin);
         at + kKeyDigits <= reinterpret_cast<const char*>(end); ++at) {
      std::size_t same = 16;  // free() itself overwrites the first ones
      while (same < kKeyDigits && at[same] == key_digit(same)) ++same;
      if (same == kKeyDigits) return true;
    }
  }
  return false;
}

TEST(StaticSas, LeavesNoCopyOfAKeyInMemory) {
  const std::string frame = "sas:\n" + sa("", std::string(kKeyDigits, '?'));
  {
    Secret text{frame.size()};
    std::size_t digit = 0;
    for (std::size_t i = 0; i < frame.size(); ++i)
      text.expose_writable()[i] =
          static_cast<uint8_t>(frame[i] == '?' ? key_digit(digit++) : frame[i]);
    EXPECT_TRUE(is_in_heap()) << "the search works";
    const auto sas = parse_static_sas("sas.yaml", text, 4096);
    ASSERT_TRUE(sas.ok()) << sas.error().message;
    EXPECT_EQ((*sas)[0].key.expose()[1], (key_digit(2) - '0') << 4 | (key_digit(3) - '0'));
  }
  EXPECT_FALSE(is_in_heap());
}
#endif

TEST(StaticSas, RefusesAFileThatOthersMayRead) {
  std::string path = "/tmp/raven-static-XXXXXX";
  const int fd = mkstemp(path.data());
  ASSERT_GE(fd, 0);
  std::ofstream{path} << "sas:\n" << sa();
  EXPECT_TRUE(load_static_sas(path, 4096).ok());
  for (const mode_t mode : {0640u, 0604u, 0644u}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    const auto sas = load_static_sas(path, 4096);
    ASSERT_FALSE(sas.ok());
    EXPECT_THAT(sas.error().message, HasSubstr("0600"));
  }
  close(fd);
  unlink(path.c_str());
}

}  // namespace
}  // namespace raven::dataplane
