// Ports over rings, and the rounds.
// SPDX-License-Identifier: Apache-2.0
#include "perf/generator/feeder.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ring.h>
#include <x86intrin.h>

#include <algorithm>
#include <random>

namespace raven::perf {
namespace {

constexpr unsigned kEmptyPollsMax = 100000;  // then what is missing is lost

}  // namespace

Feeder::~Feeder() = default;

Result<std::unique_ptr<Feeder>> Feeder::create(
    const RingPorts& ports, const Tunnels& tunnels, Work work, unsigned queue, unsigned worker,
    Flood flood
) {
  std::unique_ptr<Feeder> feeder{new Feeder};
  RAVEN_ASSIGN(feeder->traffic_, Traffic::create(tunnels, work, worker, flood));
  feeder->flood_ = flood;
  const bool encrypt = work == Work::kEncrypt;
  const RingPorts::Port& from = encrypt ? ports.lan() : ports.wan();
  const RingPorts::Port& to = encrypt ? ports.wan() : ports.lan();
  feeder->source_ = from.queues[queue].receive;
  feeder->sink_ = to.queues[worker].transmit;
  feeder->source_id_ = from.id;
  feeder->source_queue_ = static_cast<uint16_t>(queue);
  return feeder;
}

Status Feeder::attach(rte_mempool* pool, unsigned packets, std::function<void()> on_idle) {
  pool_ = pool;
  buffers_.resize(packets);
  if (rte_pktmbuf_alloc_bulk(pool, buffers_.data(), packets) != 0)
    return Error{
        ErrorCode::kUnavailable, fmt::format("{} packet buffers: pool too small", packets)};
  std::shuffle(buffers_.begin(), buffers_.end(), std::mt19937{1});
  on_idle_ = std::move(on_idle);
  if (rte_eth_add_rx_callback(source_id_, source_queue_, on_receive, this) == nullptr)
    return errno_error("install a receive callback", rte_errno);
  return {};
}

uint16_t Feeder::on_receive(uint16_t, uint16_t, rte_mbuf**, uint16_t count, uint16_t, void* self) {
  if (count == 0) [[unlikely]]
    static_cast<Feeder*>(self)->poll_empty();
  return count;
}

void Feeder::poll_empty() {
  const uint64_t now = __rdtsc();
  if (running_) {
    const unsigned arrived = rte_ring_count(sink_);
    if (arrived < expected_ && ++empty_polls_ < kEmptyPollsMax) return note_waiting(now, arrived);
    end_round(now);
  }
  on_idle_();
  if (!running_) return;
  slowness_before_ = canary_->slowness_percent();
  begin_tsc_ = __rdtsc();
}

// A gateway that keeps the last packets back until a timer of its own sends them (ipsec-secgw does,
// with ciphers of several lanes) has no work meanwhile.
void Feeder::note_waiting(uint64_t now, unsigned arrived) {
  if (empty_polls_ > 1 && arrived == arrived_before_) waiting_cycles_ += now - empty_poll_tsc_;
  empty_poll_tsc_ = now;
  arrived_before_ = arrived;
}

bool Feeder::take_buffers(unsigned packets) {
  in_round_.resize(packets);
  if (flood_.any()) return rte_pktmbuf_alloc_bulk(pool_, in_round_.data(), packets) == 0;
  for (rte_mbuf*& packet : in_round_) {
    packet = buffers_[next_buffer_];
    next_buffer_ = (next_buffer_ + 1) % buffers_.size();
  }
  return true;
}

void Feeder::begin_round(unsigned packets, const Sizes& sizes) {
  // Here, not at start: it must know this core at its best.
  if (canary_ == nullptr) canary_ = std::make_unique<Canary>();
  packets = std::min(packets, capacity());
  if (!take_buffers(packets)) {
    lost_ = packets;
    return;
  }
  sizes_ = sizes;
  traffic_->write(in_round_, sizes_);
  std::vector<void*> pointers(in_round_.begin(), in_round_.end());
  rte_ring_enqueue_bulk(source_, pointers.data(), packets, nullptr);
  offered_ = packets;
  expected_ = flood_.legitimate(packets);
  empty_polls_ = 0;
  waiting_cycles_ = 0;
  running_ = true;
}

void Feeder::end_round(uint64_t now) {
  running_ = false;
  last_.slowness_percent = std::max(slowness_before_, canary_->slowness_percent());
  last_.cycles_per_packet = static_cast<double>(now - begin_tsc_ - waiting_cycles_) / offered_;
  std::vector<void*> arrived(offered_);
  const unsigned count = rte_ring_dequeue_burst(sink_, arrived.data(), offered_, nullptr);
  lost_ = count > expected_ ? count - expected_ : expected_ - count;
  if (flood_.any()) return finish_flood({arrived.data(), count});
  if (lost_ != 0) return;  // the gateway has freed them: no measurement any more
  last_.ceiling_cycles_per_packet = traffic_->ceiling_cycles(in_round_, sizes_);
  last_.slowness_percent = std::max(last_.slowness_percent, canary_->slowness_percent());
  last_.quiet = last_.slowness_percent <= Canary::kQuietPercentMax;
}

void Feeder::finish_flood(std::span<void* const> arrived) {
  for (void* packet : arrived) rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
  last_.ceiling_cycles_per_packet = 0;
  last_.quiet = last_.slowness_percent <= Canary::kQuietPercentMax;
}

Result<Round> Feeder::result() const {
  if (lost_ == 0) return last_;
  return Error{
      ErrorCode::kInternal,
      fmt::format(
          "the gateway lost {} of {} packets: is it configured for them?", lost_, expected_
      )};
}

}  // namespace raven::perf
