// Pcapng: the blocks of a capture file (draft-ietf-opsawg-pcapng), for Wireshark and tcpdump.
// SPDX-License-Identifier: Apache-2.0
//
// Pure: bytes of blocks.  Little-endian, time in nanoseconds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace raven::ctl {

// Of all blocks the first.
std::string pcapng_section(std::string_view application);

enum class LinkType : uint16_t { kEthernet = 1, kRawIp = 101 };

struct PcapngInterface {
  std::string name;
  std::string description;
  LinkType link_type = LinkType::kEthernet;
  uint32_t snap_length = 0;  // 0: no limit
};
// Interfaces are numbered from 0 in the order of their blocks.
std::string pcapng_interface(const PcapngInterface& interface);

struct PcapngPacket {
  uint32_t interface = 0;
  int64_t time_ns = 0;
  std::string_view data;
  uint32_t size = 0;  // before it was cut
  bool inbound = false;
  std::string comment;  // empty: none
};
std::string pcapng_packet(const PcapngPacket& packet);

// What was seen by an interface, at the end of the file.
struct PcapngStatistics {
  uint32_t interface = 0;
  int64_t time_ns = 0;
  uint64_t received = 0;
  uint64_t lost = 0;
};
std::string pcapng_statistics(const PcapngStatistics& statistics);

}  // namespace raven::ctl
