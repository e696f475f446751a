// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ravenctl/capture_file.h"

#include <fmt/format.h>

#include "ctrl/ravenctl/pcapng.h"

namespace raven::ctl {
namespace {

// What is known beside the bytes.
std::string comment_of(const dpapi::v1::CapturedPacket& packet) {
  std::string comment = fmt::format("worker {}", packet.worker());
  if (!packet.peer().empty()) comment += ", peer " + packet.peer();
  if (packet.spi() != 0) comment += fmt::format(", spi {:08x}", packet.spi());
  if (!packet.drop_reason().empty()) comment += ", dropped: " + packet.drop_reason();
  return comment;
}

}  // namespace

std::string CaptureFile::begin(const dpapi::v1::CaptureEvent& event) {
  std::string bytes = pcapng_section("ravenctl " RAVEN_VERSION);
  for (const auto& interface : event.interfaces()) {
    numbers_[interface.id()] = static_cast<uint32_t>(numbers_.size());
    bytes += pcapng_interface(
        {.name = interface.name(),
         .description = interface.description(),
         .link_type = interface.is_ethernet() ? LinkType::kEthernet : LinkType::kRawIp,
         .snap_length = snap_length_}
    );
  }
  begun_ = true;
  return bytes;
}

std::string CaptureFile::add(const dpapi::v1::CaptureEvent& event) {
  std::string bytes;
  if (!begun_) bytes = begin(event);
  for (const auto& packet : event.packets()) {
    const auto number = numbers_.find(packet.interface());
    if (number == numbers_.end()) continue;
    ++packets_;
    bytes += pcapng_packet(
        {.interface = number->second,
         .time_ns = packet.time_ns(),
         .data = packet.data(),
         .size = packet.size(),
         .inbound = packet.inbound(),
         .comment = comment_of(packet)}
    );
  }
  for (const auto& count : event.counts()) counts_[count.interface()] = count;
  return bytes;
}

std::string CaptureFile::end(int64_t now_ns) const {
  std::string bytes;
  for (const auto& [id, number] : numbers_) {
    const auto count = counts_.find(id);
    PcapngStatistics statistics{.interface = number, .time_ns = now_ns};
    if (count != counts_.end()) {
      statistics.lost = count->second.lost();
      statistics.received = count->second.taken() + statistics.lost;
    }
    bytes += pcapng_statistics(statistics);
  }
  return bytes;
}

uint64_t CaptureFile::lost() const {
  uint64_t sum = 0;
  for (const auto& [id, count] : counts_) sum += count.lost();
  return sum;
}

}  // namespace raven::ctl
