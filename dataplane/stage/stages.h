// The stages of the packet path: their names, and one function each.
// SPDX-License-Identifier: Apache-2.0
//
// A stage takes every packet of its lane and puts it into exactly one other lane, or into one of
// the ends: transmit, raven0, punt (to the kernel), drop (with a reason).  Only the ends give
// packets away or free them.  How the stages follow one another is in pipeline/pipeline.cc.
// Threading: the worker whose Context it is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace raven::dataplane {

struct Context;
struct Lane;

// In the order in which they run.
enum class Stage : uint8_t {
  kClassify,
  kInbox,
  kReassemble,
  kVxlanIn,
  kEspIn,
  kProbe,
  kRoute,
  kMss,
  kFragment,
  kEspOut,
  kEspFragment,
  kVxlanOut,
  kNeighbour,
  kTransmit,
  kRaven0,
  kPunt,
  kDrop,
  kReceive,  // no stage: the worker drops too, before a packet is in any lane
};
inline constexpr std::size_t kStageCount = static_cast<std::size_t>(Stage::kDrop) + 1;
inline constexpr std::size_t kDropPlaceCount = static_cast<std::size_t>(Stage::kReceive) + 1;

// A row of the table in pipeline/pipeline.cc.
struct StageRow {
  Stage stage;
  std::string_view name;  // in metrics, traces, the picture
  void (*run)(Context&, Lane&);
  std::span<const Stage> next;  // always later rows; drop is possible from everywhere

  constexpr bool leads_to(Stage to) const {
    return to == Stage::kDrop || std::ranges::find(next, to) != next.end();
  }
};

namespace stage {

void classify(Context& context, Lane& in);      // frames of one port: whose are they?
void inbox(Context& context, Lane& in);         // from the mailbox: where do they go on?
void reassemble(Context& context, Lane& in);    // fragments for this box: until they are whole
void vxlan_in(Context& context, Lane& in);      // frames of nodes: VXLAN off
void esp_in(Context& context, Lane& in);        // of peers: SA lookup, replay, decrypt
void probe(Context& context, Lane& in);         // path probes: answer or note
void route(Context& context, Lane& in);         // who may send this where?
void mss(Context& context, Lane& in);           // TCP: clamp the segment size
void fragment(Context& context, Lane& in);      // fit to the path, or say that it does not
void esp_out(Context& context, Lane& in);       // encrypt
void esp_fragment(Context& context, Lane& in);  // encrypt, and cut to the path
void vxlan_out(Context& context, Lane& in);     // to nodes: VXLAN on
void neighbour(Context& context, Lane& in);     // Ethernet header
void transmit(Context& context, Lane& in);      // end: a port
void raven0(Context& context, Lane& in);        // end: the kernel's interface for pods of this box
void punt(Context& context, Lane& in);          // end: what is the kernel's business
void drop(Context& context, Lane& in);          // end: counted already, freed here

}  // namespace stage
}  // namespace raven::dataplane
