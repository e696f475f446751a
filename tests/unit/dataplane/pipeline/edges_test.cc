// Every way from stage to stage that the table declares is taken by some packet, and no other.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "common/wire/probe.h"
#include "dataplane/inspect/trace.h"
#include "dataplane/pipeline/pipeline.h"
#include "dataplane/worker/probe_request.h"
#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using Edges = std::set<std::string>;  // "route > esp_out"

std::string edge(Stage from, Stage to) {
  return std::string{stage_name(from)} + " > " + std::string{stage_name(to)};
}

Edges declared() {
  Edges edges;
  for (const StageRow& row : pipeline())
    for (const Stage next : row.next) edges.insert(edge(row.stage, next));
  return edges;
}

// Packets that take their way through a box.
struct Scene {
  BenchOptions options;
  std::function<void(BoxBench&)> play;
};

Edges taken_in(const Scene& scene) {
  BoxBench box{scene.options};
  const auto trace = std::make_shared<Trace>(Filter{}, 1000, 2u);
  box.inspect(trace);
  scene.play(box);
  Edges edges;
  for (Story story; trace->read(story);) {
    // The story of a packet made of fragments begins behind the stage that made it.
    if (story.reassembled) edges.insert(edge(Stage::kReassemble, story.steps[0].stage));
    for (unsigned i = 0; i < story.step_count; ++i)
      if (story.steps[i].way == Way::kNext)
        edges.insert(edge(story.steps[i].stage, story.steps[i].next));
  }
  return edges;
}

const char* const kFar = "10.2.7.9";
const char* const kOnVxlanNode = "10.1.2.5";
const char* const kOnDirectNode = "10.1.3.5";
const char* const kOnThisBox = "10.1.1.5";

void from_node(BoxBench& box, const Bytes& ip) {
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, ip));
}

void from_wan(BoxBench& box, const Bytes& ip) {
  box.receive_wan(ethernet(box.wan_mac(), kRouterMac, ip));
}

Bytes to_lan_service(uint16_t port, const Bytes& payload) {
  return ipv4({.source = "10.9.0.11", .destination = "10.9.0.1"}, udp(50000, port, payload));
}

Bytes syn(const char* source, const char* destination) {
  const Bytes segment = tcp({.flags = 0x02}, source, destination);
  return ipv4({.source = source, .destination = destination, .protocol = 6}, segment);
}

Bytes probe_request(BoxBench& box) {
  rte_mbuf* packet = box.pool().take();
  write_probe_request(packet, box.peer(), kTunnelB, 42);
  return take_bytes(packet);
}

void by_mailbox(BoxBench& box, const Bytes& bytes, const std::function<void(Meta&)>& describe) {
  rte_mbuf* packet = make_packet(box.pool(), bytes);
  meta(packet).peer = box.peer();
  meta(packet).tunnel_id = kTunnelB;
  meta(packet).port = box.wan().index();
  meta(packet).trace_session = 0;
  describe(meta(packet));
  ASSERT_TRUE(box.mailboxes()[0]->send(packet));
  box.take_mail();
}

void handed_over(BoxBench& box, const Bytes& ip) {
  by_mailbox(box, ip, [&box, v6 = ip[0] >> 4 == 6](Meta& info) {
    info.entry = Entry::kEspOut;
    info.origin = Origin::kWire;
    info.family = v6 ? 6 : 4;
    info.target = Target::remote(box.pool_b());
  });
}

// The first fragment of a packet to this box.
Bytes first_piece(uint8_t protocol, const Bytes& payload) {
  return ipv4(
      {.source = "198.51.100.2",
       .destination = "192.0.2.1",
       .protocol = protocol,
       .more_fragments = true,
       .identification = 2},  // even: of worker 0
      slice(payload, 0, 80)
  );
}

Bytes last_piece(uint8_t protocol, const Bytes& payload) {
  return ipv4(
      {.source = "198.51.100.2",
       .destination = "192.0.2.1",
       .protocol = protocol,
       .fragment_offset = 80,
       .identification = 2},
      slice(payload, 80)
  );
}

void out(BoxBench& box) {
  from_node(box, pod_packet(kOnDirectNode, kFar));
  from_node(box, pod_packet(kOnDirectNode, kFar, 3000));
  from_node(box, syn(kOnDirectNode, kFar));
  const Bytes inner = ethernet(kOverlayMac, kNodeOverlayMac, pod_packet(kOnVxlanNode, kFar));
  from_node(box, to_lan_service(4472, vxlan(inner)));
}

void in(BoxBench& box) {
  for (const char* pod : {kOnVxlanNode, kOnDirectNode, kOnThisBox}) {
    box.receive_wan(box.seal(pod_packet(kFar, pod)));
    box.receive_wan(box.seal(syn(kFar, pod)));
  }
}

void probes(BoxBench& box) {
  const Bytes request = probe_request(box);
  box.receive_wan(box.seal(request));
  from_node(box, to_lan_service(kProbePort, slice(request, 28)));
}

void for_the_kernel(BoxBench& box) {
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, 0x0806, filled(46)));
  from_node(box, pod_packet(kOnDirectNode, "8.8.8.8"));
}

void fragments(BoxBench& box) {
  const Bytes esp = slice(box.seal(pod_packet(kFar, kOnDirectNode, 200)), 34);
  from_wan(box, first_piece(50, esp));
  from_wan(box, last_piece(50, esp));
  from_wan(box, first_piece(17, udp(500, 500, filled(200))));
}

void mailbox(BoxBench& box) {
  box.from_kernel(pod_packet(kOnThisBox, kFar));
  box.from_tap(box.lan(), ethernet(kNodeDiMac, box.lan_mac(), 0x0806, filled(46)));
  handed_over(box, pod_packet(kOnDirectNode, kFar));
  handed_over(box, pod_packet(kOnDirectNode, kFar, 3000));
  const Bytes outer = slice(box.seal(pod_packet(kFar, kOnDirectNode)), 14);
  by_mailbox(box, outer, [&outer](Meta& info) {
    info.entry = Entry::kEspIn;
    info.esp_offset = 20;
    info.esp_size = static_cast<uint16_t>(outer.size() - info.esp_offset);
  });
  const Bytes esp = slice(box.seal(pod_packet(kFar, kOnDirectNode, 200)), 34);
  by_mailbox(box, ethernet(box.wan_mac(), kRouterMac, first_piece(50, esp)), [](Meta& info) {
    info.entry = Entry::kFragment;
  });
  Context& context = box.context();  // nothing is to be left over
  context.reassembly.expire(context.counters, UINT64_MAX);
}

void beyond_the_path(BoxBench& box) {
  from_node(box, pod_packet("fd00:1:3::5", "fd00:2::9", 1232));
}

TEST(PipelineEdges, AreAllTakenAndNoOtherIs) {
  const std::vector<Scene> scenes = {
      {{}, out},
      {{}, in},
      {{}, probes},
      {{}, for_the_kernel},
      {{}, fragments},
      {{}, mailbox},
      {{.path_mtu = 1190, .outer_mtu = 1280}, beyond_the_path}};
  Edges taken;
  for (const Scene& scene : scenes) taken.merge(taken_in(scene));
  EXPECT_THAT(taken, testing::ContainerEq(declared()));
}

TEST(PipelineEdgesDeathTest, StageMayNotTakeAWayThatIsNotDeclared) {
  BoxBench box;
  Context& context = box.context();
  context.running = &pipeline()[static_cast<std::size_t>(Stage::kClassify)];
  EXPECT_DEATH(context.to(Stage::kNeighbour, nullptr), "leads_to");
}

}  // namespace
}  // namespace raven::dataplane::test
