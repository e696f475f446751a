// StageLoop: the shipped stages with a clock between them; and the bare loop of source and sink.
// SPDX-License-Identifier: Apache-2.0
//
// The clock costs some 20 cycles per stage and burst, so the sum is a little more than what the
// worker's own loop needs.  Threading: one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "dataplane/pipeline/pipeline.h"

namespace raven::perf {

class StageLoop {
 public:
  explicit StageLoop(const dataplane::ContextSetup& setup);

  // Polls all ports once.
  void run_once();

  // ", \"stages\": {\"classify\": 21.0, ...}" in cycles per packet since the last call; "receive"
  // is the ports' part.
  std::string take_json();

 private:
  void receive(dataplane::Port& port);
  void run_stages();

  dataplane::Context context_;
  std::array<uint64_t, dataplane::kStageCount> cycles_{};
  uint64_t receive_cycles_ = 0;
  uint64_t packets_ = 0;
};

// Passes on what it receives, at once: what source and sink cost by themselves.
void pass_on(dataplane::Port& from, dataplane::Port& to);

}  // namespace raven::perf
