// SPDX-License-Identifier: Apache-2.0
#include "dataplane/report/inspect_report.h"

#include <fmt/format.h>
#include <rte_cycles.h>

#include <chrono>

#include "dataplane/pipeline/pipeline.h"

namespace raven::dataplane {
namespace {

std::string drop_name(const std::optional<Drop>& drop) {
  return drop ? std::string{drop_info(*drop).name} : "";
}

std::string way_name(Way way) {
  static constexpr const char* kNames[] = {"next",      "held",   "answered", "handed-over", "sent",
                                           "to-kernel", "punted", "dropped",  "waits"};
  return kNames[static_cast<std::size_t>(way)];
}

std::string peer_name(const View& view, PeerIndex index) {
  if (index == kNoPeer) return "";
  for (const auto& [tunnel, row] : view.peers.peers())
    if (row.index == index) return view.peers.name_of(tunnel);
  return "";
}

std::string port_name(const View& view, PortIndex index) {
  if (index == kRaven0Port) return view.settings.raven0.name;
  const auto ports = view.path.ports();
  return index.value() < ports.size() ? ports[index.value()]->name() : "";
}

std::string target_name(const View& view, Target target) {
  switch (target.kind) {
    case TargetKind::kNone:
      return "none";
    case TargetKind::kDrop:
      return "drop";
    case TargetKind::kKernel:
      return "kernel";
    case TargetKind::kLocalNode: {
      const auto& nodes = view.desired.nodes;
      return target.index < nodes.size() ? "node " + nodes[target.index].name : "node";
    }
    case TargetKind::kRemotePool:
      for (const auto& [name, index] : view.peers.pools())
        if (index.value() == target.index) return "pool " + name;
      return "pool";
  }
  return "";
}

std::string next_hop_name(const View& view, AdjacencyIndex index) {
  if (index == kNoAdjacency) return "";
  const Adjacency adjacency = view.tables.adjacencies.read(index);
  if (!adjacency.resolved()) return "unresolved";
  return adjacency.mac().text() + " on " + port_name(view, adjacency.port());
}

std::string entrance_of(const View& view, const Story& story) {
  if (story.reassembled) return "fragments put together";
  if (!story.from_mailbox) return "port " + port_name(view, story.ingress);
  switch (story.entry) {
    case Entry::kKernelIp:
      return view.settings.raven0.name;
    case Entry::kKernelFrame:
      return "kernel by port " + port_name(view, story.ingress);
    case Entry::kEspOut:
      return "probe";
    default:
      return "another worker";
  }
}

dpapi::v1::TraceStep report_step(const View& view, const Step& step, uint64_t begin_tsc) {
  dpapi::v1::TraceStep out;
  out.set_stage(std::string{stage_name(step.stage)});
  out.set_worker(step.worker.value());
  const double cycles = static_cast<double>(step.tsc - std::min(begin_tsc, step.tsc));
  out.set_offset_ns(static_cast<uint64_t>(cycles * 1e9 / static_cast<double>(rte_get_tsc_hz())));
  out.set_size(step.size);
  out.set_packet(summary(step.headers));
  out.set_header(step.bytes.data(), step.byte_count);
  out.set_is_frame(step.layer == Layer::kEthernet);
  out.set_way(way_name(step.way));
  if (step.way == Way::kHandedOver && step.next_worker != kNoWorker)
    out.set_next(fmt::format("worker {}", step.next_worker.value()));
  const bool goes_on =
      step.way == Way::kNext || step.way == Way::kHeld || step.way == Way::kAnswered;
  if (goes_on) out.set_next(std::string{stage_name(step.next)});
  out.set_drop_reason(drop_name(step.drop));
  out.set_port(port_name(view, step.port));
  out.set_peer(peer_name(view, step.peer));
  out.set_spi(step.headers.spi);
  out.set_sequence(step.headers.sequence);
  const bool has_target = step.stage == Stage::kRoute || step.stage == Stage::kVxlanOut;
  if (has_target) out.set_target(target_name(view, step.target));
  out.set_next_hop(next_hop_name(view, step.adjacency));
  out.set_mtu(step.mtu == UINT16_MAX ? 0 : step.mtu);
  return out;
}

const char* description(CapturePoint point) {
  switch (point) {
    case CapturePoint::kReceive:
      return "frames received by the port";
    case CapturePoint::kTransmit:
      return "frames about to be sent by the port";
    case CapturePoint::kClearOut:
      return "inner packets before encryption";
    case CapturePoint::kClearIn:
      return "inner packets after decryption";
    case CapturePoint::kDrop:
      return "packets about to be dropped";
  }
  return "";
}

std::vector<CapturePlace> places_of(const View& view, CapturePoint point) {
  std::vector<CapturePlace> places;
  switch (point) {
    case CapturePoint::kReceive:
    case CapturePoint::kTransmit:
      for (const auto& port : view.path.ports())
        places.push_back({point, port->index(), Layer::kEthernet});
      break;
    case CapturePoint::kDrop:
      places.push_back({point, PortIndex{kNoIndex}, Layer::kEthernet});
      [[fallthrough]];
    default:
      places.push_back({point, PortIndex{kNoIndex}, Layer::kIp});
  }
  return places;
}

std::string place_name(const View& view, const CapturePlace& place) {
  const std::string point{capture_point_name(place.point)};
  if (place.point == CapturePoint::kDrop)
    return point + (place.layer == Layer::kEthernet ? " frames" : " packets");
  return place.port.value() == kNoIndex ? point : point + " " + port_name(view, place.port);
}

}  // namespace

WallClock::WallClock()
    : tsc_{rte_rdtsc()},
      ns_{std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count()} {}

int64_t WallClock::ns_at(uint64_t tsc) const {
  const double cycles = static_cast<double>(static_cast<int64_t>(tsc - tsc_));
  return ns_ + static_cast<int64_t>(cycles * 1e9 / static_cast<double>(rte_get_tsc_hz()));
}

dpapi::v1::TracedPacket report_story(const View& view, const WallClock& clock, const Story& story) {
  dpapi::v1::TracedPacket out;
  out.set_id(story.id);
  out.set_parent_id(story.parent_id);
  out.set_entrance(entrance_of(view, story));
  out.set_steps_lost(story.steps_lost);
  if (story.step_count == 0) return out;
  out.set_time_ns(clock.ns_at(story.steps[0].tsc));
  for (unsigned i = 0; i < story.step_count; ++i)
    *out.add_steps() = report_step(view, story.steps[i], story.steps[0].tsc);
  const Step& last = story.steps[story.step_count - 1u];
  out.set_verdict(way_name(last.way));
  if (last.way == Way::kDropped) out.set_drop_reason(drop_name(last.drop));
  return out;
}

void report_interfaces(
    const View& view, const CaptureOptions& options, dpapi::v1::CaptureEvent& event
) {
  for (std::size_t i = 0; i < kCapturePoints; ++i) {
    const auto point = static_cast<CapturePoint>(i);
    if (!options.points[i]) continue;
    for (const CapturePlace& place : places_of(view, point)) {
      auto& out = *event.add_interfaces();
      out.set_id(static_cast<uint32_t>(place.index()));
      out.set_name(place_name(view, place));
      out.set_description(description(point));
      out.set_is_ethernet(place.layer == Layer::kEthernet);
    }
  }
}

dpapi::v1::CapturedPacket report_copy(
    const View& view, const WallClock& clock, const CaptureRecord& record, const uint8_t* bytes
) {
  dpapi::v1::CapturedPacket out;
  out.set_interface(static_cast<uint32_t>(record.place.index()));
  out.set_time_ns(clock.ns_at(record.tsc));
  out.set_size(record.size);
  out.set_data(bytes, record.kept);
  const CapturePoint point = record.place.point;
  out.set_inbound(point == CapturePoint::kReceive || point == CapturePoint::kClearIn);
  out.set_worker(record.worker.value());
  out.set_peer(peer_name(view, record.peer));
  out.set_spi(record.spi);
  out.set_drop_reason(drop_name(record.drop));
  return out;
}

void report_counts(const Capture& capture, dpapi::v1::CaptureEvent& event) {
  for (std::size_t place = 0; place < CapturePlace::kCount; ++place) {
    if (capture.taken(place) == 0 && capture.lost(place) == 0) continue;
    auto& out = *event.add_counts();
    out.set_interface(static_cast<uint32_t>(place));
    out.set_taken(capture.taken(place));
    out.set_lost(capture.lost(place));
  }
}

}  // namespace raven::dataplane
