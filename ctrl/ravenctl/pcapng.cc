// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ravenctl/pcapng.h"

#include <bit>
#include <concepts>
#include <cstring>
#include <utility>

namespace raven::ctl {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr uint32_t kSectionHeader = 0x0a0d0d0a, kInterface = 1, kStatistics = 5, kPacket = 6;
constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;

// Option codes; the same number means different things in different blocks.
constexpr uint16_t kComment = 1;
constexpr uint16_t kSectionApplication = 4;
constexpr uint16_t kInterfaceName = 2, kInterfaceDescription = 3, kInterfaceTimeUnit = 9;
constexpr uint16_t kPacketFlags = 2;
constexpr uint16_t kStatisticsReceived = 4, kStatisticsDropped = 5;

constexpr uint32_t kFlagInbound = 1, kFlagOutbound = 2;
constexpr uint8_t kNanoseconds = 9;  // time unit: 10^-9 s

class Block {
 public:
  explicit Block(uint32_t type) {
    add(type);
    add(uint32_t{0});  // length, see bytes()
  }
  template <std::integral T>
  void add(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void add_time(int64_t time_ns) {
    add(static_cast<uint32_t>(static_cast<uint64_t>(time_ns) >> 32));
    add(static_cast<uint32_t>(time_ns));
  }
  void add_padded(std::string_view data) {
    bytes_ += data;
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
  }
  void option(uint16_t code, std::string_view value) {
    if (value.size() > UINT16_MAX) value = value.substr(0, UINT16_MAX);
    add(code);
    add(static_cast<uint16_t>(value.size()));
    add_padded(value);
    has_options_ = true;
  }
  template <std::integral T>
  void option(uint16_t code, T value) {
    option(code, std::string_view{reinterpret_cast<const char*>(&value), sizeof(value)});
  }
  std::string bytes() && {
    if (has_options_) add(uint32_t{0});  // end of options
    const auto length = static_cast<uint32_t>(bytes_.size() + sizeof(uint32_t));
    std::memcpy(bytes_.data() + sizeof(uint32_t), &length, sizeof(length));
    add(length);
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  bool has_options_ = false;
};

}  // namespace

std::string pcapng_section(std::string_view application) {
  Block block{kSectionHeader};
  block.add(kByteOrderMagic);
  block.add(uint16_t{1});  // version 1.0
  block.add(uint16_t{0});
  block.add(int64_t{-1});  // length of the section: not known
  block.option(kSectionApplication, application);
  return std::move(block).bytes();
}

std::string pcapng_interface(const PcapngInterface& interface) {
  Block block{kInterface};
  block.add(static_cast<uint16_t>(interface.link_type));
  block.add(uint16_t{0});
  block.add(interface.snap_length);
  block.option(kInterfaceName, interface.name);
  block.option(kInterfaceDescription, interface.description);
  block.option(kInterfaceTimeUnit, kNanoseconds);
  return std::move(block).bytes();
}

std::string pcapng_packet(const PcapngPacket& packet) {
  Block block{kPacket};
  block.add(packet.interface);
  block.add_time(packet.time_ns);
  block.add(static_cast<uint32_t>(packet.data.size()));
  block.add(packet.size);
  block.add_padded(packet.data);
  block.option(kPacketFlags, packet.inbound ? kFlagInbound : kFlagOutbound);
  if (!packet.comment.empty()) block.option(kComment, std::string_view{packet.comment});
  return std::move(block).bytes();
}

std::string pcapng_statistics(const PcapngStatistics& statistics) {
  Block block{kStatistics};
  block.add(statistics.interface);
  block.add_time(statistics.time_ns);
  block.option(kStatisticsReceived, statistics.received);
  block.option(kStatisticsDropped, statistics.lost);
  return std::move(block).bytes();
}

}  // namespace raven::ctl
