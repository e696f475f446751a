// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/ike_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/model/names.h"
#include "ctrl/gateway-agent/plan.h"
#include "tests/unit/ctrl/gateway-agent/network_fixture.h"

namespace raven::gateway_agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<IkeConnection> ike_of(const std::string& self, unsigned workers = 2) {
  Settings settings;
  return plan(network_of(three_sites(), self), Facts{.workers = workers}, settings).ike;
}

vici::Message content_of(const std::string& self, std::size_t index, unsigned workers = 2) {
  return connection_content(self, ike_of(self, workers).at(index), Settings{}.ike);
}

TEST(IkePlan, HasOneConnectionPerPeerWithNodeNamesAsIdentities) {
  const auto connections = ike_of("e1");
  ASSERT_EQ(connections.size(), 3u);
  EXPECT_EQ(connections[0].name, "raven-c1");
  const vici::Message content = content_of("e1", 0);
  EXPECT_EQ(content.section("local").text("id"), "e1");
  EXPECT_EQ(content.section("remote").text("id"), "c1");
  EXPECT_EQ(content.section("remote").text("auth"), "psk");
}

TEST(IkePlan, HasOneChildPerWorkerToldApartByInterfaceId) {
  const vici::Message content = content_of("c1", 0, 3);
  const auto children = content.section("children").sections();
  ASSERT_EQ(children.size(), 3u);
  for (unsigned n = 1; n <= 3; ++n) {
    const auto& [name, child] = children[n - 1];
    EXPECT_EQ(name, "net-" + std::to_string(n));
    EXPECT_EQ(child->number("if_id_in"), model::tunnel_id("e1") << 8 | n);
    EXPECT_EQ(child->number("if_id_out"), child->number("if_id_in"));
    EXPECT_EQ(child->text("policies"), "no");
    EXPECT_THAT(child->list("local_ts"), ElementsAre("0.0.0.0/0", "::/0"));
    EXPECT_THAT(child->list("remote_ts"), ElementsAre("0.0.0.0/0", "::/0"));
  }
}

TEST(IkePlan, NeverHasFewerThanOneChildOrMoreThanAnInterfaceIdCounts) {
  EXPECT_EQ(ike_of("c1", 0)[0].children, 1u);
  EXPECT_EQ(ike_of("c1", 1000)[0].children, 255u);
}

TEST(IkePlan, OnlyTheSideThatBeginsStartsAndRestartsChildren) {
  const vici::Message of_c1 = content_of("c1", 0), of_e1 = content_of("e1", 0);
  const auto& begins = *of_c1.section("children").sections()[0].second;
  EXPECT_EQ(begins.text("start_action"), "start");
  EXPECT_EQ(begins.text("close_action"), "start");
  EXPECT_EQ(begins.text("dpd_action"), "restart");
  const auto& waits = *of_e1.section("children").sections()[0].second;
  EXPECT_EQ(waits.text("start_action"), "none");
  EXPECT_EQ(waits.text("close_action"), "none");
  EXPECT_EQ(waits.text("dpd_action"), "clear");
}

TEST(IkePlan, AcceptsAPeerBehindNatFromAnywhereButDialsAnAddress) {
  const auto connections = ike_of("c1");
  EXPECT_THAT(content_of("c1", 0).list("remote_addrs"), ElementsAre("198.51.100.11"));
  EXPECT_TRUE(connections[0].dialable());
  EXPECT_THAT(content_of("c1", 1).list("remote_addrs"), ElementsAre("%any"));
  EXPECT_FALSE(connections[1].dialable());
}

TEST(IkePlan, UsesOnePortForAllOfIke) {
  const vici::Message content = content_of("c1", 0);
  EXPECT_EQ(content.text("local_port"), "4500");
  EXPECT_EQ(content.text("remote_port"), "4500");
  EXPECT_EQ(content.text("encap"), "yes");
}

TEST(IkePlan, IsEmptyWhenKeysComeByOtherMeans) {
  Settings settings;
  settings.ike.enabled = false;
  EXPECT_THAT(plan(network_of(three_sites(), "c1"), Facts{}, settings).ike, IsEmpty());
}

}  // namespace
}  // namespace raven::gateway_agent
