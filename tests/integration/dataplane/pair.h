// DataplanePair: two dataplanes back to back, keys from files: one with shared ports, one with
// owned ports.
// SPDX-License-Identifier: Apache-2.0
//
//   node-a --lan-- box-a (shared) ==wan== box-b (owned) --lan-- node-b
//   10.1.1.1       10.1.0.1                10.2.0.1             10.2.1.1
#pragma once

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "tests/integration/dataplane/box.h"

namespace raven::dataplane {

inline constexpr uint32_t kTunnelA = 0xa, kTunnelB = 0xb;  // the tunnel with that box

inline std::string common_config(const Box& box, int metrics_port) {
  return fmt::format(
      R"(instance: rvt{}
memory: {{hugepages: false, size_mb: 128, packet_buffers: 4096}}
raven0: {{name: raven0, mtu: 1400}}
sockets: {{control: "{}", sa: "{}"}}
state_dir: "{}"
static_sa_file: "{}"
metrics_address: "127.0.0.1:{}"
probe_interval_ms: 50
probe_loss_max: 6
)",
      metrics_port, box.socket(), box.path("sa.sock"), box.path("state"), box.path("sas"),
      metrics_port
  );
}

inline std::string sa_rows(uint32_t tunnel, const char* own, const char* peer, bool first) {
  const std::string here = std::string(38, first ? '1' : '2') + "0a";
  const std::string there = std::string(38, first ? '2' : '1') + "0a";
  return fmt::format(
      R"(sas:
  - {{tunnel_id: {0}, direction: out, spi: {1}, key: "{2}", source: {3}, destination: {4}}}
  - {{tunnel_id: {0}, direction: in, spi: {5}, key: "{6}", source: {4}, destination: {3}}}
)",
      tunnel, first ? 4097 : 4098, here, own, peer, first ? 4098 : 4097, there
  );
}

inline dpapi::v1::DesiredState desired(const std::string& text) {
  dpapi::v1::DesiredState state;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &state));
  return state;
}

inline const char* const kStateA =
    R"(generation: 1 node_name: "box-a" pool: "a" own_prefixes: "10.1.0.0/24"
  local_nodes { name: "node-a" address: "192.168.1.2" prefixes: "10.1.1.0/24"
                encapsulation: DIRECT }
  peers { name: "box-b" tunnel_id: 11 pool: "b" }
  remote_pools { name: "b" prefixes: "10.2.0.0/16" gateways: "box-b" })";
inline const char* const kStateB =
    R"(generation: 1 node_name: "box-b" pool: "b" own_prefixes: "10.2.0.0/24"
  local_nodes { name: "node-b" address: "192.168.2.2" prefixes: "10.2.1.0/24"
                encapsulation: DIRECT }
  peers { name: "box-a" tunnel_id: 10 pool: "a" }
  remote_pools { name: "a" prefixes: "10.1.0.0/16" gateways: "box-a" })";

class DataplanePair : public testing::Test {
 protected:
  DataplanePair() {
    std::string name = "/tmp/raven-pair-XXXXXX";
    directory = mkdtemp(name.data());
    const std::string prefix = fmt::format("rvt{}", getpid() % 100000);
    node_a = std::make_unique<Box>(prefix + "na", directory);
    box_a = std::make_unique<Box>(prefix + "ga", directory);
    box_b = std::make_unique<Box>(prefix + "gb", directory);
    node_b = std::make_unique<Box>(prefix + "nb", directory);
    connect(prefix + "na", "eth0", prefix + "ga", "lan0");
    connect(prefix + "ga", "wan0", prefix + "gb", "nic-wan");
    connect(prefix + "gb", "nic-lan", prefix + "nb", "eth0");
    address_nodes();
    configure_a();
    configure_b();
  }
  // Whatever a test did: a dataplane that runs knows where every packet went.
  void TearDown() override {
    for (const Box* box : {box_a.get(), box_b.get()})
      EXPECT_TRUE(box->pid() < 0 || eventually([box] { return all_accounted_for(*box); }))
          << box->path("");
  }
  static bool all_accounted_for(const Box& box) {
    const auto statistics = box.client().statistics();
    return statistics.ok() && statistics->unaccounted_packets() == 0;
  }
  ~DataplanePair() override {
    if (HasFailure()) std::fputs((box_a->log() + "\n---\n" + box_b->log()).c_str(), stderr);
    node_a.reset();
    box_a.reset();
    box_b.reset();
    node_b.reset();
    std::filesystem::remove_all(directory);
  }

  static void connect(
      const std::string& a, const std::string& a_name, const std::string& b,
      const std::string& b_name
  ) {
    must(
        fmt::format("ip link add {} netns {} type veth peer name {} netns {}", a_name, a, b_name, b)
    );
    for (const auto& [space, link] : {std::pair{a, a_name}, std::pair{b, b_name}}) {
      must(fmt::format("ip -n {} link set {} up", space, link));
      must(fmt::format("ip netns exec {} ethtool -K {} tx off", space, link));
    }
  }
  void address_nodes() {
    node_a->in("ip addr add 192.168.1.2/24 dev eth0");
    node_a->in("ip addr add 10.1.1.1/32 dev lo");
    node_a->in("ip route add 10.2.0.0/16 via 192.168.1.1 src 10.1.1.1");
    node_b->in("ip addr add 192.168.2.2/24 dev eth0");
    node_b->in("ip addr add 10.2.1.1/32 dev lo");
    node_b->in("ip route add 10.1.0.0/16 via 192.168.2.1 src 10.2.1.1");
    box_a->in("ip addr add 192.168.1.1/24 dev lan0");
    box_a->in("ip addr add 203.0.113.1/24 dev wan0");
  }
  void configure_a() {
    box_a->write("config", common_config(*box_a, 18301) + R"(ports:
  - {name: lan, devargs: "net_af_packet0,iface=lan0", mode: shared, role: lan,
     kernel_interface: lan0}
  - {name: wan, devargs: "net_af_packet1,iface=wan0", mode: shared, role: wan,
     kernel_interface: wan0}
)");
    box_a->write("sas", sa_rows(kTunnelB, "203.0.113.1", "203.0.113.2", true));
  }
  void configure_b() {
    box_b->write("config", common_config(*box_b, 18302) + R"(ports:
  - {name: lan, devargs: "net_af_packet0,iface=nic-lan", mode: owned, role: lan,
     kernel_interface: lan0, isolate_kernel: true, isolate_interface: nic-lan}
  - {name: wan, devargs: "net_af_packet1,iface=nic-wan", mode: owned, role: wan,
     kernel_interface: wan0, isolate_kernel: true, isolate_interface: nic-wan}
)");
    box_b->write("sas", sa_rows(kTunnelA, "203.0.113.2", "203.0.113.1", false));
  }

  void start_both() {
    box_a->start();
    box_b->start();
    box_b->in("ip addr add 192.168.2.1/24 dev lan0");
    box_b->in("ip addr add 203.0.113.2/24 dev wan0");
    box_a->in("ip addr add 10.1.0.1/32 dev raven0");
    box_a->in("ip route add 10.2.0.0/16 dev raven0 src 10.1.0.1");
    box_b->in("ip addr add 10.2.0.1/32 dev raven0");
    box_b->in("ip route add 10.1.0.0/16 dev raven0 src 10.2.0.1");
    const auto applied_a = box_a->client().apply(desired(kStateA));
    ASSERT_TRUE(applied_a.ok()) << applied_a.error().message;
    EXPECT_EQ(applied_a->errors_size(), 0) << applied_a->DebugString();
    const auto applied_b = box_b->client().apply(desired(kStateB));
    ASSERT_TRUE(applied_b.ok()) << applied_b.error().message;
    EXPECT_EQ(applied_b->errors_size(), 0) << applied_b->DebugString();
    ASSERT_TRUE(eventually([this] { return tunnel_up(*box_a) && tunnel_up(*box_b); }));
  }
  static bool tunnel_up(const Box& box) {
    const auto status = box.client().status();
    return status.ok() && status->tunnels_size() == 1 && status->tunnels(0).up() &&
           status->pools(0).active_peer() == status->tunnels(0).peer();
  }
  static double drops(const Box& box, const std::string& reason) {
    const auto answer = box.client().drops();
    if (!answer.ok()) {
      ADD_FAILURE() << answer.error().message;
      return -1;
    }
    bool known = false;
    double packets = 0;  // of all stages
    for (const auto& drop : answer->drops()) {
      if (drop.reason() != reason) continue;
      known = true;
      packets += static_cast<double>(drop.packets());
    }
    return known ? packets : -1;
  }

  std::string directory;
  std::unique_ptr<Box> node_a, box_a, box_b, node_b;
};

}  // namespace raven::dataplane
