// Comparing lanes before and after a stage.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/stage_run.h"

#include <algorithm>

namespace raven::dataplane {

StageRun::StageRun(const Context& context, Stage stage, const Lane& in)
    : stage_{stage},
      count_{in.count},
      held_for_route_{context.held_for_route.count},
      held_for_fragment_{context.held_for_fragment.count} {
  std::copy_n(in.packets.begin(), count_, packets_.begin());
  for (std::size_t i = 0; i < kStageCount; ++i) lanes_[i] = context.lanes[i].count;
}

void StageRun::finish(const Context& context) {
  for (auto i = static_cast<std::size_t>(stage_) + 1; i < kStageCount; ++i)
    look_into(context.lanes[i], lanes_[i], static_cast<Stage>(i));
  look_into(context.held_for_route, held_for_route_, Stage::kRoute);
  look_into(context.held_for_fragment, held_for_fragment_, Stage::kFragment);
}

void StageRun::look_into(const Lane& lane, uint32_t first, Stage to) {
  for (uint32_t i = first; i < lane.count; ++i) found(lane.packets[i], to);
}

void StageRun::found(rte_mbuf* packet, Stage to) {
  for (uint32_t step = 1; step <= count_; ++step) {
    const uint32_t at = (cursor_ + step) % count_;
    if (packets_[at] != packet) continue;
    to_[at] = to;
    cursor_ = at;
    return;
  }
  if (made_count_ < made_.size()) made_[made_count_++] = {packet, to, cursor_};
}

Layer StageRun::layer_of(rte_mbuf* packet) const {
  bool frames = stage_ == Stage::kClassify || stage_ == Stage::kReassemble ||
                stage_ == Stage::kTransmit || stage_ == Stage::kPunt;
  if (stage_ == Stage::kInbox) {
    const Entry entry = meta(packet).entry;
    frames = entry == Entry::kKernelFrame || entry == Entry::kFragment;
  }
  return frames ? Layer::kEthernet : Layer::kIp;
}

}  // namespace raven::dataplane
