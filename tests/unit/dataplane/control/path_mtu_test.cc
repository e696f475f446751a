// What a tunnel's path carries: told by routers, found by probes, tried again later.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/path_mtu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace raven::dataplane {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::IsEmpty;

constexpr uint32_t kTunnel = 7;

class PathMtuTest : public testing::Test {
 protected:
  PathMtuTest() { path_mtu_.set_path(kTunnel, IpAddress::v4(0xc6336402), 1500); }

  // A path that swallows packets larger than `carries`, for `time`; the number of padded probes.
  unsigned run(std::chrono::nanoseconds time, uint32_t carries, bool up = true) {
    unsigned probes = 0;
    for (const Instant end = now_ + time; now_ < end; now_ += milliseconds{100}) {
      const PathMtu::Step step = path_mtu_.step(kTunnel, up, now_);
      changes_ += step.changed ? 1 : 0;
      for (const uint32_t size : step.probes) {
        ++probes;
        if (size <= carries) path_mtu_.probe_answered(kTunnel, size);
      }
    }
    return probes;
  }
  uint32_t largest() const { return path_mtu_.largest(kTunnel); }

  PathMtu path_mtu_;
  Instant now_{seconds{1000}};
  unsigned changes_ = 0;
};

TEST_F(PathMtuTest, StartsWithTheMtuOfThePort) {
  EXPECT_EQ(largest(), 1500u);
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31TakesWhatARouterSays) {
  EXPECT_TRUE(path_mtu_.too_big(kTunnel, 1400, now_));
  EXPECT_EQ(largest(), 1400u);
  EXPECT_TRUE(path_mtu_.too_big(kTunnel, 1300, now_)) << "the next narrow link";
  EXPECT_EQ(largest(), 1300u);
}

// Rule 31: refuses
TEST_F(PathMtuTest, Row31IsNeverRaisedByARouterNorLoweredBelowTheFloor) {
  EXPECT_FALSE(path_mtu_.too_big(kTunnel, 1500, now_)) << "nothing new";
  EXPECT_FALSE(path_mtu_.too_big(kTunnel, 9000, now_));
  EXPECT_TRUE(path_mtu_.too_big(kTunnel, 0, now_));
  EXPECT_EQ(largest(), PathMtu::kFloorV4);
  EXPECT_FALSE(path_mtu_.too_big(kTunnel, 1400, now_));
  EXPECT_EQ(largest(), PathMtu::kFloorV4);

  path_mtu_.set_path(kTunnel, *IpAddress::parse("2001:db8::2"), 1500);
  EXPECT_TRUE(path_mtu_.too_big(kTunnel, 576, now_));
  EXPECT_EQ(largest(), PathMtu::kFloorV6);
  EXPECT_FALSE(path_mtu_.too_big(99, 1400, now_)) << "no such tunnel";
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31IsTriedAgainAfterTenMinutes) {
  path_mtu_.too_big(kTunnel, 1400, now_);
  run(minutes{9}, 1400);
  EXPECT_EQ(largest(), 1400u);
  run(minutes{2}, 1500);
  EXPECT_EQ(largest(), 1500u);
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31StaysLowWhereTheProbeOfTheFullSizeIsLost) {
  path_mtu_.too_big(kTunnel, 1400, now_);
  run(minutes{60}, 1400);
  EXPECT_EQ(largest(), 1400u);
  EXPECT_EQ(changes_, 0u) << "no traffic is lost for finding out";
}

// A peer of another implementation answers no probes: then the traffic itself has to find out.
// Rule 31: holds
TEST_F(PathMtuTest, Row31IsRaisedWithoutAProbeWhereNoneIsAnswered) {
  path_mtu_.too_big(kTunnel, 1400, now_);
  run(minutes{9}, 0, false);
  EXPECT_EQ(largest(), 1400u);
  EXPECT_EQ(run(minutes{2}, 0, false), 0u);
  EXPECT_EQ(largest(), 1500u);
}

// ICMP is lost on the way: RFC 8899.
// Rule 31: holds
TEST_F(PathMtuTest, Row31ABlackHoleIsFoundAndLeftWithThreeProbes) {
  run(seconds{20}, 1500);
  EXPECT_EQ(largest(), 1500u);
  run(seconds{12}, 1420);
  EXPECT_EQ(largest(), 1400u);
  EXPECT_EQ(changes_, 1u);
  run(seconds{30}, 1420);
  EXPECT_EQ(largest(), 1400u);
  run(seconds{12}, 600);
  EXPECT_EQ(largest(), PathMtu::kFloorV4);
}

// Rule 31: holds
TEST_F(PathMtuTest, Row31AJumboPathThatIsNoneEndsAtEthernetsSize) {
  path_mtu_.set_path(kTunnel, IpAddress::v4(0xc6336402), 9000);
  run(seconds{12}, 1500);
  EXPECT_EQ(largest(), 1500u);
}

// Rule 31: refuses
TEST_F(PathMtuTest, Row31ATunnelThatIsDownIsNotTakenForABlackHole) {
  EXPECT_EQ(run(minutes{1}, 0, false), 0u);
  EXPECT_EQ(largest(), 1500u);
  run(minutes{1}, 0, true);  // the peer knows no padded probes
  EXPECT_EQ(largest(), 1500u);
  EXPECT_EQ(changes_, 0u);
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
  path_mtu_.too_big(kTunnel, 1400, now_);
  path_mtu_.set_path(kTunnel, IpAddress::v4(0xc6336402), 1500);
  EXPECT_EQ(largest(), 1400u);
  path_mtu_.set_path(kTunnel, IpAddress::v4(0xc6336403), 1500);
  EXPECT_EQ(largest(), 1500u);
  path_mtu_.set_tunnels({});
  EXPECT_THAT(path_mtu_.step(kTunnel, true, now_).probes, IsEmpty());
}

}  // namespace
}  // namespace raven::dataplane
