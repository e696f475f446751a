// The packet path on one screen.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/pipeline.h"

#include <array>
#include <cassert>

#include "dataplane/inspect/inspection.h"

namespace raven::dataplane {
namespace {

using enum Stage;

template <Stage... stages>
constexpr std::array<Stage, sizeof...(stages)> kTo{stages...};

constexpr std::array<StageRow, kStageCount> kPipeline{{
    // frames of a port, packets of the mailbox
    {kClassify, "classify", stage::classify,
     kTo<kReassemble, kVxlanIn, kEspIn, kProbe, kRoute, kPunt>},
    {kInbox, "inbox", stage::inbox,
     kTo<kReassemble, kEspIn, kRoute, kFragment, kEspOut, kTransmit>},
    {kReassemble, "reassemble", stage::reassemble, kTo<kEspIn, kPunt>},
    // outer headers off
    {kVxlanIn, "vxlan_in", stage::vxlan_in, kTo<kRoute>},
    {kEspIn, "esp_in", stage::esp_in, kTo<kProbe, kRoute>},
    {kProbe, "probe", stage::probe, kTo<kEspOut, kTransmit>},
    // the IP packet itself
    {kRoute, "route", stage::route,
     kTo<kMss, kFragment, kEspOut, kVxlanOut, kNeighbour, kRaven0, kPunt>},
    {kMss, "mss", stage::mss, kTo<kFragment>},
    {kFragment, "fragment", stage::fragment,
     kTo<kEspOut, kEspFragment, kVxlanOut, kNeighbour, kRaven0>},
    // outer headers on
    {kEspOut, "esp_out", stage::esp_out, kTo<kNeighbour>},
    {kEspFragment, "esp_fragment", stage::esp_fragment, kTo<kNeighbour>},
    {kVxlanOut, "vxlan_out", stage::vxlan_out, kTo<kNeighbour>},
    {kNeighbour, "neighbour", stage::neighbour, kTo<kTransmit>},
    // the ends
    {kTransmit, "transmit", stage::transmit, {}},
    {kRaven0, "raven0", stage::raven0, {}},
    {kPunt, "punt", stage::punt, {}},
    {kDrop, "drop", stage::drop, {}},
}};

// A packet only moves forward, so one pass over the rows empties every lane.
constexpr bool only_forward() {
  for (std::size_t i = 0; i < kPipeline.size(); ++i) {
    if (kPipeline[i].stage != static_cast<Stage>(i)) return false;
    for (const Stage next : kPipeline[i].next)
      if (next <= kPipeline[i].stage) return false;
  }
  return true;
}
static_assert(only_forward());

// `run` runs one row over its lane.
template <class Run>
void run_rows(Context& context, Run run) {
  for (std::size_t i = 0; i < kPipeline.size(); ++i) {
    Lane& lane = context.lanes[i];
    if (lane.empty()) continue;
    context.counters.stage_packets[i].add(lane.count);
    context.running = &kPipeline[i];
    run(kPipeline[i], lane);
    lane.clear();
  }
}

[[gnu::cold, gnu::noinline]] void run_inspected_pass(Context& context) {
  run_rows(context, [&context](const StageRow& row, Lane& lane) {
    context.inspection->run(context, row, lane);
  });
}

void run_pass(Context& context) {
  if (context.inspection != nullptr) [[unlikely]]
    return run_inspected_pass(context);
  run_rows(context, [&context](const StageRow& row, Lane& lane) { row.run(context, lane); });
}

void take_held(Context& context) {
  std::swap(context.lane(kRoute), context.held_for_route);
  std::swap(context.lane(kFragment), context.held_for_fragment);
}

}  // namespace

std::span<const StageRow> pipeline() {
  return kPipeline;
}

std::string_view stage_name(Stage place) {
  if (place == Stage::kReceive) return "receive";
  return kPipeline[static_cast<std::size_t>(place)].name;
}

void run_stage(Context& context, Stage stage) {
  const StageRow& row = kPipeline[static_cast<std::size_t>(stage)];
  Lane& lane = context.lane(stage);
  if (lane.empty()) return;
  context.running = &row;
  row.run(context, lane);
  lane.clear();
}

void run_pipeline(Context& context) {
  run_pass(context);
  while (!context.held_for_route.empty() || !context.held_for_fragment.empty()) {
    take_held(context);
    run_pass(context);
  }
#ifdef RAVEN_CHECK_PACKET_PATH
  assert(context.counters.entered() == context.counters.left());
#endif
}

std::string pipeline_dot() {
  std::string dot = "digraph packet_path {\n  rankdir=LR;\n  node [shape=box];\n";
  for (const StageRow& row : kPipeline) {
    for (const Stage next : row.next) {
      const StageRow& to = kPipeline[static_cast<std::size_t>(next)];
      dot += "  " + std::string{row.name} + " -> " + std::string{to.name} + ";\n";
    }
  }
  return dot + "}\n";
}

}  // namespace raven::dataplane
