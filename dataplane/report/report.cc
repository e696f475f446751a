// SPDX-License-Identifier: Apache-2.0
#include "dataplane/report/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/pipeline/pipeline.h"

namespace raven::dataplane {
namespace {

const char* name_of(PortMode mode) {
  return mode == PortMode::kOwned ? "owned" : "shared";
}

const char* name_of(PortRole role) {
  switch (role) {
    case PortRole::kLan:
      return "lan";
    case PortRole::kWan:
      return "wan";
    case PortRole::kBoth:
      return "both";
  }
  return "";
}

// "192.0.2.1", "192.0.2.1:4500", "[2001:db8::1]:4500".
std::string endpoint_text(const IpAddress& address, uint16_t port) {
  if (port == 0) return address.text();
  return fmt::format(fmt::runtime(address.is_v4() ? "{}:{}" : "[{}]:{}"), address.text(), port);
}

void fill_ports(const View& view, dpapi::v1::StatusReply& reply) {
  for (const auto& port : view.path.ports()) {
    auto& out = *reply.add_ports();
    out.set_name(port->name());
    out.set_mode(name_of(port->settings().mode));
    out.set_role(name_of(port->settings().role));
    out.set_mac(port->mac().text());
    out.set_mtu(port->mtu());
    out.set_link_up(port->link_up());
    out.set_kernel_interface(port->settings().kernel_interface);
    for (const std::string& address : view.mirror.addresses_of(port->index()))
      out.add_addresses(address);
  }
}

void fill_workers(const View& view, dpapi::v1::StatusReply& reply) {
  for (unsigned worker = 0; worker < view.path.worker_count(); ++worker) {
    const WorkerRates& rates = view.watch.rates(worker);
    auto& out = *reply.add_workers();
    out.set_id(worker);
    out.set_cpu(view.path.cpu_of(WorkerId{static_cast<uint16_t>(worker)}));
    out.set_alive(rates.alive);
    out.set_busy_ratio(rates.busy_ratio);
    out.set_cycles_per_packet(rates.cycles_per_packet);
    out.set_packets_per_second(rates.packets_per_second);
  }
}

void fill_tunnels(const View& view, dpapi::v1::StatusReply& reply) {
  for (const Peer& peer : view.desired.peers) {
    const TunnelId tunnel{peer.tunnel};
    const PeerTables::PeerRow* row = view.peers.peer(tunnel);
    const TunnelHealth* health = view.selection.health(peer.tunnel);
    if (row == nullptr || health == nullptr) continue;
    const auto count = [&](Direction direction) {
      return static_cast<uint32_t>(view.sas.count_usable(tunnel, direction));
    };
    const PeerSlot& slot = view.tables.peers[row->index];
    auto& out = *reply.add_tunnels();
    out.set_peer(peer.name);
    out.set_tunnel_id(peer.tunnel);
    out.set_pool(peer.pool);
    out.set_inbound_sas(count(Direction::kInbound));
    out.set_outbound_sas(count(Direction::kOutbound));
    if (row->newest != nullptr) {
      const OuterAddresses& outer = row->newest->outer().addresses();
      out.set_local_address(endpoint_text(outer.source, outer.source_port));
      out.set_remote_address(endpoint_text(outer.destination, outer.destination_port));
    }
    out.set_up(health->up);
    out.set_rtt_ms(std::chrono::duration<double, std::milli>(health->round_trip).count());
    out.set_probes_sent(health->probes_sent);
    out.set_probes_answered(slot.probe_answers.load());
    out.set_down_count(health->down_count);
    out.set_path_mtu(slot.path_mtu.load());
  }
}

std::string active_peer(const View& view, const PoolChoice& choice) {
  return choice.tunnel ? view.peers.name_of(TunnelId{*choice.tunnel}) : "";
}

void fill_pools(const View& view, dpapi::v1::StatusReply& reply) {
  for (const RemotePool& pool : view.desired.pools) {
    auto& out = *reply.add_pools();
    out.set_name(pool.name);
    for (const IpPrefix& prefix : pool.prefixes) out.add_prefixes(prefix.text());
    const auto choice = view.selection.choices().find(pool.name);
    if (choice == view.selection.choices().end()) continue;
    out.set_active_peer(active_peer(view, choice->second));
    out.set_switch_count(choice->second.switch_count);
  }
}

std::string port_name(const View& view, const IpAddress& destination) {
  const NextHop* hop = view.mirror.next_hop(destination);
  return hop == nullptr || !hop->port ? "" : view.path.ports()[hop->port->value()]->name();
}

void add_remote_routes(const View& view, dpapi::v1::RoutesReply& reply) {
  for (const RemotePool& pool : view.desired.pools) {
    const auto choice = view.selection.choices().find(pool.name);
    for (const IpPrefix& prefix : pool.prefixes) {
      auto& out = *reply.add_routes();
      out.set_prefix(prefix.text());
      out.set_kind("remote");
      out.set_target(pool.name);
      if (choice == view.selection.choices().end() || !choice->second.tunnel) continue;
      const TunnelId tunnel{*choice->second.tunnel};
      out.set_via(view.peers.name_of(tunnel));
      const OutboundSa* sa = view.sas.newest_outbound(tunnel);
      if (sa == nullptr) continue;
      out.set_port(port_name(view, sa->outer().addresses().destination));
      out.set_usable(!out.port().empty());
    }
  }
}

void add_node_routes(const View& view, dpapi::v1::RoutesReply& reply) {
  for (const LocalNode& node : view.desired.nodes) {
    const NextHop* hop = view.mirror.next_hop(node.address);
    for (const IpPrefix& prefix : node.prefixes) {
      auto& out = *reply.add_routes();
      out.set_prefix(prefix.text());
      out.set_kind("node");
      out.set_target(node.name);
      out.set_via(node.address.text());
      out.set_port(port_name(view, node.address));
      out.set_usable(hop != nullptr && hop->usable());
    }
  }
}

}  // namespace

void report_errors(
    const std::vector<ItemError>& errors,
    google::protobuf::RepeatedPtrField<dpapi::v1::ItemError>& out
) {
  for (const ItemError& error : errors) {
    dpapi::v1::ItemError& row = *out.Add();
    row.set_item(error.item);
    row.set_reason(error.reason);
  }
}

dpapi::v1::StatusReply report_status(const View& view) {
  dpapi::v1::StatusReply reply;
  reply.set_version(RAVEN_VERSION);
  reply.set_epoch(view.sas.epoch());
  reply.set_generation(view.generation);
  const auto uptime = BootClock::now() - view.started;
  reply.set_uptime_seconds(
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(uptime).count())
  );
  reply.set_node_name(view.desired.node_name);
  reply.set_pool(view.desired.pool);
  reply.set_static_sas(!view.settings.static_sa_file.empty());
  reply.set_forwarding(view.forwarding);
  reply.set_probes_refused(view.path.probes_refused());
  fill_ports(view, reply);
  fill_workers(view, reply);
  fill_tunnels(view, reply);
  fill_pools(view, reply);
  report_errors(view.errors, *reply.mutable_errors());
  return reply;
}

dpapi::v1::SasReply report_sas(const View& view) {
  dpapi::v1::SasReply reply;
  for (const SaInfo& sa : view.sas.list(BootClock::now())) {
    auto& out = *reply.add_sas();
    out.set_spi(sa.id.spi.value());
    out.set_direction(sa.id.direction == Direction::kInbound ? "in" : "out");
    out.set_peer(view.peers.name_of(sa.tunnel));
    out.set_tunnel_id(sa.tunnel.value());
    out.set_algorithm(std::string{sa.algorithm});
    out.set_esn(sa.esn);
    out.set_udp_encap(sa.id.outer.udp_encapsulated());
    out.set_source(endpoint_text(sa.id.outer.source, sa.id.outer.source_port));
    out.set_destination(endpoint_text(sa.id.outer.destination, sa.id.outer.destination_port));
    out.set_replay_window(sa.replay_window);
    out.set_worker(sa.worker.value());
    out.set_packets(sa.packets);
    out.set_bytes(sa.bytes);
    out.set_sequence(sa.sequence);
    out.set_age_seconds(static_cast<uint64_t>(sa.age.count()));
    out.set_idle_seconds(sa.idle ? sa.idle->count() : -1);
    out.set_errors(sa.errors);
    out.set_state(sa_state_name(sa.state));
  }
  return reply;
}

dpapi::v1::RoutesReply report_routes(const View& view) {
  dpapi::v1::RoutesReply reply;
  add_remote_routes(view, reply);
  add_node_routes(view, reply);
  for (const IpPrefix& prefix : view.desired.own_prefixes) {
    auto& out = *reply.add_routes();
    out.set_prefix(prefix.text());
    out.set_kind("kernel");
    out.set_target(view.settings.raven0.name);
    out.set_usable(true);
  }
  for (const IpPrefix& prefix : view.desired.blocked.prefixes) {
    auto& out = *reply.add_routes();
    out.set_prefix(prefix.text());
    out.set_kind("drop");
  }
  return reply;
}

dpapi::v1::DropsReply report_drops(std::span<const DropRow> rows) {
  dpapi::v1::DropsReply reply;
  const auto add = [&reply](const DropInfo& info, std::string_view stage, uint64_t packets) {
    auto& out = *reply.add_drops();
    out.set_reason(std::string{info.name});
    out.set_stage(std::string{stage});
    out.set_packets(packets);
    out.set_help(std::string{info.help});
  };
  for (std::size_t reason = 0; reason < kDropCount; ++reason) {
    const DropInfo info = drop_info(reason);
    if (info.name.empty()) continue;
    const auto mine = std::ranges::equal_range(
        rows, static_cast<Drop>(reason), std::ranges::less{}, &DropRow::reason
    );
    for (const DropRow& row : mine) add(info, stage_name(row.place), row.packets);
    if (mine.empty()) add(info, "", 0);
  }
  return reply;
}

}  // namespace raven::dataplane
