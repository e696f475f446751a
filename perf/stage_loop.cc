// SPDX-License-Identifier: Apache-2.0
#include "perf/stage_loop.h"

#include <fmt/format.h>
#include <rte_cycles.h>

namespace raven::perf {

using namespace dataplane;

StageLoop::StageLoop(const ContextSetup& setup) : context_{setup} {}

void StageLoop::run_once() {
  context_.load_tables();
  for (const std::unique_ptr<Port>& port : context_.setup.ports) receive(*port);
}

void StageLoop::receive(Port& port) {
  Lane& lane = context_.lane(Stage::kClassify);
  const uint64_t begin = rte_rdtsc();
  lane.count = port.receive(0, lane.begin(), kBurst);
  if (lane.empty()) return;
  receive_cycles_ += rte_rdtsc() - begin;
  packets_ += lane.count;
  context_.receive_port = &port;
  run_stages();
}

void StageLoop::run_stages() {
  uint64_t before = rte_rdtsc();
  for (std::size_t i = 0; i < kStageCount; ++i) {
    if (context_.lanes[i].empty()) continue;
    run_stage(context_, static_cast<Stage>(i));
    const uint64_t now = rte_rdtsc();
    cycles_[i] += now - before;
    before = now;
  }
}

std::string StageLoop::take_json() {
  const auto per_packet = [this](uint64_t cycles) {
    return static_cast<double>(cycles) / static_cast<double>(packets_);
  };
  std::string json =
      fmt::format(", \"stages\": {{\"receive\": {:.1f}", per_packet(receive_cycles_));
  for (std::size_t i = 0; i < kStageCount; ++i)
    if (cycles_[i] > 0)
      json += fmt::format(", \"{}\": {:.1f}", pipeline()[i].name, per_packet(cycles_[i]));
  cycles_ = {};
  receive_cycles_ = packets_ = 0;
  return json + "}";
}

void pass_on(Port& from, Port& to) {
  std::array<rte_mbuf*, kBurst> packets;
  const uint16_t count = from.receive(0, packets.data(), kBurst);
  if (count > 0) to.transmit(0, packets.data(), count);
}

}  // namespace raven::perf
