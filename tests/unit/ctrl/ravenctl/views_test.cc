// What ravenctl prints: whole tables, as a user sees them.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/kube/json.h"
#include "common/kube/json_value.h"
#include "ctrl/ravenctl/cluster_views.h"
#include "ctrl/ravenctl/dataplane_views.h"
#include "ctrl/ravenctl/table.h"

namespace raven::ctl {
namespace {

TEST(Table, AlignsNumbersRightAndTextLeft) {
  Table table{{"NAME", "COUNT"}};
  table.add({"a", "5"});
  table.add({"longer", "1234567"});
  table.add({"", "0"});
  EXPECT_EQ(
      table.text(),
      "NAME      COUNT\n"
      "a             5\n"
      "longer  1234567\n"
      "-             0\n"
  );
}

TEST(DataplaneViews, ShowATunnelThatIsDown) {
  dpapi::v1::StatusReply status;
  auto* tunnel = status.add_tunnels();
  tunnel->set_peer("edge-a-gw-1");
  tunnel->set_pool("edge-a");
  tunnel->set_probes_sent(10);
  tunnel->set_probes_answered(7);
  tunnel->set_inbound_sas(1);
  const std::string text = tunnels_text(status);
  EXPECT_NE(text.find("DOWN"), std::string::npos);
  EXPECT_NE(text.find("1/0"), std::string::npos);
  EXPECT_NE(text.find("10     3"), std::string::npos) << text;
}

TEST(DataplaneViews, WarnWhenKeysComeFromAFileAndNameWhatWasNotApplied) {
  dpapi::v1::StatusReply status;
  status.set_static_sas(true);
  auto* error = status.add_errors();
  error->set_item("peer x");
  error->set_reason("tunnel id is taken");
  const std::string text = status_text(status);
  EXPECT_NE(text.find("WARNING: keys come from a file"), std::string::npos);
  EXPECT_NE(text.find("not applied: peer x: tunnel id is taken"), std::string::npos);
}

TEST(DataplaneViews, WarnWhenProbesFoundNoRoom) {
  dpapi::v1::StatusReply status;
  EXPECT_EQ(status_text(status).find("probes found no room"), std::string::npos);
  status.set_probes_refused(3);
  EXPECT_NE(status_text(status).find("WARNING: 3 probes found no room"), std::string::npos);
}

TEST(DataplaneViews, LeaveZeroCountersOutUnlessAskedFor) {
  dpapi::v1::DropsReply drops;
  auto* drop = drops.add_drops();
  drop->set_reason("ttl");
  EXPECT_EQ(drops_text(drops, false), "no packets dropped\n");
  EXPECT_NE(drops_text(drops, true).find("ttl"), std::string::npos);
}

TEST(DataplaneViews, ShowTheMicrosecondsOfARoundTrip) {
  dpapi::v1::StatisticsReply statistics;
  statistics.add_counters()->set_value(0.00023);
  statistics.add_counters()->set_value(46931.578);
  const std::string text = statistics_text(statistics, false);
  EXPECT_NE(text.find("0.000230"), std::string::npos);
  EXPECT_NE(text.find("46931.58"), std::string::npos);
}

TEST(DataplaneViews, GiveJsonWithTheNamesOfTheApiAndZeroValues) {
  const std::string json = json_text(dpapi::v1::StatusReply{});
  const auto parsed = kube::parse_json(json);
  ASSERT_TRUE(parsed.ok()) << json;
  EXPECT_NE(kube::find(*parsed, {"uptime_seconds"}), nullptr);
  EXPECT_EQ(kube::find_bool(*parsed, {"static_sas"}), false);
}

kube::Object object(const char* text) {
  return std::make_shared<const kube::Json>(*kube::parse_json(text));
}

ClusterObjects sample_cluster() {
  ClusterObjects objects;
  objects.gateways["cloud"] = object(R"({"metadata":{"name":"cloud"},
    "spec":{"tunnelConfig":{"Replicas":1},"endpoints":[
      {"nodeName":"gw-1","type":"tunnel","port":4500,"publicIP":"192.0.2.1"},
      {"nodeName":"gw-2","type":"tunnel","port":4500,"publicIP":"192.0.2.2"}]},
    "status":{"nodes":[],"activeEndpoints":[{"nodeName":"gw-2","type":"tunnel","port":4500}]}})");
  objects.gateways["empty"] = object(R"({"metadata":{"name":"empty"},
    "spec":{"tunnelConfig":{"Replicas":1},"endpoints":[]},"status":{}})");
  objects.nodes["gw-1"] = object(R"({"metadata":{"name":"gw-1"},
    "status":{"conditions":[{"type":"Ready","status":"True"}]}})");
  return objects;
}

TEST(ClusterViews, ShowWhoIsActiveAndWhoseNodeIsReady) {
  const std::string text = gateways_text(sample_cluster());
  EXPECT_NE(text.find("cloud  gw-1  tunnel  standby  192.0.2.1  yes"), std::string::npos) << text;
  EXPECT_NE(text.find("cloud  gw-2  tunnel  active   192.0.2.2  NO"), std::string::npos) << text;
}

TEST(ClusterViews, NameAPoolWithoutAnActiveGateway) {
  EXPECT_NE(problems_text(sample_cluster()).find("empty: no active gateway"), std::string::npos);
}

TEST(ClusterViews, GiveTheSameRowsAsJson) {
  const auto parsed = kube::parse_json(gateways_json(sample_cluster()));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(kube::elements(*parsed, {"endpoints"}).size(), 2u);
}

}  // namespace
}  // namespace raven::ctl
