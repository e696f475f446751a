// Copies of packets, taken around stages.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/capture.h"

#include <rte_cycles.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"

namespace raven::dataplane {
namespace {

constexpr std::array<std::string_view, kCapturePoints> kNames{
    "rx", "tx", "clear-out", "clear-in", "drop"};

// Of a packet in the lane of esp_in.
uint32_t spi_of_esp(rte_mbuf* packet) {
  const Meta& info = meta(packet);
  const auto* spi = view_at<Be32>(bytes_of(packet), packet->data_len, info.esp_offset);
  return spi == nullptr ? 0 : spi->host();
}

PeerIndex peer_by_inbound_spi(const Context& context, uint32_t spi) {
  const SadEntry* entry = spi == 0 ? nullptr : context.sad->find(spi);
  return entry == nullptr ? kNoPeer : entry->peer;
}

const OutboundSa* outbound_sa(const Context& context, PeerIndex peer) {
  const PeerTable& peers = context.setup.tables->peers;
  if (peer.value() >= peers.size()) return nullptr;
  return peers[peer].outbound[context.setup.worker.value()].load(std::memory_order_acquire);
}

// Of an ESP packet about to be sent.  Its Meta is right only if it came through esp_out.
PeerIndex peer_by_outbound_spi(const Context& context, const Meta& info, uint32_t spi) {
  const OutboundSa* sa = spi == 0 ? nullptr : outbound_sa(context, info.peer);
  return sa != nullptr && sa->spi().value() == spi ? info.peer : kNoPeer;
}

}  // namespace

std::string_view capture_point_name(CapturePoint point) {
  return kNames[static_cast<std::size_t>(point)];
}

std::size_t CapturePlace::index() const {
  switch (point) {
    case CapturePoint::kReceive:
      return port.value();
    case CapturePoint::kTransmit:
      return kPortsMax + port.value();
    case CapturePoint::kClearOut:
      return std::size_t{2} * kPortsMax;
    case CapturePoint::kClearIn:
      return std::size_t{2} * kPortsMax + 1;
    case CapturePoint::kDrop:
      return std::size_t{2} * kPortsMax + (layer == Layer::kEthernet ? 2 : 3);
  }
  return 0;
}

Capture::Capture(const CaptureOptions& options, unsigned workers)
    : options_{options},
      limited_{options.packets != 0},
      left_{static_cast<int64_t>(options.packets)} {
  for (unsigned worker = 0; worker < workers; ++worker) desks_.emplace_back(options.ring_bytes);
}

void Capture::before(const Context& context, const StageRun& run) {
  if (done()) return;
  if (run.stage() == Stage::kClassify && wants(CapturePoint::kReceive)) take_received(context, run);
  if (run.stage() == Stage::kTransmit && wants(CapturePoint::kTransmit))
    take_early(context, run, CapturePoint::kTransmit);
  if (encrypts(run.stage()) && wants(CapturePoint::kClearOut))
    take_early(context, run, CapturePoint::kClearOut);
  if (run.stage() != Stage::kEspIn) return;
  Desk& desk = desk_of(context);
  for (std::size_t i = 0; i < run.packets().size(); ++i) desk.spi[i] = spi_of_esp(run.packets()[i]);
}

void Capture::after(const Context& context, const StageRun& run) {
  Desk& desk = desk_of(context);
  for (std::size_t i = 0; i < run.packets().size(); ++i) settle(run, desk, i);
  if (run.stage() == Stage::kEspIn && wants(CapturePoint::kClearIn)) take_decrypted(context, run);
  if (wants(CapturePoint::kDrop)) take_dropped(context, run);
  desk.ring.publish();
}

void Capture::take_received(const Context& context, const StageRun& run) {
  const PortIndex port = context.receive_port->index();
  Facts facts;
  facts.place = {CapturePoint::kReceive, port, Layer::kEthernet};
  for (rte_mbuf* packet : run.packets()) take(context, packet, facts);
}

// Where the packet is gone, or encrypted, afterwards.
void Capture::take_early(const Context& context, const StageRun& run, CapturePoint point) {
  Desk& desk = desk_of(context);
  for (std::size_t i = 0; i < run.packets().size(); ++i) {
    rte_mbuf* packet = run.packets()[i];
    const Meta& info = meta(packet);
    Facts facts;
    if (point == CapturePoint::kTransmit) {
      facts.place = {point, info.port, Layer::kEthernet};
    } else {
      const OutboundSa* sa = outbound_sa(context, info.peer);
      if (sa == nullptr) continue;  // handed over, or dropped
      facts.place = {point, PortIndex{kNoIndex}, Layer::kIp};
      facts.peer = info.peer;
      facts.spi = sa->spi().value();
    }
    desk.open[i] = take(context, packet, facts);
  }
}

void Capture::settle(const StageRun& run, Desk& desk, std::size_t i) {
  CaptureRecord* record = std::exchange(desk.open[i], nullptr);
  if (record != nullptr && run.went_to(i) == Stage::kDrop)
    record->drop = meta(run.packets()[i]).drop;
}

void Capture::take_decrypted(const Context& context, const StageRun& run) {
  const Desk& desk = desk_of(context);
  for (std::size_t i = 0; i < run.packets().size(); ++i) {
    const std::optional<Stage> to = run.went_to(i);
    if (to != Stage::kRoute && to != Stage::kProbe) continue;
    rte_mbuf* packet = run.packets()[i];
    const CapturePlace place{CapturePoint::kClearIn, PortIndex{kNoIndex}, Layer::kIp};
    Facts facts;
    facts.place = place;
    facts.peer = meta(packet).peer;
    facts.spi = desk.spi[i];
    take(context, packet, facts);
  }
}

void Capture::take_dropped(const Context& context, const StageRun& run) {
  for (std::size_t i = 0; i < run.packets().size(); ++i) {
    rte_mbuf* packet = run.packets()[i];
    if (run.went_to(i) != Stage::kDrop) continue;
    const CapturePlace place{CapturePoint::kDrop, PortIndex{kNoIndex}, run.layer_of(packet)};
    Facts facts;
    facts.place = place;
    facts.drop = meta(packet).drop;
    if (encrypts(run.stage())) facts.peer = meta(packet).peer;
    take(context, packet, facts);
  }
}

bool Capture::matches(rte_mbuf* packet, const Headers& headers, const Facts& facts) const {
  const Filter& filter = options_.filter;
  Filter::Bits seen = filter.of_headers(headers);
  const uint8_t* bytes = bytes_of(packet);
  seen |= filter.of_headers(read_vxlan_inner(bytes, packet->data_len, headers));
  if (facts.spi != 0) seen |= filter.of_spi(facts.spi);
  if (facts.peer != kNoPeer) seen |= filter.of_peer(facts.peer);
  if (facts.drop) seen |= filter.of_drop(*facts.drop);
  if (facts.place.point == CapturePoint::kReceive) seen |= filter.of_ingress(facts.place.port);
  const Filter::Bits wanted = filter.wanted();
  return (seen & wanted) == wanted;
}

bool Capture::take_one_of_the_rest() {
  if (left_.fetch_sub(1, std::memory_order_relaxed) > 0 || !limited_) return true;
  left_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

// The copy, not yet published; nullptr: not wanted, or lost.
CaptureRecord* Capture::take(const Context& context, rte_mbuf* packet, Facts facts) {
  const uint8_t* bytes = bytes_of(packet);
  const Headers headers = read_headers(bytes, packet->data_len, facts.place.layer);
  if (facts.spi == 0) facts.spi = headers.spi;
  if (facts.place.point == CapturePoint::kReceive)
    facts.peer = peer_by_inbound_spi(context, facts.spi);
  if (facts.place.point == CapturePoint::kTransmit)
    facts.peer = peer_by_outbound_spi(context, meta(packet), facts.spi);
  if (!matches(packet, headers, facts)) return nullptr;
  if (!take_one_of_the_rest()) return nullptr;
  Desk& desk = desk_of(context);
  const std::size_t place = facts.place.index();
  const uint32_t kept = std::min<uint32_t>(packet->data_len, options_.snap_length);
  uint8_t* room = desk.ring.reserve(static_cast<uint32_t>(sizeof(CaptureRecord)) + kept);
  if (room == nullptr) {
    desk.lost[place].add(1);
    left_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  desk.taken[place].add(1);
  std::memcpy(room + sizeof(CaptureRecord), bytes, kept);
  return ::new (room) CaptureRecord{
      .tsc = rte_rdtsc(),
      .size = packet->data_len,
      .kept = kept,
      .spi = facts.spi,
      .place = facts.place,
      .peer = facts.peer,
      .worker = context.setup.worker,
      .drop = facts.drop};
}

uint64_t Capture::taken(std::size_t place) const {
  uint64_t sum = 0;
  for (const Desk& desk : desks_) sum += desk.taken[place].value();
  return sum;
}

uint64_t Capture::lost(std::size_t place) const {
  uint64_t sum = 0;
  for (const Desk& desk : desks_) sum += desk.lost[place].value();
  return sum;
}

}  // namespace raven::dataplane
