// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/differential/foreign_buffers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/packet/mbuf.h"
#include "tests/unit/dataplane/testing/ring_port.h"

namespace raven::dataplane::test {
namespace {

using raven::test::Random;

constexpr std::size_t kExternalHeadroom = 128;

}  // namespace

rte_mbuf* ForeignBuffers::in_segments(const Bytes& bytes, Random& random) {
  rte_mbuf* head = nullptr;
  std::size_t at = 0;
  for (uint32_t left = random.between(2, 8); left > 0; --left) {
    const auto rest = static_cast<uint32_t>(bytes.size() - at);
    const std::size_t some = random.one_in(3) ? std::min(rest, 1u) : random.between(0, rest);
    const Bytes part = slice(bytes, at, left == 1 ? rest : some);
    at += part.size();
    rte_mbuf* segment = make_packet(pool_, part);
    if (head == nullptr)
      head = segment;
    else
      EXPECT_EQ(rte_pktmbuf_chain(head, segment), 0);
  }
  return head;
}

rte_mbuf* ForeignBuffers::in_external(const Bytes& bytes) {
  externals_.push_back(std::make_unique<External>());
  External& external = *externals_.back();
  external.memory = Bytes(kExternalHeadroom) + bytes + Bytes(kExternalHeadroom);
  external.info.free_cb = [](void*, void*) {};
  external.info.fcb_opaque = nullptr;
  rte_mbuf_ext_refcnt_set(&external.info, 1);
  rte_mbuf* packet = pool_.take();
  rte_pktmbuf_attach_extbuf(
      packet, external.memory.data(), 0, static_cast<uint16_t>(external.memory.size()),
      &external.info
  );
  packet->data_off = kExternalHeadroom;
  set_size(packet, static_cast<uint32_t>(bytes.size()));
  return packet;
}

rte_mbuf* ForeignBuffers::make(const Bytes& bytes, Random& random) {
  switch (random.below(5)) {
    case 0: {  // shared
      rte_mbuf* packet = make_packet(pool_, bytes);
      rte_mbuf_refcnt_update(packet, 1);
      hold(packet, bytes);
      return packet;
    }
    case 1: {
      rte_mbuf* packet = make_packet(pool_, bytes);
      hold(packet, bytes);
      return rte_pktmbuf_clone(packet, pool_.raw());
    }
    case 2: {
      rte_mbuf* packet = make_packet(pool_, bytes);
      hold(rte_pktmbuf_clone(packet, pool_.raw()), bytes);
      return packet;
    }
    case 3:
      return in_external(bytes);
    default:
      return in_segments(bytes, random);
  }
}

bool ForeignBuffers::unchanged() const {
  const auto is_as_it_was = [](const Held& held) {
    const uint8_t* data = bytes_of(held.packet);
    return Bytes(data, data + held.packet->data_len) == held.bytes;
  };
  return std::all_of(held_.begin(), held_.end(), is_as_it_was);
}

void ForeignBuffers::let_go() {
  for (const Held& held : held_) rte_pktmbuf_free(held.packet);
  held_.clear();
  externals_.clear();
}

}  // namespace raven::dataplane::test
