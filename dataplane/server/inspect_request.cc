// SPDX-License-Identifier: Apache-2.0
#include "dataplane/server/inspect_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "dataplane/packet/wire.h"

namespace raven::dataplane {
namespace {

constexpr std::size_t kCaptureMemory = 1 << 24;  // bytes, of all workers together

Error unknown(const char* what, const std::string& name, const std::vector<std::string>& known) {
  return Error{
      ErrorCode::kInvalid,
      fmt::format("{} {}: there is none; known: {}", what, name, fmt::join(known, " "))};
}

Result<std::optional<IpPrefix>> read_prefix(const std::string& text) {
  if (text.empty()) return std::optional<IpPrefix>{};
  if (text.find('/') == std::string::npos) {
    RAVEN_ASSIGN(const IpAddress address, IpAddress::parse(text));
    return std::optional{IpPrefix::host(address)};
  }
  RAVEN_ASSIGN(const IpPrefix prefix, IpPrefix::parse(text));
  return std::optional{prefix};
}

Result<std::optional<uint8_t>> read_protocol(const std::string& text) {
  static const std::map<std::string, uint8_t> kNames{
      {"tcp", wire::kTcp},
      {"udp", wire::kUdp},
      {"icmp", wire::kIcmp},
      {"icmp6", wire::kIcmp6},
      {"esp", wire::kEsp}};
  if (text.empty()) return std::optional<uint8_t>{};
  if (const auto named = kNames.find(text); named != kNames.end())
    return std::optional{named->second};
  uint8_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) return std::optional{number};
  return Error{
      ErrorCode::kInvalid, "protocol " + text + ": not tcp, udp, icmp, icmp6, esp or 0..255"};
}

Result<PeerIndex> find_peer(const View& view, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& [tunnel, row] : view.peers.peers()) {
    known.push_back(view.peers.name_of(tunnel));
    if (known.back() == name) return row.index;
  }
  return unknown("peer", name, known);
}

Result<PortIndex> find_port(const View& view, const std::string& name) {
  std::vector<std::string> known{"raven0"};
  if (name == known.front()) return kRaven0Port;
  for (const auto& port : view.path.ports()) {
    known.push_back(port->name());
    if (known.back() == name) return port->index();
  }
  return unknown("port", name, known);
}

Result<Drop> find_drop(const std::string& name) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < kDropCount; ++i) {
    const std::string_view reason = drop_info(i).name;
    if (reason.empty()) continue;
    if (reason == name) return static_cast<Drop>(i);
    known.emplace_back(reason);
  }
  return unknown("drop reason", name, known);
}

}  // namespace

Result<Filter> read_filter(const View& view, const dpapi::v1::PacketFilter& given) {
  Filter filter;
  RAVEN_ASSIGN(filter.address, read_prefix(given.address()));
  RAVEN_ASSIGN(filter.source, read_prefix(given.source()));
  RAVEN_ASSIGN(filter.destination, read_prefix(given.destination()));
  RAVEN_ASSIGN(filter.protocol, read_protocol(given.protocol()));
  if (given.port() > UINT16_MAX)
    return Error{ErrorCode::kInvalid, fmt::format("port {}: at most 65535", given.port())};
  if (given.port() != 0) filter.port = static_cast<uint16_t>(given.port());
  if (given.spi() != 0) filter.spi = given.spi();
  if (!given.peer().empty()) {
    RAVEN_ASSIGN(filter.peer, find_peer(view, given.peer()));
  }
  if (!given.ingress().empty()) {
    RAVEN_ASSIGN(filter.ingress, find_port(view, given.ingress()));
  }
  if (!given.drop_reason().empty()) {
    RAVEN_ASSIGN(filter.drop, find_drop(given.drop_reason()));
  }
  return filter;
}

Result<CaptureOptions> read_capture(const View& view, const dpapi::v1::CaptureRequest& request) {
  CaptureOptions options;
  RAVEN_ASSIGN(options.filter, read_filter(view, request.filter()));
  const std::vector<std::string> wanted{request.points().begin(), request.points().end()};
  std::vector<std::string> known;
  for (std::size_t i = 0; i < kCapturePoints; ++i) {
    known.emplace_back(capture_point_name(static_cast<CapturePoint>(i)));
    options.points[i] = std::ranges::find(wanted, known.back()) != wanted.end();
  }
  for (const std::string& point : wanted)
    if (std::ranges::find(known, point) == known.end())
      return unknown("capture point", point, known);
  if (wanted.empty())
    for (const CapturePoint point : {CapturePoint::kReceive, CapturePoint::kTransmit})
      options.points[static_cast<std::size_t>(point)] = true;
  if (request.snap_length() != 0) options.snap_length = request.snap_length();
  options.packets = request.packets();
  options.ring_bytes = std::bit_floor(kCaptureMemory / view.path.worker_count());
  return options;
}

}  // namespace raven::dataplane
