// Frames of an attacker.
// SPDX-License-Identifier: Apache-2.0
#include "perf/generator/flood.h"

#include <cstring>

#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"

namespace raven::perf {
namespace {

using namespace dataplane;

constexpr uint32_t kEspOffset = sizeof(wire::Ethernet) + sizeof(wire::Ipv4);
constexpr uint16_t kEtherArp = 0x0806;

void spoil_one(FloodKind kind, rte_mbuf* frame, rte_mbuf* original) {
  uint8_t* bytes = bytes_of(frame);
  switch (kind) {
    case FloodKind::kUnknownSpi:
      std::memset(bytes + kEspOffset, 0xee, 4);
      return;
    case FloodKind::kBadIcv:
      bytes[frame->data_len - 1] ^= 0xff;
      return;
    case FloodKind::kReplay:
      set_size(frame, original->data_len);
      std::memcpy(bytes, bytes_of(original), original->data_len);
      return;
    case FloodKind::kPunt: {
      auto& header = *reinterpret_cast<wire::Ethernet*>(bytes);
      std::memset(header.destination, 0xff, sizeof(header.destination));
      header.type = Be16::from_host(kEtherArp);
      return;
    }
    case FloodKind::kSpoof:
    case FloodKind::kNone:
      return;
  }
}

}  // namespace

unsigned Flood::legitimate(unsigned count) const {
  unsigned kept = 0;
  for (unsigned i = 0; i < count; ++i) kept += hits(i) ? 0 : 1;
  return kept;
}

void Flood::spoil(std::span<rte_mbuf* const> frames) const {
  for (std::size_t i = 0; i < frames.size(); ++i)
    if (hits(i)) spoil_one(kind, frames[i], frames[0]);
}

}  // namespace raven::perf
