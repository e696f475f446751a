// The short way through the rules of route says what the rules say.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/judgement.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using stage::is_usual;
using stage::judge;
using stage::Judgement;

// One packet as route sees it.
struct Case {
  Meta info;
  Target from, to;
  std::string text() const {
    const auto text_of = [](Target target) {
      return " " + std::to_string(static_cast<int>(target.kind)) + "/" +
             std::to_string(target.index);
    };
    return "origin " + std::to_string(static_cast<int>(info.origin)) + " port " +
           std::to_string(info.port.value()) + " peer " + std::to_string(info.peer.value()) +
           " from" + text_of(from) + " to" + text_of(to);
  }
};

// All origins, ports, peers, and kinds of source and destination.
class JudgementTest : public testing::Test {
 protected:
  JudgementTest() {
    const PoolIndex other_pool = *box_.writer().add_pool();
    peers_ = {box_.peer(), *box_.writer().add_peer(kTunnelB + 1, other_pool)};
    targets_ = {
        Target{},
        Target::drop(),
        Target::remote(box_.pool_b()),
        Target::remote(other_pool),
        Target::node(NodeIndex{0}),
        Target::node(NodeIndex{1}),
        Target::kernel()};
  }

  template <class Check>
  void for_each_case(Check check) {
    for (const Origin origin :
         {Origin::kWire, Origin::kVxlan, Origin::kTunnel, Origin::kKernel, Origin::kSelf,
          Origin::kPoolGateway})
      for (const PortIndex port : {box_.lan().index(), box_.wan().index()})
        for (const PeerIndex peer : peers_)
          for (const Target from : targets_)
            for (const Target to : targets_) {
              Case given{{}, from, to};
              given.info.origin = origin;
              given.info.port = port;
              given.info.peer = peer;
              check(given);
            }
  }

  bool forwards(const Case& given) {
    const Judgement judgement = judge(box_.context(), given.info, given.from, given.to);
    return judgement.action == Judgement::Action::kForward;
  }

  BoxBench box_;
  std::array<PeerIndex, 2> peers_;
  std::array<Target, 7> targets_;
};

// Of three origins it is all that they may do, but for pods of this box that nodes speak to.
TEST_F(JudgementTest, WhatIsUsualIsWhatTheRulesForward) {
  std::size_t cases = 0;
  for_each_case([&](const Case& given) {
    const Origin origin = given.info.origin;
    const bool shortened = origin == Origin::kWire || origin == Origin::kTunnel ||
                           (origin == Origin::kVxlan && given.to.kind != TargetKind::kKernel);
    EXPECT_EQ(
        is_usual(box_.context(), given.info, given.from, given.to), shortened && forwards(given)
    ) << given.text();
    ++cases;
  });
  EXPECT_EQ(cases, 6u * 2 * 2 * 7 * 7);
}

// RFC 4301 section 5.2 step 4, whatever else the rules say.
// Rule 19: refuses
TEST_F(JudgementTest, NothingFromATunnelGoesOnWithASourceOfAnotherPoolThanThePeers) {
  std::size_t forwarded = 0;
  for_each_case([&](const Case& given) {
    if (given.info.origin != Origin::kTunnel || !forwards(given)) return;
    const PeerSlot& peer = box_.tables().peers[given.info.peer];
    EXPECT_EQ(given.from, Target::remote(peer.pool.load())) << given.text();
    ++forwarded;
  });
  EXPECT_EQ(forwarded, 2u * 2 * 3) << "both peers, by both ports, to the nodes and this box";
}

TEST_F(JudgementTest, NothingOfTheWireGoesIntoATunnelButFromTheLanAndTheOwnPool) {
  for_each_case([&](const Case& given) {
    if (given.info.origin != Origin::kWire || !forwards(given)) return;
    EXPECT_EQ(given.info.port, box_.lan().index()) << given.text();
    EXPECT_TRUE(given.from.is_local()) << given.text();
    EXPECT_EQ(given.to.kind, TargetKind::kRemotePool) << given.text();
  });
}

}  // namespace
}  // namespace raven::dataplane::test
