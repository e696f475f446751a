// The blocks of a capture file, byte by byte, and the file that the events of a capture give.
// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ravenctl/pcapng.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "ctrl/ravenctl/capture_file.h"

namespace raven::ctl {
namespace {

uint32_t word(const std::string& bytes, std::size_t offset) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

// The blocks of a file; fails when lengths do not add up.
std::vector<std::string> blocks_of(const std::string& file) {
  std::vector<std::string> blocks;
  for (std::size_t at = 0; at < file.size();) {
    const uint32_t length = word(file, at + 4);
    EXPECT_EQ(length % 4, 0u);
    EXPECT_LE(at + length, file.size());
    if (length < 12 || at + length > file.size()) break;
    EXPECT_EQ(word(file, at + length - 4), length) << "the length is repeated at the end";
    blocks.push_back(file.substr(at, length));
    at += length;
  }
  return blocks;
}

// Option `code` of a block whose options begin at `offset`.
std::string option(const std::string& block, std::size_t offset, uint16_t code) {
  while (offset + 4 <= block.size()) {
    uint16_t head[2];
    std::memcpy(head, block.data() + offset, sizeof(head));
    if (head[0] == code) return block.substr(offset + 4, head[1]);
    if (head[0] == 0) break;
    offset += 4 + (head[1] + 3u) / 4 * 4;
  }
  return "none";
}

TEST(Pcapng, BeginsWithASectionOfVersion1) {
  const std::string block = pcapng_section("raven");
  ASSERT_EQ(blocks_of(block).size(), 1u);
  EXPECT_EQ(word(block, 0), 0x0a0d0d0au);
  EXPECT_EQ(word(block, 8), 0x1a2b3c4du);
  EXPECT_EQ(word(block, 12), 1u);
  EXPECT_EQ(option(block, 24, 4), "raven");
}

TEST(Pcapng, DescribesAnInterfaceWithTimeInNanoseconds) {
  const std::string block = pcapng_interface({"rx wan", "frames", LinkType::kRawIp, 96});
  ASSERT_EQ(blocks_of(block).size(), 1u);
  EXPECT_EQ(word(block, 0), 1u);
  EXPECT_EQ(word(block, 8), 101u);
  EXPECT_EQ(word(block, 12), 96u);
  EXPECT_EQ(option(block, 16, 2), "rx wan");
  EXPECT_EQ(option(block, 16, 3), "frames");
  EXPECT_EQ(option(block, 16, 9), "\x09");
}

TEST(Pcapng, PadsPacketsAndKeepsTheirSizeDirectionAndComment) {
  for (std::size_t size = 0; size < 9; ++size) {
    const std::string data(size, 'x');
    const std::string block = pcapng_packet(
        {.interface = 2,
         .time_ns = 0x123456789a,
         .data = data,
         .size = 1500,
         .inbound = true,
         .comment = "peer b"}
    );
    ASSERT_EQ(blocks_of(block).size(), 1u) << size;
    EXPECT_EQ(word(block, 0), 6u);
    EXPECT_EQ(word(block, 8), 2u);
    EXPECT_EQ(word(block, 12), 0x12u);
    EXPECT_EQ(word(block, 16), 0x3456789au);
    EXPECT_EQ(word(block, 20), size);
    EXPECT_EQ(word(block, 24), 1500u);
    EXPECT_EQ(block.substr(28, size), data);
    const std::size_t options = 28 + (size + 3) / 4 * 4;
    EXPECT_EQ(option(block, options, 2), std::string("\x01\0\0\0", 4));
    EXPECT_EQ(option(block, options, 1), "peer b");
  }
}

TEST(Pcapng, CountsWhatWasLost) {
  const std::string block =
      pcapng_statistics({.interface = 1, .time_ns = 5, .received = 7, .lost = 3});
  ASSERT_EQ(blocks_of(block).size(), 1u);
  EXPECT_EQ(word(block, 0), 5u);
  EXPECT_EQ(option(block, 20, 4), std::string("\x07\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(option(block, 20, 5), std::string("\x03\0\0\0\0\0\0\0", 8));
}

dpapi::v1::CaptureEvent first_event() {
  dpapi::v1::CaptureEvent event;
  auto* rx = event.add_interfaces();
  rx->set_id(1);
  rx->set_name("rx wan");
  rx->set_is_ethernet(true);
  auto* clear = event.add_interfaces();
  clear->set_id(17);
  clear->set_name("clear-in");
  return event;
}

TEST(CaptureFile, NumbersInterfacesAndSaysWhatIsKnown) {
  CaptureFile file{0};
  EXPECT_EQ(blocks_of(file.add(first_event())).size(), 3u);
  dpapi::v1::CaptureEvent event;
  auto* packet = event.add_packets();
  packet->set_interface(17);
  packet->set_data("abcd");
  packet->set_size(4);
  packet->set_peer("gw-b");
  packet->set_spi(0x1001);
  packet->set_drop_reason("spoof");
  event.add_packets()->set_interface(99);  // nobody has announced it
  const std::string bytes = file.add(event);
  ASSERT_EQ(blocks_of(bytes).size(), 1u);
  EXPECT_EQ(word(bytes, 8), 1u) << "the second interface";
  EXPECT_EQ(option(bytes, 32, 1), "worker 0, peer gw-b, spi 00001001, dropped: spoof");
  EXPECT_EQ(file.packets(), 1u);
}

TEST(CaptureFile, EndsWithWhatEachInterfaceSawAndLost) {
  CaptureFile file{0};
  static_cast<void>(file.add(first_event()));
  dpapi::v1::CaptureEvent event;
  auto* count = event.add_counts();
  count->set_interface(17);
  count->set_taken(4);
  count->set_lost(2);
  static_cast<void>(file.add(event));
  const std::vector<std::string> blocks = blocks_of(file.end(0));
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(option(blocks[0], 20, 5), std::string(8, '\0'));
  EXPECT_EQ(option(blocks[1], 20, 4), std::string("\x06\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(option(blocks[1], 20, 5), std::string("\x02\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(file.lost(), 2u);
}

}  // namespace
}  // namespace raven::ctl
