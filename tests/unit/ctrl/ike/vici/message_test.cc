// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ike/vici/message.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace raven::vici {
namespace {

// The example of the vici README, by hand: key1 = value1, a section with a sub-section and a list.
const std::string kExample =
    std::string{"\x03\x04key1\x00\x06value1", 14} + std::string{"\x01\x08section1", 10} +
    std::string{"\x01\x0bsub-section", 13} + std::string{"\x03\x04key2\x00\x06value2", 14} +
    "\x02" + std::string{"\x04\x05list1\x05\x00\x05item1\x05\x00\x05item2\x06", 24} + "\x02";

Message example() {
  Message sub, section, message;
  sub.text("key2", "value2");
  section.section("sub-section", sub).list("list1", {"item1", "item2"});
  return message.text("key1", "value1").section("section1", section);
}

TEST(ViciMessage, MatchesTheExampleOfTheProtocolInBothDirections) {
  const auto encoded = example().encode();
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(*encoded, kExample);
  const auto decoded = Message::decode(kExample);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(*decoded, example());
}

TEST(ViciMessage, FindsWhatIsThereAndGivesNothingForTheRest) {
  const Message message = example();
  EXPECT_EQ(message.text("key1"), "value1");
  EXPECT_EQ(message.section("section1").list("list1").size(), 2u);
  EXPECT_EQ(message.section("section1").section("sub-section").text("key2"), "value2");
  EXPECT_TRUE(message.text("section1").empty());
  EXPECT_TRUE(message.section("key1").empty());
  EXPECT_TRUE(message.list("none").empty());
}

TEST(ViciMessage, ReadsWholeNumbersOnly) {
  Message message;
  message.text("good", "42").text("bad", "42x").text("huge", "99999999999999999999");
  EXPECT_EQ(message.number("good"), 42u);
  EXPECT_EQ(message.number("bad"), 0u);
  EXPECT_EQ(message.number("huge"), 0u);
}

TEST(ViciMessage, RefusesEveryPrefixThatIsCutInsideAnElement) {
  // Whole top-level elements end at these offsets; each other length is cut short.
  for (std::size_t size = 1; size < kExample.size(); ++size) {
    const bool whole = size == 14;
    EXPECT_EQ(Message::decode(std::string_view{kExample}.substr(0, size)).ok(), whole) << size;
  }
}

TEST(ViciMessage, RefusesMalformedInput) {
  const std::string malformed[] = {
      std::string{"\x02", 1},                // end of a section that was not begun
      std::string{"\x06", 1},                // end of a list that was not begun
      std::string{"\x05\x00\x01x", 4},       // item outside a list
      std::string{"\x00", 1},                // no such type
      std::string{"\x07", 1},                // no such type
      std::string{"\x03\xffkey", 5},         // name longer than the message
      std::string{"\x03\x01k\xff\xffv", 6},  // value longer than the message
      std::string{"\x04\x01l\x03\x01k", 6},  // key inside a list
      std::string{"\x01\x01s", 3},           // section without end
  };
  for (const std::string& bytes : malformed) EXPECT_FALSE(Message::decode(bytes).ok());
}

TEST(ViciMessage, RefusesDeepNestingWithoutRunningOutOfStack) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += std::string{"\x01\x01s", 3};
  const auto decoded = Message::decode(deep);
  ASSERT_FALSE(decoded.ok());
  EXPECT_NE(decoded.error().message.find("nested too deeply"), std::string::npos);
}

TEST(ViciMessage, SurvivesRandomBytesAndWhatItAcceptsRoundTrips) {
  std::mt19937 random{1};
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = kExample;
    for (int flips = 0; flips < 1 + round % 4; ++flips)
      bytes[random() % bytes.size()] = static_cast<char>(random() % (round % 2 ? 8 : 256));
    const auto decoded = Message::decode(bytes);
    if (!decoded.ok()) continue;
    const auto again = decoded->encode();
    if (again.ok()) {
      EXPECT_EQ(*again, bytes);
    }
  }
}

TEST(ViciMessage, RefusesToWriteWhatDoesNotFitTheWire) {
  EXPECT_FALSE(Message{}.text("", "v").encode().ok());
  EXPECT_FALSE(Message{}.text(std::string(256, 'k'), "v").encode().ok());
  EXPECT_FALSE(Message{}.text("k", std::string(65536, 'v')).encode().ok());
  Message large;
  for (int i = 0; i < 9; ++i) large.text("k", std::string(65535, 'v'));
  EXPECT_FALSE(large.encode().ok());
  EXPECT_TRUE(Message{}.text(std::string(255, 'k'), std::string(65535, 'v')).encode().ok());
}

TEST(ViciMessage, IsEmptyAfterAWipe) {
  Message message = example();
  message.wipe();
  EXPECT_TRUE(message.empty());
}

}  // namespace
}  // namespace raven::vici
