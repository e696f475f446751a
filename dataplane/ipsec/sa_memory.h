// SaMemory: words of an SA that must outlive its process, where the owner of that memory put them.
// SPDX-License-Identifier: Apache-2.0
//
// With no memory given the SA keeps everything to itself, and a crash loses it.  The memory must
// outlive the SA; it is written by the owner worker without a system call.
#pragma once

#include <atomic>
#include <cstdint>

namespace raven::dataplane {

// An outbound SA reserves sequence numbers in blocks of this many: one store for a million packets.
// After a crash the rest of the block is lost; 1000 crashes cost 2^30 of 2^64 numbers (without ESN
// of 2^32, and a re-key).  A receiver sees a jump of at most one block.
inline constexpr uint64_t kReservedNumbers = uint64_t{1} << 20;

struct SaMemory {
  // Outbound: seal(n), where no number above n * kReservedNumbers was ever used.
  std::atomic<uint64_t>* mark = nullptr;
  // Inbound: ReplayWindow::words(size) words.
  uint64_t* window = nullptr;
  bool window_is_kept = false;  // it holds what was received before; else it is initialised
};

}  // namespace raven::dataplane
