// Reassembly: fragments of outer packets for this box, held until their packet is whole.
// SPDX-License-Identifier: Apache-2.0
//
// RFC 4303 section 3.4.1: reassembly comes before ESP.  RFC 5722: when fragments overlap, all of
// them are dropped, those to come included; an exact copy is dropped alone (RFC 8200 section 4.5).
// Memory is bounded: at most kPacketsMax packets, kPacketsPerSourceMax of them from one source,
// kPiecesPerPacketMax pieces each, `pieces_max` in all.  What is new drives out what is oldest, so
// a flood costs those whose fragments are far apart, not those that come together.
//
// Threading: one worker.  It owns the packets that it holds, and frees those it gives up.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/packet/lane.h"
#include "dataplane/stage/counters.h"

namespace raven::dataplane {

// What makes fragments those of one packet (RFC 791, RFC 8200 section 4.5).
struct FragmentKey {
  std::array<uint8_t, 16> source{};  // IPv4 in the first four
  std::array<uint8_t, 16> destination{};
  uint32_t identification = 0;
  uint16_t family = 4;
  uint16_t protocol = 0;  // what is fragmented
  bool operator==(const FragmentKey&) const = default;
};

struct Fragment {
  FragmentKey key;
  uint32_t payload_at = 0;  // from the data pointer
  uint32_t offset = 0;      // of the payload in that of the whole packet
  uint32_t size = 0;        // of the payload
  bool more = false;
  bool kernels = false;  // a first fragment that is not for us: nor are the others
  uint8_t ecn = 0;
};

class Reassembly {
 public:
  static constexpr unsigned kPacketsMax = 256;
  static constexpr unsigned kPacketsPerSourceMax = 64;
  static constexpr unsigned kPiecesPerPacketMax = 16;
  static constexpr uint64_t kTimeoutSeconds = 1;

  Reassembly(unsigned pieces_max, uint64_t tsc_hz, uint64_t hash_key);
  ~Reassembly();
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  enum class Outcome : uint8_t {
    kWaits,    // it is held, or was dropped
    kWhole,    // Result::packet is the first fragment with all payload behind it
    kKernels,  // not ours: the fragment is still the caller's
  };
  struct Result {
    Outcome outcome;
    rte_mbuf* packet = nullptr;
    uint32_t payload_size = 0;
    bool congested = false;  // a fragment was marked (RFC 3168 section 5.3)
  };
  Result add(WorkerCounters& counters, rte_mbuf* packet, const Fragment& piece, uint64_t now_tsc);

  // Something is held: look after it.
  bool busy() const { return newest_ != kNone; }
  // Drops what has waited too long.
  void expire(WorkerCounters& counters, uint64_t now_tsc);
  // Moves held fragments that turned out to be the kernel's to `out`, as many as fit.
  void release(WorkerCounters& counters, Lane& out);

 private:
  using Index = uint16_t;
  static constexpr Index kNone = UINT16_MAX;
  enum class State : uint8_t { kCollects, kKernels, kRefused };

  struct Piece {
    rte_mbuf* packet;
    uint32_t payload_at, offset, size;
    uint32_t end() const { return offset + size; }
  };
  struct Packet {
    FragmentKey key;
    uint64_t deadline_tsc;
    uint32_t total;  // 0: the last fragment is missing
    uint32_t received;
    uint8_t ecns;  // bit e: a fragment had this ECN field
    State state;
    Drop refused_for;
    uint16_t count;
    Index next_in_bucket;
    Index older, newer;
    std::array<Piece, kPiecesPerPacketMax> pieces;
  };

  Index find_or_begin(WorkerCounters& counters, const FragmentKey& key, uint64_t now_tsc);
  Index begin(const FragmentKey& key, uint64_t now_tsc);
  void make_room(WorkerCounters& counters, const FragmentKey& key);
  void evict(WorkerCounters& counters, Index index, Drop reason);
  void end(Index index);
  void give_up(WorkerCounters& counters, Packet& packet, Drop reason);
  void drop(WorkerCounters& counters, rte_mbuf* packet, Drop reason);
  Result store(WorkerCounters& counters, Index index, rte_mbuf* packet, const Fragment& piece);
  Result assemble(WorkerCounters& counters, Index index);

  uint64_t mix(const std::array<uint8_t, 16>& address, uint64_t seed) const;
  uint8_t source_bucket(const FragmentKey& key) const;
  uint8_t bucket(const FragmentKey& key) const;

  const unsigned pieces_max_;
  const uint64_t timeout_tsc_;
  const uint64_t hash_key_;
  std::vector<Packet> packets_;
  std::array<Index, 256> buckets_;
  std::array<uint16_t, 256> of_source_{};
  Index free_;
  Index oldest_ = kNone, newest_ = kNone;
  unsigned pieces_ = 0;
  unsigned kernels_ = 0;  // pieces to be released
};

}  // namespace raven::dataplane
