// SPDX-License-Identifier: Apache-2.0
#include "perf/loaded_worker.h"

#include <rte_cycles.h>
#include <rte_launch.h>
#include <unistd.h>

#include <algorithm>

namespace raven::perf {
namespace {

using namespace dataplane;

constexpr unsigned kPackets = 512;  // of a round
constexpr useconds_t kLookUs = 100;

int run_worker(void* worker) {
  static_cast<Worker*>(worker)->run();
  return 0;
}

}  // namespace

Result<std::unique_ptr<LoadedWorker>> LoadedWorker::create(
    BenchBox& box, const RingPorts& ports, const Tunnels& tunnels, unsigned worker
) {
  std::unique_ptr<LoadedWorker> loaded{new LoadedWorker{box}};
  RAVEN_ASSIGN(auto library, CipherLibrary::create());
  loaded->worker_ = std::make_unique<Worker>(
      box.setup(worker), std::move(library), IdleMode::kPoll, box.quiescence()
  );
  RAVEN_TRY(loaded->make_feeders(ports, tunnels, worker));
  return loaded;
}

Status LoadedWorker::make_feeders(const RingPorts& ports, const Tunnels& tunnels, unsigned worker) {
  const unsigned next = (worker + 1) % tunnels.workers;
  RAVEN_ASSIGN(own_, Feeder::create(ports, tunnels, Work::kEncrypt, worker, worker));
  RAVEN_ASSIGN(foreign_, Feeder::create(ports, tunnels, Work::kDecrypt, worker, next));
  rte_mempool* pool = box_.pool().raw();
  RAVEN_TRY(own_->attach(pool, kPackets, [this] { on_idle(*own_, Load::kEncrypt); }));
  RAVEN_TRY(foreign_->attach(pool, kPackets, [this] { on_idle(*foreign_, Load::kForeign); }));
  const auto queue = static_cast<uint16_t>(worker);
  if (rte_eth_add_rx_callback(own_->source_port(), queue, on_poll, this) != nullptr) return {};
  return Error{ErrorCode::kInternal, "no room for a receive callback"};
}

Status LoadedWorker::start(unsigned lcore) {
  lcore_ = lcore;
  if (rte_eal_remote_launch(run_worker, worker_.get(), lcore) == 0) return {};
  return Error{ErrorCode::kInternal, "start the worker's thread"};
}

LoadedWorker::~LoadedWorker() {
  end();
  worker_->stop();
  if (lcore_ != 0) rte_eal_wait_lcore(lcore_);
}

void LoadedWorker::begin(Load load, uint16_t size) {
  sizes_ = {size};
  rounds_.clear();
  wanted_.store(load, std::memory_order_release);
}

void LoadedWorker::end() {
  wanted_.store(Load::kNone, std::memory_order_release);
  while (lcore_ != 0 && seen_.load(std::memory_order_acquire) != Load::kNone) ::usleep(kLookUs);
}

void LoadedWorker::on_idle(Feeder& feeder, Load load) {
  if (running_ == &feeder) {
    running_ = nullptr;
    if (const Result<Round> round = feeder.result(); round.ok()) rounds_.push_back(*round);
  }
  if (running_ != nullptr) return;  // the other feeder's round
  const Load wanted = wanted_.load(std::memory_order_acquire);
  seen_.store(wanted, std::memory_order_release);
  if (wanted == Load::kNone) ::usleep(kLookUs);
  if (wanted != load) return;
  feeder.begin_round(kPackets, sizes_);
  running_ = &feeder;
  polled_tsc_ = 0;
}

// Follows the feeder's own callback: what that takes between two rounds is no gap.
uint16_t LoadedWorker::on_poll(
    uint16_t, uint16_t, rte_mbuf**, uint16_t count, uint16_t, void* self
) {
  auto& worker = *static_cast<LoadedWorker*>(self);
  const uint64_t now = rte_rdtsc();
  const uint64_t gap = worker.polled_tsc_ == 0 ? 0 : now - worker.polled_tsc_;
  worker.polled_tsc_ = now;
  if (worker.running_ != nullptr && gap > worker.longest_gap_.load(std::memory_order_relaxed))
    worker.longest_gap_.store(gap, std::memory_order_relaxed);
  return count;
}

double LoadedWorker::median_cycles() const {
  std::vector<double> all, quiet;
  for (const Round& round : rounds_) {
    all.push_back(round.cycles_per_packet);
    if (round.quiet) quiet.push_back(round.cycles_per_packet);
  }
  return Spread::of(quiet.empty() ? all : quiet).median;
}

LoadedWorker::Busy LoadedWorker::busy() const {
  const WorkerCounters& counters = worker_->counters();
  return {counters.cycles_busy.value(), counters.packets.value()};
}

}  // namespace raven::perf
