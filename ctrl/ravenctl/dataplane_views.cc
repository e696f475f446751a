// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ravenctl/dataplane_views.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "ctrl/ravenctl/table.h"

namespace raven::ctl {
namespace {

using namespace dpapi::v1;

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string number(uint64_t value) {
  return std::to_string(value);
}

std::string count(double value) {
  if (value == static_cast<double>(static_cast<uint64_t>(value)))
    return number(static_cast<uint64_t>(value));
  // Round trips are parts of a millisecond.
  return value < 1 ? fmt::format("{:.6f}", value) : fmt::format("{:.2f}", value);
}

std::string duration(uint64_t seconds) {
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 7200) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
}

std::string up_down(bool up) {
  return up ? "up" : "DOWN";
}

std::string ports_text(const StatusReply& status) {
  Table table{{"PORT", "MODE", "ROLE", "LINK", "MTU", "MAC", "KERNEL", "ADDRESSES"}};
  for (const PortStatus& port : status.ports())
    table.add(
        {port.name(), port.mode(), port.role(), up_down(port.link_up()), number(port.mtu()),
         port.mac(), port.kernel_interface(), joined(port.addresses())}
    );
  return table.text();
}

std::string workers_text(const StatusReply& status) {
  Table table{{"WORKER", "CPU", "STATE", "BUSY", "PACKETS/S", "CYCLES/PACKET"}};
  for (const WorkerStatus& worker : status.workers())
    table.add(
        {number(worker.id()), number(worker.cpu()), worker.alive() ? "alive" : "STUCK",
         fmt::format("{:.1f}%", worker.busy_ratio() * 100),
         fmt::format("{:.0f}", worker.packets_per_second()),
         fmt::format("{:.0f}", worker.cycles_per_packet())}
    );
  return table.text();
}

std::string pools_text(const StatusReply& status) {
  Table table{{"POOL", "VIA", "SWITCHES", "PREFIXES"}};
  for (const PoolStatus& pool : status.pools())
    table.add(
        {pool.name(), pool.active_peer().empty() ? "NONE" : pool.active_peer(),
         number(pool.switch_count()), joined(pool.prefixes())}
    );
  return table.text();
}

std::string errors_text(const StatusReply& status) {
  std::string out;
  for (const ItemError& error : status.errors())
    out += fmt::format("not applied: {}: {}\n", error.item(), error.reason());
  return out;
}

}  // namespace

// Keys, but never an answer: another implementation, used while no other gateway answers.
std::string tunnel_state(const TunnelStatus& tunnel) {
  const bool unverified = tunnel.probes_answered() == 0 && tunnel.outbound_sas() > 0;
  return !tunnel.up() && unverified ? "unverified" : up_down(tunnel.up());
}

std::string status_text(const StatusReply& status) {
  std::string out = fmt::format(
      "{} in pool {}: dataplane {}, up {}, generation {}\n", status.node_name(), status.pool(),
      status.version(), duration(status.uptime_seconds()), status.generation()
  );
  if (status.static_sas()) out += "WARNING: keys come from a file (labs and measurements only)\n";
  if (status.probes_refused() > 0)
    out += fmt::format(
        "WARNING: {} probes found no room at a worker and were sent again\n",
        status.probes_refused()
    );
  out += errors_text(status);
  return out + "\n" + ports_text(status) + "\n" + workers_text(status) + "\n" + pools_text(status) +
         "\n" + tunnels_text(status);
}

std::string tunnels_text(const StatusReply& status) {
  Table table{
      {"TUNNEL", "POOL", "STATE", "RTT_MS", "PROBES", "LOST", "DOWNS", "SAS", "MTU", "LOCAL",
       "REMOTE"}};
  for (const TunnelStatus& tunnel : status.tunnels()) {
    const uint64_t lost =
        tunnel.probes_sent() - std::min(tunnel.probes_sent(), tunnel.probes_answered());
    table.add(
        {tunnel.peer(), tunnel.pool(), tunnel_state(tunnel),
         tunnel.rtt_ms() > 0 ? fmt::format("{:.2f}", tunnel.rtt_ms()) : "",
         number(tunnel.probes_sent()), number(lost), number(tunnel.down_count()),
         fmt::format("{}/{}", tunnel.inbound_sas(), tunnel.outbound_sas()),
         number(tunnel.path_mtu()), tunnel.local_address(), tunnel.remote_address()}
    );
  }
  return table.text();
}

std::string sas_text(const SasReply& sas) {
  Table table{
      {"SPI", "DIR", "PEER", "ALGORITHM", "ESN", "STATE", "WORKER", "PACKETS", "BYTES", "SEQUENCE",
       "AGE", "IDLE", "ERRORS", "OUTER"}};
  for (const Sa& sa : sas.sas())
    table.add(
        {fmt::format("{:08x}", sa.spi()), sa.direction(), sa.peer(), sa.algorithm(),
         sa.esn() ? "yes" : "no", sa.state(), number(sa.worker()), number(sa.packets()),
         number(sa.bytes()), number(sa.sequence()), duration(sa.age_seconds()),
         sa.idle_seconds() < 0 ? "never" : duration(static_cast<uint64_t>(sa.idle_seconds())),
         number(sa.errors()),
         fmt::format("{} > {}{}", sa.source(), sa.destination(), sa.udp_encap() ? " udp" : "")}
    );
  return table.text();
}

std::string routes_text(const RoutesReply& routes) {
  Table table{{"PREFIX", "KIND", "TARGET", "VIA", "PORT", "USABLE"}};
  for (const Route& route : routes.routes())
    table.add(
        {route.prefix(), route.kind(), route.target(), route.via(), route.port(),
         route.usable() ? "yes" : "NO"}
    );
  return table.text();
}

std::string statistics_text(const StatisticsReply& statistics, bool all) {
  Table table{{"COUNTER", "LABELS", "VALUE"}};
  for (const Counter& counter : statistics.counters()) {
    if (!all && counter.value() == 0) continue;
    std::map<std::string, std::string> sorted{counter.labels().begin(), counter.labels().end()};
    std::string labels;
    for (const auto& [name, value] : sorted)
      labels += fmt::format("{}{}={}", labels.empty() ? "" : " ", name, value);
    table.add({counter.name(), labels, count(counter.value())});
  }
  return table.text() +
         fmt::format("\npackets not accounted for: {}\n", statistics.unaccounted_packets());
}

std::string drops_text(const DropsReply& drops, bool all) {
  Table table{{"REASON", "STAGE", "PACKETS", "MEANING"}};
  for (const DropReason& drop : drops.drops())
    if (all || drop.packets() > 0)
      table.add(
          {drop.reason(), drop.stage().empty() ? "-" : drop.stage(), number(drop.packets()),
           drop.help()}
      );
  return table.empty() ? "no packets dropped\n" : table.text();
}

namespace {

std::string to_json(const google::protobuf::Message& answer, bool add_whitespace) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = add_whitespace;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string out;
  // Fails only on Any fields and invalid UTF-8, neither of which the dataplane sends.
  if (const auto status = google::protobuf::util::MessageToJsonString(answer, &out, options);
      !status.ok())
    return "{}\n";
  return out;
}

}  // namespace

std::string json_text(const google::protobuf::Message& answer) {
  return to_json(answer, true);
}

std::string json_line(const google::protobuf::Message& event) {
  return to_json(event, false) + "\n";
}

}  // namespace raven::ctl
