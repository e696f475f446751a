// Measuring of the TSC, and DPDK's own way to it cut short.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/tsc.h"

#include <rte_cycles.h>

#include <chrono>
#include <thread>

namespace raven::dataplane {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kSleep{10};
constexpr unsigned kReadings = 8;

struct Reading {
  uint64_t tsc = 0;
  Clock::time_point time;
  uint64_t uncertain = UINT64_MAX;  // cycles
};

// Of some readings the one that took least: whoever was preempted in between does not count.
Reading read_both() {
  Reading best;
  for (unsigned i = 0; i < kReadings; ++i) {
    const uint64_t before = rte_rdtsc();
    const Clock::time_point time = Clock::now();
    const uint64_t uncertain = rte_rdtsc() - before;
    if (uncertain < best.uncertain) best = {before + uncertain / 2, time, uncertain};
  }
  return best;
}

}  // namespace

uint64_t measure_tsc_hz() {
  const Reading begin = read_both();
  std::this_thread::sleep_for(kSleep);
  const Reading end = read_both();
  const std::chrono::duration<double> passed = end.time - begin.time;
  return static_cast<uint64_t>(static_cast<double>(end.tsc - begin.tsc) / passed.count());
}

}  // namespace raven::dataplane

// The linker puts this in the place of EAL's get_tsc_freq() (--wrap, see ../CMakeLists.txt), which
// sleeps for 100 ms: a third of a restart.  DPDK 22.11 calls it where the CPU does not tell its
// frequency, and without an argument; 24.11 calls it always, with what the CPU tells.  That is
// rounded by some CPUs and hypervisors, so it is never looked at.  If a DPDK to come has no such
// function, nothing is replaced and a start takes that much longer.
extern "C" uint64_t __wrap_get_tsc_freq(uint64_t) {  // NOLINT: the linker's name
  return raven::dataplane::measure_tsc_hz();
}
