// port_traffic: a traffic generator at the ports of a running raven-dataplane, in another process.
// SPDX-License-Identifier: Apache-2.0
//
//   port_traffic encrypt|decrypt --lan DEVARGS --wan DEVARGS [--size N|imix] [--seconds N] [--cpu
//   N]
//                [--control SOCKET] [--no-huge]
//
// DEVARGS are those of DPDK: "net_memif0,role=client,...", "net_af_packet0,iface=eth0", a PCI
// address.  The world is that of perf/generator/tunnels.h with one tunnel; --control gives it to
// the dataplane first.  Sends as fast as the ports take it, and prints one line of JSON:
//   {"offered_mpps": 2.1, "received_mpps": 1.9, "received_gbps": 1.0,      (inner bytes)
//    "worker_cycles_per_packet": 310.2, "worker_busy_ratio": 0.97}         (with --control)
#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstring>

#include "common/dpapi/client.h"
#include "dataplane/ipsec/esp_out.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/port.h"
#include "perf/generator/traffic.h"

namespace raven::perf {
namespace {

using namespace dataplane;

constexpr uint16_t kBurst = 32;
constexpr double kWarmUpSeconds = 0.5;
constexpr unsigned kPacketBuffers = 16384;
constexpr uint8_t kLanMac[] = {0x02, 0, 0, 0, 0, 0x01}, kWanMac[] = {0x02, 0, 0, 0, 0, 0x02};

struct Options {
  std::string work, lan, wan, size = "64", control;
  double seconds = 2;
  unsigned cpu = 0;
  bool no_huge = false;
};

PortSettings port_settings(PortRole role, const std::string& devargs) {
  PortSettings settings;
  settings.name = role == PortRole::kLan ? "lan" : "wan";
  settings.role = role;
  settings.devargs = devargs;
  return settings;
}

Settings eal_settings(const Options& options) {
  Settings settings;
  settings.instance = "traffic";
  settings.workers.count = 1;
  settings.workers.cpus = {options.cpu};
  settings.memory.hugepages = !options.no_huge;
  settings.memory.size_mb = 128;
  settings.ports = {
      port_settings(PortRole::kLan, options.lan), port_settings(PortRole::kWan, options.wan)};
  return settings;
}

// One site behind the gateway, one peer.
Status give_desired_state(const std::string& socket, const Tunnels& tunnels) {
  dpapi::v1::DesiredState state;
  dpapi::DataplaneClient client{socket};
  RAVEN_ASSIGN(const auto before, client.status());
  state.set_generation(before.generation() + 1);
  state.set_node_name("gateway");
  state.set_pool("local");
  auto& node = *state.add_local_nodes();
  node.set_name("node");
  node.set_address(tunnels.node().text());
  node.add_prefixes(tunnels.local_prefix().text());
  node.set_encapsulation(dpapi::v1::LocalNode::DIRECT);
  auto& peer = *state.add_peers();
  peer.set_name("peer");
  peer.set_tunnel_id(tunnels.sa(0, 0, Side::kGateway, Direction::kOutbound).tunnel_id.value());
  peer.set_pool("remote");
  auto& pool = *state.add_remote_pools();
  pool.set_name("remote");
  pool.add_prefixes(tunnels.remote_prefix(0).text());
  pool.add_gateways("peer");
  RAVEN_ASSIGN(const auto applied, client.apply(state));
  if (applied.errors_size() == 0) return {};
  return Error{ErrorCode::kInvalid, applied.errors(0).item() + ": " + applied.errors(0).reason()};
}

class PortTraffic {
 public:
  PortTraffic(Traffic& traffic, const Sizes& sizes, Port& source, Port& sink, PacketPool& pool)
      : traffic_{traffic},
        sizes_{sizes},
        source_{source},
        sink_{sink},
        pool_{pool},
        gateway_mac_{source.settings().role == PortRole::kLan ? kLanMac : kWanMac} {}

  void run(double seconds) {
    const uint64_t end =
        rte_rdtsc() + static_cast<uint64_t>(seconds * static_cast<double>(rte_get_tsc_hz()));
    offered_ = received_ = 0;
    while (rte_rdtsc() < end) {
      send();
      received_ += take(sink_);
      take(source_);
    }
  }
  uint64_t offered() const { return offered_; }
  uint64_t received() const { return received_; }

 private:
  // What a full port does not take is offered again: nothing is lost here.
  void send() {
    if (waiting_ == 0) {
      if (rte_pktmbuf_alloc_bulk(pool_.raw(), burst_.data(), kBurst) != 0) return;
      traffic_.write({burst_.data(), kBurst}, sizes_);
      for (rte_mbuf* packet : burst_) std::memcpy(bytes_of(packet), gateway_mac_, sizeof(kLanMac));
      waiting_ = kBurst;
    }
    const uint16_t sent = source_.transmit(0, burst_.data() + (kBurst - waiting_), waiting_);
    waiting_ = static_cast<uint16_t>(waiting_ - sent);
    offered_ += sent;
  }
  // Packets for us; the ARP and IPv6 messages of kernels are not counted.
  static unsigned take(Port& port) {
    std::array<rte_mbuf*, kBurst> packets;
    const uint16_t count = port.receive(0, packets.data(), kBurst);
    unsigned counted = 0;
    for (uint16_t i = 0; i < count; ++i) {
      const auto& ethernet = *rte_pktmbuf_mtod(packets[i], const wire::Ethernet*);
      const uint8_t to = ethernet.destination[5];
      counted += ethernet.type == Be16::from_host(wire::kEtherIpv4) &&
                 (to == Tunnels::node_mac().bytes[5] || to == Tunnels::router_mac().bytes[5]);
    }
    rte_pktmbuf_free_bulk(packets.data(), count);
    return counted;
  }

  Traffic& traffic_;
  const Sizes& sizes_;
  Port& source_;
  Port& sink_;
  PacketPool& pool_;
  const uint8_t* gateway_mac_;
  std::array<rte_mbuf*, kBurst> burst_{};
  uint16_t waiting_ = 0;
  uint64_t offered_ = 0, received_ = 0;
};

// What the worker says of the last second.
std::string worker_text(const std::string& socket) {
  if (socket.empty()) return {};
  const auto status = dpapi::DataplaneClient{socket}.status();
  if (!status.ok() || status->workers_size() == 0) return {};
  return fmt::format(
      ", \"worker_cycles_per_packet\": {:.1f}, \"worker_busy_ratio\": {:.3f}",
      status->workers(0).cycles_per_packet(), status->workers(0).busy_ratio()
  );
}

void print(
    const PortTraffic& traffic, const Sizes& sizes, double seconds, const std::string& worker
) {
  double bytes = 0;
  for (const uint16_t size : sizes) bytes += size;
  bytes /= static_cast<double>(sizes.size());
  const double received = static_cast<double>(traffic.received()) / seconds;
  std::printf(
      "{\"offered_mpps\": %.4f, \"received_mpps\": %.4f, \"received_gbps\": %.4f%s}\n",
      static_cast<double>(traffic.offered()) / seconds / 1e6, received / 1e6,
      received * bytes * 8 / 1e9, worker.c_str()
  );
}

Status measure(const Options& options) {
  Tunnels tunnels;
  const Work work = options.work == "decrypt" ? Work::kDecrypt : Work::kEncrypt;
  const Sizes sizes =
      options.size == "imix" ? imix() : Sizes{static_cast<uint16_t>(std::stoul(options.size))};
  if (!options.control.empty()) RAVEN_TRY(give_desired_state(options.control, tunnels));
  const Settings settings = eal_settings(options);
  RAVEN_ASSIGN(const auto eal, Eal::start(settings));
  RAVEN_ASSIGN(const auto pool, PacketPool::create("traffic", kPacketBuffers, 2048));
  RAVEN_ASSIGN(const auto lan, Port::open(settings.ports[0], PortIndex{0}, 1, *pool));
  RAVEN_ASSIGN(const auto wan, Port::open(settings.ports[1], PortIndex{1}, 1, *pool));
  RAVEN_ASSIGN(const auto traffic, Traffic::create(tunnels, work, 0));
  const bool encrypt = work == Work::kEncrypt;
  PortTraffic ports{*traffic, sizes, encrypt ? *lan : *wan, encrypt ? *wan : *lan, *pool};
  ports.run(kWarmUpSeconds);
  ports.run(options.seconds);
  print(ports, sizes, options.seconds, worker_text(options.control));
  return {};
}

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Traffic at the ports of a running raven-dataplane"};
  app.add_option("work", options.work)->required()->check(CLI::IsMember({"encrypt", "decrypt"}));
  app.add_option("--lan", options.lan, "Device at the dataplane's LAN port")->required();
  app.add_option("--wan", options.wan, "Device at its WAN port")->required();
  app.add_option("--size", options.size, "Inner packet in bytes, or imix");
  app.add_option("--seconds", options.seconds);
  app.add_option("--cpu", options.cpu);
  app.add_option("--control", options.control, "Control socket of the dataplane to configure");
  app.add_flag("--no-huge", options.no_huge);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  const Status status = measure(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "port_traffic: %s\n", status.error().message.c_str());
  return 69;
}

}  // namespace
}  // namespace raven::perf

int main(int argc, char** argv) {
  return raven::perf::main(argc, argv);
}
