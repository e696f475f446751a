// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/forwarding.h"

#include <gtest/gtest.h>

namespace raven::gateway_agent {
namespace {

using dpapi::v1::StatusReply;
using std::chrono::milliseconds;

StatusReply good_status() {
  StatusReply status;
  status.set_generation(3);
  status.set_forwarding(true);
  for (uint32_t id : {0u, 1u}) {
    auto* worker = status.add_workers();
    worker->set_id(id);
    worker->set_alive(true);
  }
  auto* port = status.add_ports();
  port->set_name("lan");
  port->set_link_up(true);
  return status;
}

TEST(Judge, VouchesForADataplaneThatWorks) {
  EXPECT_TRUE(judge(good_status()).forwards);
}

TEST(Judge, NamesWhatKeepsItFromForwarding) {
  StatusReply stuck = good_status();
  stuck.mutable_workers(1)->set_alive(false);
  EXPECT_EQ(judge(stuck).why_not, "worker 1 does not move");
  StatusReply unplugged = good_status();
  unplugged.mutable_ports(0)->set_link_up(false);
  EXPECT_EQ(judge(unplugged).why_not, "port lan has no link");
  StatusReply fresh = good_status();
  fresh.set_generation(0);
  EXPECT_FALSE(judge(fresh).forwards);
  StatusReply cut_off = good_status();
  cut_off.set_forwarding(false);
  EXPECT_EQ(judge(cut_off).why_not, "no tunnel is up");
  EXPECT_FALSE(judge(StatusReply{}).forwards);
}

TEST(Forwarding, DoesNotOutliveItsEvidence) {
  Forwarding forwarding;
  const Instant now{std::chrono::hours{1}};
  EXPECT_FALSE(forwarding.get(now).forwards);
  forwarding.set({true, ""}, now);
  EXPECT_TRUE(forwarding.get(now + milliseconds{2'000}).forwards);
  EXPECT_FALSE(forwarding.get(now + milliseconds{3'000}).forwards);
}

}  // namespace
}  // namespace raven::gateway_agent
