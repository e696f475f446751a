// Traced packets and rates, as a user sees them.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/kube/json.h"
#include "common/kube/json_value.h"
#include "ctrl/ravenctl/top_view.h"
#include "ctrl/ravenctl/trace_view.h"

namespace raven::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

dpapi::v1::TracedPacket traced_packet() {
  dpapi::v1::TracedPacket packet;
  packet.set_entrance("port lan");
  auto* first = packet.add_steps();
  first->set_stage("classify");
  first->set_size(98);
  first->set_packet("ICMP 10.1.1.1 > 10.2.1.1 echo request");
  first->set_way("next");
  first->set_next("route");
  first->set_header("\x45\x01");
  auto* second = packet.add_steps();
  second->set_stage("route");
  second->set_offset_ns(1250);
  second->set_size(84);
  second->set_packet(first->packet());
  second->set_target("pool b");
  second->set_peer("gw-b");
  second->set_way("dropped");
  second->set_drop_reason("no_path");
  return packet;
}

TEST(TraceView, TellsTheStagesWhatTheyFoundAndTheVerdict) {
  const std::string text = trace_text(traced_packet(), 3, false);
  EXPECT_THAT(text, HasSubstr("packet 3: in by port lan, "));
  EXPECT_THAT(text, HasSubstr("classify     98  ICMP 10.1.1.1 > 10.2.1.1 echo request"));
  EXPECT_THAT(text, HasSubstr("1.25"));
  EXPECT_THAT(text, HasSubstr("pool b, peer gw-b  DROP no_path"));
  EXPECT_THAT(text, HasSubstr("verdict: DROP no_path\n"));
}

TEST(TraceView, ShowsBytesOnlyWhenAsked) {
  EXPECT_THAT(trace_text(traced_packet(), 1, true), HasSubstr("0000  45 01\n"));
  EXPECT_THAT(trace_text(traced_packet(), 1, false), Not(HasSubstr("bytes at")));
}

void add_counter(
    TopSample& sample, const char* name, std::map<std::string, std::string> labels, double value
) {
  auto* counter = sample.statistics.add_counters();
  counter->set_name(name);
  counter->set_value(value);
  for (const auto& [label, text] : labels) (*counter->mutable_labels())[label] = text;
}

// A box with one of everything; `n` seconds after the first look.
TopSample sample(int n) {
  TopSample made;
  made.at = Instant{} + std::chrono::seconds{n};
  made.status.set_epoch(1);
  made.status.set_node_name("gw-a");
  made.status.add_workers()->set_alive(true);
  made.status.add_ports()->set_name("wan");
  auto* tunnel = made.status.add_tunnels();
  tunnel->set_peer("gw-b");
  tunnel->set_tunnel_id(11);
  tunnel->set_up(true);
  const std::map<std::string, std::string> worker{{"worker", "0"}};
  add_counter(made, "raven_dataplane_worker_packets_total", worker, n * 1000);
  add_counter(
      made, "raven_dataplane_worker_cycles_total", {{"worker", "0"}, {"state", "busy"}}, n * 250000
  );
  add_counter(
      made, "raven_dataplane_worker_cycles_total", {{"worker", "0"}, {"state", "idle"}}, n * 750000
  );
  for (const char* direction : {"rx", "tx"})
    add_counter(
        made, "raven_dataplane_port_bytes_total",
        {{"port", "wan"}, {"worker", "0"}, {"direction", direction}}, n * 1.25e8
    );
  auto* sa = made.sas.add_sas();
  sa->set_tunnel_id(11);
  sa->set_spi(0x1001);
  sa->set_direction("in");
  sa->set_packets(static_cast<uint64_t>(n) * 500);
  auto* drop = made.drops.add_drops();
  drop->set_reason("ttl");
  drop->set_packets(static_cast<uint64_t>(n) * 10);
  return made;
}

TEST(TopView, GivesRatesOfTheIntervalPerSecond) {
  const Top top = compare(sample(2), sample(4));
  ASSERT_THAT(top.workers, SizeIs(1));
  EXPECT_DOUBLE_EQ(top.workers[0].packets, 1000);
  EXPECT_DOUBLE_EQ(top.workers[0].busy, 0.25);
  EXPECT_DOUBLE_EQ(top.workers[0].cycles_per_packet, 250);
  EXPECT_DOUBLE_EQ(top.workers[0].received.bits, 1e9);
  ASSERT_THAT(top.ports, SizeIs(1));
  EXPECT_DOUBLE_EQ(top.ports[0].sent.bits, 1e9);
  ASSERT_THAT(top.tunnels, SizeIs(1));
  EXPECT_DOUBLE_EQ(top.tunnels[0].in.packets, 500);
  EXPECT_DOUBLE_EQ(top.tunnels[0].out.packets, 0);
  ASSERT_THAT(top.drops, SizeIs(1));
  EXPECT_DOUBLE_EQ(top.drops[0].packets, 10);
}

TEST(TopView, TellsTheSameReasonForEachStageThatDropped) {
  TopSample before, now;
  const auto add = [](TopSample& sample, const char* stage, uint64_t packets) {
    auto* drop = sample.drops.add_drops();
    drop->set_reason("clear_text");
    drop->set_stage(stage);
    drop->set_packets(packets);
  };
  add(before, "inbox", 100);
  add(now, "inbox", 110);
  add(now, "route", 5);
  now.at = before.at + std::chrono::seconds{1};
  const Top top = compare(before, now);
  ASSERT_THAT(top.drops, SizeIs(2));
  EXPECT_EQ(top.drops[0].stage, "inbox");
  EXPECT_DOUBLE_EQ(top.drops[0].packets, 10);
  EXPECT_EQ(top.drops[1].stage, "route");
  EXPECT_DOUBLE_EQ(top.drops[1].packets, 5);
}

TEST(TopView, CountsOnWhenAnSaIsReplaced) {
  TopSample before = sample(1), now = sample(2);
  now.sas.mutable_sas(0)->set_spi(0x2002);
  now.sas.mutable_sas(0)->set_packets(70);
  EXPECT_DOUBLE_EQ(compare(before, now).tunnels[0].in.packets, 70);
}

TEST(TopView, ShowsTheShareOfProbesThatWereNotAnswered) {
  TopSample before = sample(1), now = sample(2);
  for (const auto& [result, value] : {std::pair{"sent", 40.0}, std::pair{"answered", 30.0}})
    add_counter(
        now, "raven_dataplane_tunnel_probes_total",
        {{"peer", "gw-b"}, {"pool", ""}, {"result", result}}, value
    );
  EXPECT_DOUBLE_EQ(compare(before, now).tunnels[0].probe_loss, 0.25);
}

TEST(TopView, ShowsNoRatesAcrossARestart) {
  TopSample before = sample(9), now = sample(10);
  now.status.set_epoch(2);
  const Top top = compare(before, now);
  EXPECT_TRUE(top.restarted);
  EXPECT_DOUBLE_EQ(top.workers[0].packets, 0);
  EXPECT_THAT(top_text(top), HasSubstr("the dataplane has restarted"));
}

TEST(TopView, LeavesNothingOutOfTheJson) {
  const auto json = kube::parse_json(top_json(compare(sample(2), sample(4))));
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->at("workers").at(0).at("cycles_per_packet"), 250);
  EXPECT_EQ(json->at("ports").at(0).at("received").at("bits_per_second"), 1e9);
  EXPECT_EQ(json->at("tunnels").at(0).at("in").at("packets_per_second"), 500);
  EXPECT_EQ(json->at("drops").at(0).at("reason"), "ttl");
}

TEST(TopView, IsAPageOfTables) {
  const std::string text = top_text(compare(sample(2), sample(4)));
  EXPECT_THAT(text, HasSubstr("gw-a in pool"));
  EXPECT_THAT(text, HasSubstr("25.0%"));
  EXPECT_THAT(text, HasSubstr("PROBE_LOSS"));
  EXPECT_THAT(text, HasSubstr("ttl"));
}

}  // namespace
}  // namespace raven::ctl
