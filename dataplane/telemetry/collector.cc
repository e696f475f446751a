// SPDX-License-Identifier: Apache-2.0
#include "dataplane/telemetry/collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>

#include "dataplane/pipeline/pipeline.h"

namespace raven::dataplane {
namespace {

constexpr std::chrono::milliseconds kControlTimeout{500};

double number(uint64_t value) {
  return static_cast<double>(value);
}

void collect_ports(const PacketPath& path, unsigned worker, MetricSink& sink) {
  const WorkerCounters& counters = path.counters(WorkerId{static_cast<uint16_t>(worker)});
  const std::string id = std::to_string(worker);
  for (const auto& port : path.ports()) {
    const PortCounters& of_port = counters.ports[port->index().value()];
    const std::string& name = port->name();
    sink.set(Metric::kPortPackets, {name, id, "rx"}, number(of_port.received.value()));
    sink.set(Metric::kPortPackets, {name, id, "tx"}, number(of_port.transmitted.value()));
    sink.set(Metric::kPortPackets, {name, id, "punt"}, number(of_port.punted.value()));
    sink.set(Metric::kPortBytes, {name, id, "rx"}, number(of_port.received_bytes.value()));
    sink.set(Metric::kPortBytes, {name, id, "tx"}, number(of_port.transmitted_bytes.value()));
  }
}

void collect_worker(const PacketPath& path, unsigned worker, MetricSink& sink) {
  const WorkerCounters& counters = path.counters(WorkerId{static_cast<uint16_t>(worker)});
  const std::string id = std::to_string(worker);
  sink.set(Metric::kWorkerCycles, {id, "busy"}, number(counters.cycles_busy.value()));
  sink.set(Metric::kWorkerCycles, {id, "idle"}, number(counters.cycles_idle.value()));
  sink.set(Metric::kWorkerPackets, {id}, number(counters.packets.value()));
}

// The sum of one counter over all workers.
template <class Get>
uint64_t sum(std::span<const WorkerCounters* const> workers, Get get) {
  uint64_t total = 0;
  for (const WorkerCounters* counters : workers) total += get(*counters).value();
  return total;
}

void collect_sums(std::span<const WorkerCounters* const> workers, MetricSink& sink) {
  for (const DropRow& row : drop_rows(workers)) {
    const std::string reason{drop_info(row.reason).name}, stage{stage_name(row.place)};
    sink.set(Metric::kDrops, {reason, stage}, number(row.packets));
  }
  const auto stages = pipeline();
  for (std::size_t stage = 0; stage < stages.size(); ++stage) {
    const auto count = sum(
        workers, [=](const auto& c) -> auto& { return c.stage_packets[stage]; }
    );
    sink.set(Metric::kStagePackets, {std::string{stages[stage].name}}, number(count));
  }
  const auto inbox = sum(
      workers, [](const auto& c) -> auto& { return c.from_inbox; }
  );
  const auto generated = sum(
      workers, [](const auto& c) -> auto& { return c.generated; }
  );
  const auto to_kernel = sum(
      workers, [](const auto& c) -> auto& { return c.to_kernel; }
  );
  const auto handed_over = sum(
      workers, [](const auto& c) -> auto& { return c.handed_over; }
  );
  sink.set(Metric::kInjected, {"inbox"}, number(inbox));
  sink.set(Metric::kInjected, {"generated"}, number(generated));
  sink.set(Metric::kToKernel, {}, number(to_kernel));
  sink.set(Metric::kHandedOver, {}, number(handed_over));
  sink.set(Metric::kUnaccounted, {}, static_cast<double>(unaccounted_packets(workers)));
}

void collect_tunnel(const View& view, const Peer& peer, MetricSink& sink) {
  const TunnelHealth* health = view.selection.health(peer.tunnel);
  const PeerTables::PeerRow* row = view.peers.peer(TunnelId{peer.tunnel});
  if (health == nullptr || row == nullptr) return;
  const PeerSlot& slot = view.tables.peers[row->index];
  const std::string& name = peer.name;
  const std::string& pool = peer.pool;
  sink.set(Metric::kTunnelUp, {name, pool}, health->up ? 1 : 0);
  if (health->round_trip.count() != 0)
    sink.set(
        Metric::kTunnelRoundTrip, {name, pool},
        std::chrono::duration<double>(health->round_trip).count()
    );
  sink.set(Metric::kTunnelProbes, {name, pool, "sent"}, number(health->probes_sent));
  sink.set(Metric::kTunnelProbes, {name, pool, "answered"}, number(slot.probe_answers.load()));
  sink.set(Metric::kTunnelDowns, {name, pool}, number(health->down_count));
  sink.set(Metric::kTunnelPathMtu, {name, pool}, slot.outer_mtu.load());
}

const char* name_of(Direction direction) {
  return direction == Direction::kInbound ? "in" : "out";
}

metrics::LabelValues labels_of(const View& view, const TunnelDirection& flow) {
  const auto [tunnel, direction] = flow;
  return {view.peers.name_of(tunnel), view.peers.pool_of(tunnel), name_of(direction)};
}

void collect_traffic(const View& view, MetricSink& sink) {
  for (const auto& [flow, traffic] : view.sas.traffic()) {
    const metrics::LabelValues labels = labels_of(view, flow);
    sink.set(Metric::kTunnelPackets, labels, number(traffic.packets));
    sink.set(Metric::kTunnelBytes, labels, number(traffic.bytes));
  }
}

void collect_sas(const View& view, MetricSink& sink) {
  struct Sum {
    uint64_t sas = 0;
    std::chrono::seconds newest_age = std::chrono::seconds::max();
  };
  std::map<TunnelDirection, Sum> sums;
  for (const SaInfo& sa : view.sas.list(BootClock::now())) {
    Sum& total = sums[{sa.tunnel, sa.id.direction}];
    ++total.sas;
    total.newest_age = std::min(total.newest_age, sa.age);
    if (view.settings.metrics_spi_label)
      sink.set(
          Metric::kSaPackets,
          {fmt::format("{:08x}", sa.id.spi.value()), name_of(sa.id.direction),
           view.peers.name_of(sa.tunnel)},
          number(sa.packets)
      );
  }
  for (const auto& [flow, total] : sums) {
    const metrics::LabelValues labels = labels_of(view, flow);
    sink.set(Metric::kTunnelSas, labels, number(total.sas));
    sink.set(Metric::kTunnelSaAge, labels, static_cast<double>(total.newest_age.count()));
  }
}

void collect_pools(const View& view, MetricSink& sink) {
  for (const auto& [pool, choice] : view.selection.choices()) {
    if (choice.tunnel)
      sink.set(Metric::kPoolActive, {pool, view.peers.name_of(TunnelId{*choice.tunnel})}, 1);
    sink.set(Metric::kPoolSwitches, {pool}, number(choice.switch_count));
  }
}

}  // namespace

int64_t unaccounted_packets(std::span<const WorkerCounters* const> workers) {
  int64_t difference = 0;
  for (const WorkerCounters* counters : workers)
    difference += static_cast<int64_t>(counters->entered() - counters->left());
  return difference;
}

void collect_path(const PacketPath& path, MetricSink& sink) {
  for (unsigned worker = 0; worker < path.worker_count(); ++worker) {
    collect_ports(path, worker, sink);
    collect_worker(path, worker, sink);
  }
  collect_sums(path.counters(), sink);
  for (const auto& port : path.ports()) {
    if (const auto missed = port->missed())
      sink.set(Metric::kPortMissed, {port->name()}, number(*missed));
    sink.set(Metric::kPortUp, {port->name()}, port->link_up() ? 1 : 0);
  }
  sink.set(Metric::kKernelOverruns, {}, number(path.kernel_overruns()));
  sink.set(Metric::kKernelRefused, {}, number(path.kernel_refused()));
  sink.set(Metric::kProbesRefused, {}, number(path.probes_refused()));
  sink.set(Metric::kBuffersFree, {}, path.pool().available());
  sink.set(Metric::kBuffers, {}, path.pool().size());
}

void collect_engine(const View& view, MetricSink& sink) {
  for (unsigned worker = 0; worker < view.path.worker_count(); ++worker) {
    const WorkerRates& rates = view.watch.rates(worker);
    sink.set(Metric::kWorkerAlive, {std::to_string(worker)}, rates.alive ? 1 : 0);
    sink.set(Metric::kCyclesPerPacket, {std::to_string(worker)}, rates.cycles_per_packet);
  }
  for (const Peer& peer : view.desired.peers) collect_tunnel(view, peer, sink);
  collect_sas(view, sink);
  collect_traffic(view, sink);
  collect_pools(view, sink);
  sink.set(Metric::kSaRefused, {}, number(view.counters.sa_messages_refused));
  const AcquireCounts& acquires = view.counters.acquires;
  sink.set(Metric::kAcquires, {"sent"}, number(acquires.sent));
  sink.set(Metric::kAcquires, {"no_room"}, number(acquires.no_room));
  sink.set(Metric::kAcquires, {"no_daemon"}, number(acquires.no_daemon));
  sink.set(Metric::kAcquiresWaiting, {}, number(view.counters.acquires_waiting));
  sink.set(Metric::kTooBig, {"heard"}, number(view.counters.too_big_heard));
  sink.set(Metric::kTooBig, {"refused"}, number(view.counters.too_big_refused));
  sink.set(Metric::kSasRestored, {"restored"}, number(view.counters.sas_restored));
  sink.set(Metric::kSasRestored, {"refused"}, number(view.counters.sas_not_restored));
  sink.set(Metric::kGeneration, {}, number(view.generation));
  sink.set(Metric::kItemErrors, {}, number(view.errors.size()));
  const Mirror::Counters& mirror = view.mirror.counters();
  sink.set(Metric::kMirrorResyncs, {"all"}, number(mirror.resyncs));
  sink.set(Metric::kMirrorResyncs, {"loss"}, number(mirror.losses));
}

void collect_from(event::Loop& loop, const ViewSource& source, metrics::Table<Metric>& table) {
  table.on_collect([source](MetricSink& sink) { collect_path(source.path, sink); });
  const auto unanswered = std::make_shared<std::atomic<uint64_t>>(0);
  table.on_collect([&loop, source, unanswered](MetricSink& sink) {
    const auto done = std::make_shared<std::promise<std::shared_ptr<metrics::Values>>>();
    auto values = done->get_future();
    loop.post([done, source] {
      auto collected = std::make_shared<metrics::Values>();
      MetricSink inner{*collected};
      collect_engine(source.view(), inner);
      done->set_value(std::move(collected));
    });
    const bool answered = values.wait_for(kControlTimeout) == std::future_status::ready;
    if (!answered) unanswered->fetch_add(1, std::memory_order_relaxed);
    sink.set(Metric::kControlUnanswered, {}, number(unanswered->load(std::memory_order_relaxed)));
    if (!answered) return;
    const auto collected = values.get();
    for (const auto& [row, series] : collected->all())
      for (const auto& [labels, value] : series) sink.set(static_cast<Metric>(row), labels, value);
  });
}

}  // namespace raven::dataplane
