// From two looks to rates.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "ctrl/ravenctl/dataplane_views.h"
#include "ctrl/ravenctl/top_view.h"

namespace raven::ctl {
namespace {

using dpapi::v1::Sa;

// The counters of one look, summed up by the labels that are asked for.
class Counters {
 public:
  explicit Counters(const dpapi::v1::StatisticsReply& statistics) : statistics_{statistics} {}

  using Labels = std::map<std::string, std::string>;
  double sum(const std::string& name, const Labels& wanted) const {
    double total = 0;
    for (const auto& counter : statistics_.counters())
      if (counter.name() == name && has(counter, wanted)) total += counter.value();
    return total;
  }

 private:
  static bool has(const dpapi::v1::Counter& counter, const Labels& wanted) {
    return std::ranges::all_of(wanted, [&counter](const auto& label) {
      const auto found = counter.labels().find(label.first);
      return found != counter.labels().end() && found->second == label.second;
    });
  }
  const dpapi::v1::StatisticsReply& statistics_;
};

class Comparison {
 public:
  Comparison(const TopSample& before, const TopSample& now, double seconds)
      : before_{before},
        now_{now},
        old_{before.statistics},
        new_{now.statistics},
        seconds_{seconds} {}

  std::vector<TopWorker> workers() const;
  std::vector<TopPort> ports() const;
  std::vector<TopTunnel> tunnels() const;
  std::vector<TopDrop> drops() const;

 private:
  // How much a counter grew.
  double growth(const char* name, const Counters::Labels& labels) const {
    return std::max(0.0, new_.sum(name, labels) - old_.sum(name, labels));
  }
  double per_second(const char* name, const Counters::Labels& labels) const {
    return growth(name, labels) / seconds_;
  }
  TopRate port_rate(Counters::Labels labels, const char* direction) const {
    labels["direction"] = direction;
    return {
        per_second("raven_dataplane_port_packets_total", labels),
        per_second("raven_dataplane_port_bytes_total", labels) * 8};
  }
  TopRate tunnel_rate(uint32_t tunnel, const char* direction) const;

  const TopSample& before_;
  const TopSample& now_;
  const Counters old_, new_;
  const double seconds_;
};

std::vector<TopWorker> Comparison::workers() const {
  std::vector<TopWorker> workers;
  for (const auto& status : now_.status.workers()) {
    const Counters::Labels labels{{"worker", std::to_string(status.id())}};
    Counters::Labels busy_labels = labels;
    busy_labels["state"] = "busy";
    const double packets = growth("raven_dataplane_worker_packets_total", labels);
    const double busy = growth("raven_dataplane_worker_cycles_total", busy_labels);
    const double all = growth("raven_dataplane_worker_cycles_total", labels);
    TopWorker& worker = workers.emplace_back();
    worker.id = status.id();
    worker.cpu = status.cpu();
    worker.alive = status.alive();
    worker.busy = all > 0 ? busy / all : 0;
    worker.packets = packets / seconds_;
    worker.cycles_per_packet = packets > 0 ? busy / packets : 0;
    worker.received = port_rate(labels, "rx");
    worker.sent = port_rate(labels, "tx");
  }
  return workers;
}

std::vector<TopPort> Comparison::ports() const {
  std::vector<TopPort> ports;
  for (const auto& status : now_.status.ports()) {
    const Counters::Labels labels{{"port", status.name()}};
    TopPort& port = ports.emplace_back();
    port.name = status.name();
    port.up = status.link_up();
    port.received = port_rate(labels, "rx");
    port.sent = port_rate(labels, "tx");
    port.punted = port_rate(labels, "punt").packets;
  }
  return ports;
}

// By SA: after a re-key the sum over the present ones may be less than before.
TopRate Comparison::tunnel_rate(uint32_t tunnel, const char* direction) const {
  TopRate rate;
  for (const Sa& sa : now_.sas.sas()) {
    if (sa.tunnel_id() != tunnel || sa.direction() != direction) continue;
    const auto& old = before_.sas.sas();
    const auto same = std::ranges::find_if(old, [&sa](const Sa& other) {
      return other.spi() == sa.spi() && other.direction() == sa.direction() &&
             other.source() == sa.source() && other.packets() <= sa.packets();
    });
    const bool known = same != old.end();
    rate.packets += static_cast<double>(sa.packets() - (known ? same->packets() : 0));
    rate.bits += static_cast<double>(sa.bytes() - (known ? same->bytes() : 0)) * 8;
  }
  return {rate.packets / seconds_, rate.bits / seconds_};
}

std::vector<TopTunnel> Comparison::tunnels() const {
  std::vector<TopTunnel> tunnels;
  for (const auto& status : now_.status.tunnels()) {
    TopTunnel& tunnel = tunnels.emplace_back();
    tunnel.peer = status.peer();
    tunnel.pool = status.pool();
    tunnel.state = tunnel_state(status);
    tunnel.in = tunnel_rate(status.tunnel_id(), "in");
    tunnel.out = tunnel_rate(status.tunnel_id(), "out");
    tunnel.rtt_ms = status.rtt_ms();
    const Counters::Labels labels{{"peer", status.peer()}, {"pool", status.pool()}};
    const auto probes = [&](const char* result) {
      Counters::Labels with_result = labels;
      with_result["result"] = result;
      return growth("raven_dataplane_tunnel_probes_total", with_result);
    };
    const double sent = probes("sent");
    if (sent > 0) tunnel.probe_loss = std::max(0.0, 1 - probes("answered") / sent);
  }
  return tunnels;
}

std::vector<TopDrop> Comparison::drops() const {
  const auto key = [](const auto& drop) { return std::pair{drop.reason(), drop.stage()}; };
  std::map<std::pair<std::string, std::string>, uint64_t> old;
  for (const auto& drop : before_.drops.drops()) old[key(drop)] = drop.packets();
  std::vector<TopDrop> drops;
  for (const auto& drop : now_.drops.drops()) {
    const uint64_t grown = drop.packets() - std::min(old[key(drop)], drop.packets());
    if (grown != 0)
      drops.push_back({drop.reason(), drop.stage(), static_cast<double>(grown) / seconds_});
  }
  std::ranges::stable_sort(drops, std::ranges::greater{}, &TopDrop::packets);
  return drops;
}

}  // namespace

Top compare(const TopSample& before, const TopSample& now) {
  Top top;
  top.node = now.status.node_name();
  top.pool = now.status.pool();
  top.seconds = std::max(1e-3, std::chrono::duration<double>(now.at - before.at).count());
  top.restarted = before.status.epoch() != now.status.epoch();
  const Comparison comparison{top.restarted ? now : before, now, top.seconds};
  top.workers = comparison.workers();
  top.ports = comparison.ports();
  top.tunnels = comparison.tunnels();
  top.drops = comparison.drops();
  return top;
}

}  // namespace raven::ctl
