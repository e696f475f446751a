// What a tunnel's path carries: searched for with probes, told by routers, tried again later.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/decide/path_mtu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace raven::dataplane {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::IsEmpty;

constexpr uint32_t kTunnel = 7;
constexpr bool kDown = false;

class PathMtuTest : public testing::Test {
 protected:
  PathMtuTest() { path_mtu_.set_path(kTunnel, IpAddress::v4(0xc6336402), 1500); }

  // A path that swallows packets larger than `carries`, for `time`; the number of padded probes.
  unsigned run(std::chrono::nanoseconds time, uint32_t carries, bool up = true) {
    unsigned probes = 0;
    for (const Instant end = now_ + time; now_ < end; now_ += milliseconds{100}) {
      const PathMtu::Step step = path_mtu_.step(kTunnel, up, now_);
      changes_ += step.changed ? 1 : 0;
      least_ = std::min(least_, largest());
      for (const uint32_t size : step.probes) {
        ++probes;
        if (size <= carries) path_mtu_.probe_answered(kTunnel, size);
      }
    }
    return probes;
  }
  bool too_big(uint32_t claimed, uint32_t quoted = 1500) {
    return path_mtu_.too_big(kTunnel, claimed, quoted);
  }
  uint32_t largest() const { return path_mtu_.largest(kTunnel); }

  PathMtu path_mtu_;
  Instant now_{seconds{1000}};
  unsigned changes_ = 0;
  uint32_t least_ = UINT32_MAX;
};

TEST_F(PathMtuTest, StartsWithTheMtuOfThePort) {
  EXPECT_EQ(largest(), 1500u);
}

// ICMP is lost on the way: RFC 8899.  Eight seconds to notice, the rest is the search.
// Rule 31: holds
TEST_F(PathMtuTest, Row31ABlackHoleIsFoundAndMeasuredWhateverItsSize) {
  for (uint32_t carries = PathMtu::kFloorV4; carries <= 1500; carries += 7) {
    path_mtu_.set_tunnels({});
    path_mtu_.set_path(kTunnel, IpAddress::v4(0xc6336402), 1500);
    run(seconds{20}, carries);
    EXPECT_LE(largest(), carries);
    EXPECT_GT(largest() + PathMtu::kGranularity, carries);
  }
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31ABlackHoleIsLeftBeforeItIsMeasured) {
  run(seconds{20}, 1500);
  run(milliseconds{9500}, 1415);
  EXPECT_EQ(largest(), 1400u) << "the common size below";
  run(seconds{8}, 1415);
  EXPECT_EQ(largest(), 1412u);
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31AJumboPathIsMeasuredToo) {
  for (const uint32_t carries : {1500u, 1600u, 3210u, 5555u, 8999u}) {
    path_mtu_.set_tunnels({});
    path_mtu_.set_path(kTunnel, IpAddress::v4(0xc6336402), 9600);
    run(seconds{30}, carries);
    EXPECT_LE(largest(), carries);
    EXPECT_GT(largest() + PathMtu::kGranularity, carries);
  }
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31ASearchSendsABoundedNumberOfProbes) {
  path_mtu_.set_path(kTunnel, IpAddress::v4(0xc6336402), 9600);
  EXPECT_LE(run(seconds{30}, 5555), 80u);
  EXPECT_LE(run(minutes{1}, 5555), 13u) << "then no more than before";
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31AProbeThatIsLostByChanceCostsNothing) {
  std::set<uint32_t> tried;
  for (int tick = 0; tick < 200; ++tick, now_ += milliseconds{100})
    for (const uint32_t size : path_mtu_.step(kTunnel, true, now_).probes)
      if (!tried.insert(size).second && size <= 1450) path_mtu_.probe_answered(kTunnel, size);
  EXPECT_EQ(largest(), 1448u);
}

// Rule 31: refuses
TEST_F(PathMtuTest, Row31AProbeThatFoundNoRoomSaysNothingAboutThePath) {
  const auto refuse_for = [this](std::chrono::nanoseconds time) {
    for (const Instant end = now_ + time; now_ < end; now_ += milliseconds{100}) {
      const PathMtu::Step step = path_mtu_.step(kTunnel, true, now_);
      EXPECT_FALSE(step.changed);
      for (std::size_t i = 0; i < step.probes.size(); ++i) path_mtu_.probe_refused(kTunnel);
    }
  };
  refuse_for(minutes{1});
  EXPECT_TRUE(too_big(1404)) << "starts a search";
  refuse_for(minutes{1});
  run(seconds{10}, 1500);
  EXPECT_EQ(least_, 1500u);
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31ARouterStartsASearchThatFindsWhatItSays) {
  run(seconds{12}, 1500);
  EXPECT_TRUE(too_big(1404));
  run(milliseconds{1200}, 1404);
  EXPECT_EQ(largest(), 1404u);
  run(seconds{5}, 1404);
  EXPECT_EQ(largest(), 1404u);
  EXPECT_EQ(least_, 1404u);
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31ARouterThatKnowsNoMtuStartsASearchToo) {
  run(seconds{12}, 1500);
  EXPECT_TRUE(too_big(0));
  run(seconds{8}, 1415);
  EXPECT_EQ(largest(), 1412u);
  EXPECT_EQ(least_, 1400u) << "RFC 1191 section 5: not the smallest there is";
}

// Who has seen one of our packets can forge it.
// Rule 31: refuses
TEST_F(PathMtuTest, Row31AForgedMessageLowersNothingWhereProbesAreAnswered) {
  for (int second = 0; second < 60; ++second) {
    too_big(second % 2 == 0 ? 576 : 0);
    run(seconds{1}, 1500);
  }
  EXPECT_EQ(changes_, 0u);
  EXPECT_EQ(least_, 1500u);
}

// Rule 31: refuses
TEST_F(PathMtuTest, Row31ForgedMessagesMakeFewProbes) {
  unsigned probes = 0;
  for (int tick = 0; tick < 600; ++tick) {
    too_big(576);
    probes += run(milliseconds{100}, 1500);
  }
  EXPECT_LE(probes, 6u * 17 + 13);
}

// Rule 31: refuses
TEST_F(PathMtuTest, Row31ForgedMessagesDoNotKeepAPathLow) {
  run(seconds{20}, 1400);
  EXPECT_EQ(largest(), 1400u);
  for (int second = 0; second < 11 * 60; ++second) {
    too_big(576);
    run(seconds{1}, 1500);
  }
  EXPECT_EQ(largest(), 1500u);
}

// A peer of another implementation answers no probes.
// Rule 31: holds
TEST_F(PathMtuTest, Row31ARouterIsBelievedWhereNoProbeIsAnswered) {
  EXPECT_TRUE(too_big(1400));
  EXPECT_EQ(run(seconds{1}, 0, kDown), 0u);
  EXPECT_EQ(largest(), 1400u);
  EXPECT_TRUE(too_big(1300, 1400)) << "the next narrow link";
  run(seconds{1}, 0, kDown);
  EXPECT_EQ(largest(), 1300u);
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31WithoutAnMtuTheNextCommonSizeIsTaken) {
  EXPECT_TRUE(too_big(0));
  run(seconds{1}, 0, kDown);
  EXPECT_EQ(largest(), 1492u);
  EXPECT_TRUE(too_big(0, 1452));
  run(seconds{1}, 0, kDown);
  EXPECT_EQ(largest(), 1440u);
}

// Rule 31: refuses
TEST_F(PathMtuTest, Row31IsNeverRaisedByARouterNorLoweredBelowTheFloor) {
  EXPECT_FALSE(too_big(1500, 9000)) << "nothing new";
  EXPECT_FALSE(too_big(9000, 9001));
  EXPECT_FALSE(too_big(1400, 1400)) << "it would have gone through";
  EXPECT_FALSE(path_mtu_.too_big(99, 1400, 1500)) << "no such tunnel";
  EXPECT_TRUE(too_big(1));
  run(seconds{1}, 0, kDown);
  EXPECT_EQ(largest(), PathMtu::kFloorV4);
  EXPECT_FALSE(too_big(1400));

  path_mtu_.set_path(kTunnel, *IpAddress::parse("2001:db8::2"), 1500);
  EXPECT_TRUE(too_big(576));
  run(seconds{1}, 0, kDown);
  EXPECT_EQ(largest(), PathMtu::kFloorV6);
}

// Forged while the tunnel was down.
// Rule 31: refuses
TEST_F(PathMtuTest, Row31WhatWasBelievedIsMeasuredAsSoonAsProbesAreAnswered) {
  too_big(576);
  run(seconds{1}, 0, kDown);
  EXPECT_EQ(largest(), PathMtu::kFloorV4);
  run(seconds{1}, 1500);
  EXPECT_EQ(largest(), 1500u);
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31IsTriedAgainAfterTenMinutes) {
  run(seconds{20}, 1400);
  EXPECT_EQ(largest(), 1400u);
  run(minutes{9}, 1500);
  EXPECT_EQ(largest(), 1400u);
  run(minutes{2}, 1460);
  EXPECT_EQ(largest(), 1460u) << "also if only a part of it has come back";
  run(minutes{11}, 1500);
  EXPECT_EQ(largest(), 1500u);
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31StaysLowWhereLargerProbesAreLost) {
  run(seconds{20}, 1400);
  changes_ = 0;
  run(minutes{60}, 1400);
  EXPECT_EQ(largest(), 1400u);
  EXPECT_EQ(changes_, 0u) << "no traffic is lost for finding out";
}

// Then the traffic itself has to find out.
// Rule 31: holds
TEST_F(PathMtuTest, Row31IsRaisedWithoutAProbeWhereNoneIsAnswered) {
  too_big(1400);
  run(minutes{9}, 0, kDown);
  EXPECT_EQ(largest(), 1400u);
  EXPECT_EQ(run(minutes{2}, 0, kDown), 0u);
  EXPECT_EQ(largest(), 1500u);
}

// Rule 31: refuses
TEST_F(PathMtuTest, Row31ATunnelThatIsDownIsNotTakenForABlackHole) {
  EXPECT_EQ(run(minutes{1}, 0, kDown), 0u);
  EXPECT_EQ(largest(), 1500u);
  run(minutes{1}, 0);  // the peer knows no padded probes
  EXPECT_EQ(largest(), 1500u);
  EXPECT_EQ(changes_, 0u);
}

// Rule 31: refuses
TEST_F(PathMtuTest, Row31ATunnelThatGoesDownWhileASearchRunsKeepsWhatIsKnown) {
  too_big(1400);
  run(milliseconds{200}, 0);
  run(seconds{5}, 0, kDown);
  EXPECT_EQ(changes_, 0u);
  run(seconds{20}, 1500);
  EXPECT_EQ(least_, 1500u);
}

TEST_F(PathMtuTest, OneLostProbeChangesNothing) {
  run(seconds{6}, 0);
  run(seconds{30}, 1500);
  EXPECT_EQ(largest(), 1500u);
  EXPECT_EQ(changes_, 0u);
}

TEST_F(PathMtuTest, ProbesAreFew) {
  EXPECT_LE(run(minutes{1}, 1500), 13u);
}

TEST_F(PathMtuTest, AnotherPeerAddressIsAnotherPath) {
  run(seconds{20}, 1400);
  path_mtu_.set_path(kTunnel, IpAddress::v4(0xc6336402), 1500);
  EXPECT_EQ(largest(), 1400u);
  path_mtu_.set_path(kTunnel, IpAddress::v4(0xc6336403), 1500);
  EXPECT_EQ(largest(), 1500u);
  path_mtu_.set_tunnels({});
  EXPECT_THAT(path_mtu_.step(kTunnel, true, now_).probes, IsEmpty());
}

}  // namespace
}  // namespace raven::dataplane
