// Session: a measuring process from outside: commands on stdin, one line of JSON each on stdout.
// SPDX-License-Identifier: Apache-2.0
//
//   sample size=64 packets=2048 seconds=0.2 slowness=112
//   quit
//
// size: bytes of the inner IP packet, or imix.  packets: buffers in flight per round; some hundred
// stay in the caches ("hot"), thousands do not.  A sample is as many rounds as fit into the time,
// at least one.  slowness: how slow the canary around a quiet round may be, in per cent of the best
// times; default: what no neighbour can be.  Reported is the median of quiet rounds:
//
//   {"cycles_per_packet": 131.5, "min": 129.9, "max": 140.2,
//    "ceiling_cycles_per_packet": 56.1, "rounds": 210, "quiet_rounds": 198}
//
// No quiet round within ten times the time: the numbers are of all rounds and quiet_rounds is 0.
// Errors: {"error": "..."}; the process goes on.  While no sample runs the thread waits, it does
// not spin.  Threading: the gateway's thread, as Feeder.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "perf/generator/feeder.h"

namespace raven::perf {

class Session {
 public:
  // `on_quit`: how this process ends.  `extra`: more members of the answer (", \"a\": 1"), or "".
  Session(Feeder& feeder, std::function<void()> on_quit, std::function<std::string()> extra = {});

  // Feeder's on_idle: takes the result of the last round, starts the next, reads commands.
  void on_idle();

 private:
  struct Sample {
    unsigned packets = 512;
    double seconds = 0.1;
    Sizes sizes = {64};
    unsigned slowness_percent_max = Canary::kQuietPercentMax;
    bool is_quiet(const Round& round) const {
      return round.slowness_percent <= slowness_percent_max;
    }
    std::vector<Round> rounds;
    uint64_t begin_tsc = 0;
  };
  bool read_command();  // false: quit
  Status parse_sample(const std::string& line);
  bool is_complete() const;
  void answer();

  Feeder& feeder_;
  const std::function<void()> on_quit_;
  const std::function<std::string()> extra_;
  Sample sample_;
  bool sampling_ = false;
};

}  // namespace raven::perf
