// Rates as text and as JSON.
// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ravenctl/top_view.h"

#include <fmt/format.h>

#include "common/kube/json_value.h"
#include "ctrl/ravenctl/table.h"

namespace raven::ctl {
namespace {

constexpr std::size_t kDropsShown = 10;

std::string whole(double value) {
  return fmt::format("{:.0f}", value);
}
std::string gbit(double bits) {
  return fmt::format("{:.3f}", bits / 1e9);
}
std::string percent(double part) {
  return fmt::format("{:.1f}%", part * 100);
}

std::string workers_text(const Top& top) {
  Table table{
      {"WORKER", "CPU", "STATE", "BUSY", "PACKETS/S", "CYCLES/PACKET", "RX_GBIT/S", "TX_GBIT/S"}};
  for (const TopWorker& worker : top.workers)
    table.add(
        {std::to_string(worker.id), std::to_string(worker.cpu), worker.alive ? "alive" : "STUCK",
         percent(worker.busy), whole(worker.packets), whole(worker.cycles_per_packet),
         gbit(worker.received.bits), gbit(worker.sent.bits)}
    );
  return table.text();
}

std::string ports_text(const Top& top) {
  Table table{
      {"PORT", "LINK", "RX_PACKETS/S", "RX_GBIT/S", "TX_PACKETS/S", "TX_GBIT/S", "PUNTED/S"}};
  for (const TopPort& port : top.ports)
    table.add(
        {port.name, port.up ? "up" : "DOWN", whole(port.received.packets), gbit(port.received.bits),
         whole(port.sent.packets), gbit(port.sent.bits), whole(port.punted)}
    );
  return table.text();
}

std::string tunnels_text(const Top& top) {
  Table table{
      {"TUNNEL", "POOL", "STATE", "IN_PACKETS/S", "IN_GBIT/S", "OUT_PACKETS/S", "OUT_GBIT/S",
       "RTT_MS", "PROBE_LOSS"}};
  for (const TopTunnel& tunnel : top.tunnels)
    table.add(
        {tunnel.peer, tunnel.pool, tunnel.state, whole(tunnel.in.packets), gbit(tunnel.in.bits),
         whole(tunnel.out.packets), gbit(tunnel.out.bits),
         tunnel.rtt_ms > 0 ? fmt::format("{:.2f}", tunnel.rtt_ms) : "", percent(tunnel.probe_loss)}
    );
  return table.text();
}

std::string drops_text(const Top& top) {
  if (top.drops.empty()) return "no drops\n";
  Table table{{"DROP", "STAGE", "PACKETS/S"}};
  for (std::size_t i = 0; i < std::min(top.drops.size(), kDropsShown); ++i)
    table.add({top.drops[i].reason, top.drops[i].stage, whole(top.drops[i].packets)});
  return table.text();
}

kube::Json json_of(const TopRate& rate) {
  return {{"packets_per_second", rate.packets}, {"bits_per_second", rate.bits}};
}

}  // namespace

std::string top_text(const Top& top) {
  std::string text = fmt::format("{} in pool {}, over {:.1f} s\n", top.node, top.pool, top.seconds);
  if (top.restarted) text += "the dataplane has restarted: no rates yet\n";
  return text + "\n" + workers_text(top) + "\n" + ports_text(top) + "\n" + tunnels_text(top) +
         "\n" + drops_text(top);
}

std::string top_json(const Top& top) {
  kube::Json json{
      {"node", top.node},
      {"pool", top.pool},
      {"seconds", top.seconds},
      {"restarted", top.restarted},
      {"workers", kube::Json::array()},
      {"ports", kube::Json::array()},
      {"tunnels", kube::Json::array()},
      {"drops", kube::Json::array()}};
  for (const TopWorker& worker : top.workers)
    json["workers"].push_back(
        {{"id", worker.id},
         {"cpu", worker.cpu},
         {"alive", worker.alive},
         {"busy", worker.busy},
         {"packets_per_second", worker.packets},
         {"cycles_per_packet", worker.cycles_per_packet},
         {"received", json_of(worker.received)},
         {"sent", json_of(worker.sent)}}
    );
  for (const TopPort& port : top.ports)
    json["ports"].push_back(
        {{"name", port.name},
         {"up", port.up},
         {"received", json_of(port.received)},
         {"sent", json_of(port.sent)},
         {"punted_per_second", port.punted}}
    );
  for (const TopTunnel& tunnel : top.tunnels)
    json["tunnels"].push_back(
        {{"peer", tunnel.peer},
         {"pool", tunnel.pool},
         {"state", tunnel.state},
         {"in", json_of(tunnel.in)},
         {"out", json_of(tunnel.out)},
         {"rtt_ms", tunnel.rtt_ms},
         {"probe_loss", tunnel.probe_loss}}
    );
  for (const TopDrop& drop : top.drops)
    json["drops"].push_back(
        {{"reason", drop.reason}, {"stage", drop.stage}, {"packets_per_second", drop.packets}}
    );
  return kube::dump_json(json) + "\n";
}

}  // namespace raven::ctl
