// Scene: a box and the packets that come to it, made from a seed alone.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/integration/differential/reference_box.h"
#include "tests/lib/random_cases.h"

namespace raven::dataplane::test {

enum class Entry { kPort0, kPort1, kPods, kTap0, kTap1 };

// What comes in at once (to a port), or one after the other (from the kernel).
struct Burst {
  Entry entry;
  std::vector<Bytes> packets;
};

struct Scene {
  BoxSettings box;
  std::vector<Burst> bursts;
  // Not 0: the ports hand over buffers of all kinds, made from this seed.
  uint64_t foreign_buffers = 0;

  std::size_t packets() const;
};

// For a box with these ports; everything else is random.
Scene random_scene(raven::test::Random random, bool shared, bool one_port, const Mac (&macs)[2]);

}  // namespace raven::dataplane::test
