// ForeignBuffers: packets as drivers and rings may hand them over, not plain buffers of our own.
// SPDX-License-Identifier: Apache-2.0
//
// Segments of any size, buffers that somebody else holds too, clones, external memory.  What the
// others hold must not change.
#pragma once

#include <rte_mbuf.h>

#include <memory>
#include <vector>

#include "dataplane/port/packet_pool.h"
#include "tests/lib/random_cases.h"
#include "tests/unit/dataplane/testing/packet_builder.h"

namespace raven::dataplane::test {

class ForeignBuffers {
 public:
  explicit ForeignBuffers(PacketPool& pool) : pool_{pool} {}
  ~ForeignBuffers() { let_go(); }

  // The bytes in a buffer of a random kind.
  rte_mbuf* make(const Bytes& bytes, raven::test::Random& random);
  // Nobody has written into what the other holders read.
  bool unchanged() const;
  // The other holders are done.
  void let_go();

 private:
  struct External {
    Bytes memory;
    rte_mbuf_ext_shared_info info;
  };
  struct Held {
    rte_mbuf* packet;
    Bytes bytes;
  };

  rte_mbuf* in_segments(const Bytes& bytes, raven::test::Random& random);
  rte_mbuf* in_external(const Bytes& bytes);
  void hold(rte_mbuf* packet, const Bytes& bytes) { held_.push_back({packet, bytes}); }

  PacketPool& pool_;
  std::vector<Held> held_;
  std::vector<std::unique_ptr<External>> externals_;
};

}  // namespace raven::dataplane::test
