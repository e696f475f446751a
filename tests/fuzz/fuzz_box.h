// FuzzBox: the BoxBench of the unit tests, kept over many runs, with checks after each of them.
// SPDX-License-Identifier: Apache-2.0
//
// While stages run that only read a packet, the bytes behind it are poisoned: AddressSanitizer
// then sees what is read beyond a packet, though all buffers are one piece of memory to it.
// After each run every packet is accounted for, every buffer is back, whatever was sent is well
// formed, and the WAN has seen nothing but ESP that the far end can open.
#pragma once

#include "tests/fuzz/fuzz.h"
#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::fuzz {

class FuzzBox {
 public:
  // Of the process: made with the first call, like the EAL under it.
  static FuzzBox& with(const dataplane::test::BenchOptions& options);

  // Puts a packet in front of its first stage.  run() takes it through the others.
  void put_frame(dataplane::Port& port, const Bytes& frame);
  void put_from_kernel(const Bytes& ip);
  void put_from_tap(dataplane::Port& port, const Bytes& frame);
  // One row of the pipeline; what it was given is in its lane.
  void run_stage(dataplane::Stage stage);
  // True if a packet waits in front of that stage.
  bool waits_at(dataplane::Stage stage);

  // Inner packets that went into the tunnel, opened by the far end; and the rest of what came out.
  struct Output {
    std::vector<Bytes> tunnel, lan, kernel;
  };
  // Runs all stages.  Fragments may be held afterwards.
  Output run();
  // The end of a run: lets what is held expire, and looks that nothing is missing.
  void settle();

  uint64_t errors_made() const;  // ICMP errors, and fragments beyond the first
  dataplane::test::BoxBench& bench() { return bench_; }

 private:
  explicit FuzzBox(const dataplane::test::BenchOptions& options);
  void run_stages();
  Output collect();
  void take_frame(dataplane::Port& port, const Bytes& frame, Output& output);

  dataplane::test::BoxBench bench_;
  unsigned buffers_at_start_;
  bool tap_was_used_ = false;
};

// A packet whose headers have the right lengths and checksum is looked at in depth: puts the right
// checksum into the IPv4 header at `offset`, if one fits there.
void repair_ipv4_checksum(Bytes& bytes, std::size_t offset);

}  // namespace raven::fuzz
