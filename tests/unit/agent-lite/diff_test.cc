// diff_link(): what has to happen to raven0.
// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/diff.h"

#include <gtest/gtest.h>

#include "tests/unit/agent-lite/sample_network.h"

namespace raven::agent_lite {
namespace {

netlink::Link overlay() {
  const auto remote = model::remember_prefixes({}, sample_network());
  return *plan(sample_network(), remote, sample_facts(), "edge-gw1", {}).overlay;
}

// As the kernel shows it.
netlink::Link existing() {
  netlink::Link link = overlay();
  link.index = 9;
  link.running = true;
  return link;
}

TEST(DiffLink, MissingDeviceIsCreated) {
  EXPECT_EQ(diff_link(overlay(), std::nullopt), LinkChange::kCreate);
}

TEST(DiffLink, EqualDeviceIsLeftAlone) {
  EXPECT_EQ(diff_link(overlay(), existing()), LinkChange::kNone);
}

TEST(DiffLink, MtuMacAndStateChangeInPlace) {
  netlink::Link link = existing();
  link.mtu = 1300;
  EXPECT_EQ(diff_link(overlay(), link), LinkChange::kChange);
  link = existing();
  link.mac.bytes[5] ^= 1;
  EXPECT_EQ(diff_link(overlay(), link), LinkChange::kChange);
  link = existing();
  link.up = false;
  EXPECT_EQ(diff_link(overlay(), link), LinkChange::kChange);
}

TEST(DiffLink, OtherVxlanParametersOrNameNeedANewDevice) {
  netlink::Link link = existing();
  link.vxlan->learning = true;
  EXPECT_EQ(diff_link(overlay(), link), LinkChange::kReplace);
  link = existing();
  link.name = "renamed0";
  EXPECT_EQ(diff_link(overlay(), link), LinkChange::kReplace);
}

TEST(DiffLink, DeviceOfAnotherKindIsNotTouched) {
  netlink::Link link = existing();
  link.kind = "tun";
  link.vxlan.reset();
  EXPECT_EQ(diff_link(overlay(), link), LinkChange::kForeign);
  EXPECT_EQ(diff_link(std::nullopt, link), LinkChange::kNone);
}

TEST(DiffLink, UnwantedDeviceIsRemovedOnlyIfItIsOurs) {
  EXPECT_EQ(diff_link(std::nullopt, existing()), LinkChange::kRemove);
  netlink::Link link = existing();
  link.vxlan->vni = 42;
  EXPECT_EQ(diff_link(std::nullopt, link), LinkChange::kNone);
  EXPECT_EQ(diff_link(std::nullopt, std::nullopt), LinkChange::kNone);
}

}  // namespace
}  // namespace raven::agent_lite
