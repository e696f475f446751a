// The table of incomplete packets: a hash over index chains, a list in order of age.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/reassembly.h"

#include <algorithm>
#include <cstring>

#include "dataplane/packet/mbuf.h"

namespace raven::dataplane {
namespace {

constexpr uint8_t kNotEct = 0, kCe = 3;

bool same_bytes(const rte_mbuf* a, uint32_t a_at, const rte_mbuf* b, uint32_t b_at, uint32_t size) {
  return std::memcmp(
             rte_pktmbuf_mtod_offset(a, const uint8_t*, a_at),
             rte_pktmbuf_mtod_offset(b, const uint8_t*, b_at), size
         ) == 0;
}

}  // namespace

Reassembly::Reassembly(unsigned pieces_max, uint64_t tsc_hz, uint64_t hash_key)
    : pieces_max_{pieces_max},
      timeout_tsc_{kTimeoutSeconds * tsc_hz},
      hash_key_{hash_key | 1},
      packets_(kPacketsMax),
      free_{0} {
  buckets_.fill(kNone);
  for (Index i = 0; i < kPacketsMax; ++i)
    packets_[i].next_in_bucket = i + 1u < kPacketsMax ? static_cast<Index>(i + 1) : kNone;
}

Reassembly::~Reassembly() {
  for (Index i = oldest_; i != kNone; i = packets_[i].newer)
    for (unsigned k = 0; k < packets_[i].count; ++k) rte_pktmbuf_free(packets_[i].pieces[k].packet);
}

uint64_t Reassembly::mix(const std::array<uint8_t, 16>& address, uint64_t seed) const {
  uint64_t words[2];
  std::memcpy(words, address.data(), sizeof(words));
  seed = (seed ^ words[0]) * hash_key_;
  seed = (seed ^ seed >> 32 ^ words[1]) * hash_key_;
  return seed ^ seed >> 29;
}

uint8_t Reassembly::source_bucket(const FragmentKey& key) const {
  return static_cast<uint8_t>(mix(key.source, key.family) >> 56);
}

uint8_t Reassembly::bucket(const FragmentKey& key) const {
  const uint64_t seed = uint64_t{key.identification} << 16 | key.protocol;
  return static_cast<uint8_t>(mix(key.destination, mix(key.source, seed)) >> 56);
}

void Reassembly::drop(WorkerCounters& counters, rte_mbuf* packet, Drop reason) {
  counters.drops.add(Stage::kReassemble, reason);
  rte_pktmbuf_free(packet);
}

// The entry stays until its time is over, so that fragments to come share its fate.
void Reassembly::give_up(WorkerCounters& counters, Packet& packet, Drop reason) {
  for (unsigned i = 0; i < packet.count; ++i) drop(counters, packet.pieces[i].packet, reason);
  pieces_ -= packet.count;
  if (packet.state == State::kKernels) kernels_ -= packet.count;
  packet.count = 0;
  packet.state = State::kRefused;
  packet.refused_for = reason;
  counters.waiting.set(pieces_);
}

void Reassembly::evict(WorkerCounters& counters, Index index, Drop reason) {
  give_up(counters, packets_[index], reason);
  end(index);
}

// Out of all lists.  REQUIRES: it holds no pieces.
void Reassembly::end(Index index) {
  Packet& packet = packets_[index];
  Index* link = &buckets_[bucket(packet.key)];
  while (*link != index) link = &packets_[*link].next_in_bucket;
  *link = packet.next_in_bucket;
  (packet.older == kNone ? oldest_ : packets_[packet.older].newer) = packet.newer;
  (packet.newer == kNone ? newest_ : packets_[packet.newer].older) = packet.older;
  --of_source_[source_bucket(packet.key)];
  packet.next_in_bucket = free_;
  free_ = index;
}

Reassembly::Index Reassembly::begin(const FragmentKey& key, uint64_t now_tsc) {
  const Index index = free_;
  Packet& packet = packets_[index];
  free_ = packet.next_in_bucket;
  packet.key = key;
  packet.deadline_tsc = now_tsc + timeout_tsc_;
  packet.total = packet.received = 0;
  packet.ecns = 0;
  packet.state = State::kCollects;
  packet.count = 0;
  Index& head = buckets_[bucket(key)];
  packet.next_in_bucket = head;
  head = index;
  packet.older = newest_;
  packet.newer = kNone;
  (newest_ == kNone ? oldest_ : packets_[newest_].newer) = index;
  newest_ = index;
  ++of_source_[source_bucket(key)];
  return index;
}

// At most one walk over kPacketsMax entries, and only for a source at its limit.
void Reassembly::make_room(WorkerCounters& counters, const FragmentKey& key) {
  Index victim = kNone;
  if (of_source_[source_bucket(key)] >= kPacketsPerSourceMax) {
    victim = oldest_;
    while (source_bucket(packets_[victim].key) != source_bucket(key))
      victim = packets_[victim].newer;
  } else if (free_ == kNone) {
    victim = oldest_;
  }
  if (victim != kNone) evict(counters, victim, Drop::kFragCap);
}

Reassembly::Index Reassembly::find_or_begin(
    WorkerCounters& counters, const FragmentKey& key, uint64_t now_tsc
) {
  for (Index i = buckets_[bucket(key)]; i != kNone; i = packets_[i].next_in_bucket)
    if (packets_[i].key == key) return i;
  make_room(counters, key);
  return begin(key, now_tsc);
}

Reassembly::Result Reassembly::add(
    WorkerCounters& counters, rte_mbuf* packet, const Fragment& piece, uint64_t now_tsc
) {
  expire(counters, now_tsc);
  const Index index = find_or_begin(counters, piece.key, now_tsc);
  Packet& whole = packets_[index];
  if (piece.kernels && whole.state == State::kCollects) {
    whole.state = State::kKernels;
    kernels_ += whole.count;
  }
  if (whole.state == State::kKernels) return {Outcome::kKernels};
  if (whole.state == State::kRefused) {
    drop(counters, packet, whole.refused_for);
    return {Outcome::kWaits};
  }
  return store(counters, index, packet, piece);
}

Reassembly::Result Reassembly::store(
    WorkerCounters& counters, Index index, rte_mbuf* packet, const Fragment& piece
) {
  Packet& whole = packets_[index];
  const auto refuse_all = [&](Drop reason) {
    drop(counters, packet, reason);
    give_up(counters, whole, reason);
    return Result{Outcome::kWaits};
  };
  const uint32_t end_of_piece = piece.offset + piece.size;
  for (unsigned i = 0; i < whole.count; ++i) {
    const Piece& other = whole.pieces[i];
    if (end_of_piece <= other.offset || other.end() <= piece.offset) continue;
    const bool copy =
        other.offset == piece.offset && other.size == piece.size &&
        same_bytes(other.packet, other.payload_at, packet, piece.payload_at, piece.size);
    if (!copy) return refuse_all(Drop::kFragOverlap);
    drop(counters, packet, Drop::kFragDuplicate);
    return {Outcome::kWaits};
  }
  // Two ends, or something behind the end, are as contradictory as an overlap.
  const bool contradicts =
      piece.more ? whole.total != 0 && end_of_piece > whole.total
                 : whole.total != 0 || std::any_of(
                                           whole.pieces.begin(), whole.pieces.begin() + whole.count,
                                           [&](const Piece& p) { return p.end() > end_of_piece; }
                                       );
  if (contradicts) return refuse_all(Drop::kFragOverlap);
  while (pieces_ >= pieces_max_ && oldest_ != index) evict(counters, oldest_, Drop::kFragCap);
  if (whole.count == kPiecesPerPacketMax || pieces_ >= pieces_max_)
    return refuse_all(Drop::kFragCap);

  whole.pieces[whole.count++] = {packet, piece.payload_at, piece.offset, piece.size};
  whole.received += piece.size;
  whole.ecns = static_cast<uint8_t>(whole.ecns | 1 << piece.ecn);
  if (!piece.more) whole.total = end_of_piece;
  counters.waiting.set(++pieces_);
  if (whole.total == 0 || whole.received != whole.total) return {Outcome::kWaits};
  return assemble(counters, index);
}

// Without overlaps, as many bytes as the total means every byte once.
Reassembly::Result Reassembly::assemble(WorkerCounters& counters, Index index) {
  Packet& whole = packets_[index];
  const auto pieces_end = whole.pieces.begin() + whole.count;
  const Piece first = *std::find_if(whole.pieces.begin(), pieces_end, [](const Piece& piece) {
    return piece.offset == 0;
  });
  const bool congested = (whole.ecns & 1 << kCe) != 0;
  // Marked, though another fragment says that its flow does not know marks.
  const bool ecn_good = !congested || (whole.ecns & 1 << kNotEct) == 0;
  const Result result{Outcome::kWhole, first.packet, whole.total, congested};
  const uint32_t size = first.payload_at + whole.total;
  // ESP works in one buffer; the cipher may read up to 64 bytes behind the packet.
  const bool fits = first.packet->data_off + size + 64u <= first.packet->buf_len;
  if (!fits || !ecn_good) {
    give_up(counters, whole, fits ? drop_of(EspVerdict::kEcn) : Drop::kSegments);
    return {Outcome::kWaits};
  }
  for (auto piece = whole.pieces.begin(); piece != pieces_end; ++piece) {
    if (piece->packet == first.packet) continue;
    std::memcpy(
        bytes_of(first.packet) + first.payload_at + piece->offset,
        bytes_of(piece->packet) + piece->payload_at, piece->size
    );
    drop(counters, piece->packet, Drop::kFragMerged);
  }
  set_size(first.packet, size);
  pieces_ -= whole.count;
  whole.count = 0;
  end(index);
  counters.waiting.set(pieces_);
  return result;
}

void Reassembly::expire(WorkerCounters& counters, uint64_t now_tsc) {
  while (oldest_ != kNone && packets_[oldest_].deadline_tsc <= now_tsc)
    evict(counters, oldest_, Drop::kFragTimeout);
}

void Reassembly::release(WorkerCounters& counters, Lane& out) {
  if (kernels_ == 0) return;
  for (Index i = oldest_; i != kNone && kernels_ > 0; i = packets_[i].newer) {
    Packet& packet = packets_[i];
    if (packet.state != State::kKernels) continue;
    while (packet.count > 0 && out.count < kBurst) {
      out.push(packet.pieces[--packet.count].packet);
      --kernels_;
      --pieces_;
    }
  }
  counters.waiting.set(pieces_);
}

}  // namespace raven::dataplane
