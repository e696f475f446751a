// StageRun: one stage over one burst, seen from outside: where did each packet go?
// SPDX-License-Identifier: Apache-2.0
//
// Stages do not know that they are observed: this compares their lanes before and after.  A packet
// that is in no lane afterwards was given away (end, hand-over) and must not be touched any more.
// Threading: on the stack of the worker.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/inspect/headers.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane {

// Inner packets come in, and a packet may go to the worker that has the SA of Meta::peer.
constexpr bool encrypts(Stage stage) {
  return stage == Stage::kEspOut || stage == Stage::kEspFragment;
}

class StageRun {
 public:
  StageRun(const Context& context, Stage stage, const Lane& in);
  // After the stage has run.
  void finish(const Context& context);

  Stage stage() const { return stage_; }
  std::span<rte_mbuf* const> packets() const { return {packets_.data(), count_}; }
  // Where packets()[i] is now; nothing: given away.  A stage that is not a later one means: held
  // for the next pass.
  std::optional<Stage> went_to(std::size_t i) const { return to_[i]; }

  // Packets that were not in the lane: fragments, each behind the packet that was cut; a packet put
  // together from fragments that came before.
  struct Made {
    rte_mbuf* packet;
    Stage to;
    std::size_t from;  // index into packets()
  };
  std::span<const Made> made() const { return {made_.data(), made_count_}; }

  // What is at the data pointer of a packet of this lane.
  Layer layer_of(rte_mbuf* packet) const;

 private:
  void found(rte_mbuf* packet, Stage to);
  void look_into(const Lane& lane, uint32_t first, Stage to);

  const Stage stage_;
  uint32_t count_;
  uint32_t cursor_ = 0;  // packets mostly keep their order
  uint32_t made_count_ = 0;
  uint32_t held_for_route_, held_for_fragment_;
  std::array<uint32_t, kStageCount> lanes_;
  std::array<rte_mbuf*, kBurst> packets_;
  std::array<std::optional<Stage>, kBurst> to_;
  std::array<Made, kBurst> made_;
};

}  // namespace raven::dataplane
