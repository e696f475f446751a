// Overlay addresses, against examples worked out by hand from Raven's scheme.
// SPDX-License-Identifier: Apache-2.0
#include "common/wire/overlay.h"

#include <gtest/gtest.h>

namespace raven {
namespace {

struct Case {
  const char* node;
  const char* address;
  const char* link_local;
  const char* mac;
};

class OverlayTest : public testing::TestWithParam<Case> {};

TEST_P(OverlayTest, FollowsFromTheNodeAddress) {
  const IpAddress node = IpAddress::parse(GetParam().node).value();
  EXPECT_EQ(overlay_address(node).text(), GetParam().address);
  EXPECT_EQ(overlay_link_local(node), IpAddress::parse(GetParam().link_local).value());
  EXPECT_EQ(overlay_mac(node).text(), GetParam().mac);
}

INSTANTIATE_TEST_SUITE_P(
    Nodes, OverlayTest,
    testing::Values(
        Case{"10.1.2.3", "240.1.2.3", "fe80::f001:203", "aa:0f:f0:01:02:03"},
        Case{"192.168.7.5", "240.168.7.5", "fe80::f0a8:705", "aa:0f:f0:a8:07:05"},
        Case{"172.31.255.254", "240.31.255.254", "fe80::f01f:fffe", "aa:0f:f0:1f:ff:fe"},
        Case{"fd00::aa:bbcc", "240.170.187.204", "fe80::f0aa:bbcc", "aa:0f:f0:aa:bb:cc"}
    )
);

}  // namespace
}  // namespace raven
