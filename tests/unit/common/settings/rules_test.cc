// Rules for values of settings.
// SPDX-License-Identifier: Apache-2.0
#include "common/settings/rules.h"

#include <gtest/gtest.h>

namespace raven::settings {
namespace {

TEST(ListenAddress, TakesAnAddressAndAPort) {
  for (const char* good : {"127.0.0.1:10301", "0.0.0.0:0", "[::1]:10301"})
    EXPECT_EQ(check_listen_address(good), "") << good;
}

TEST(ListenAddress, RefusesEverythingElse) {
  for (const char* bad :
       {"", "here", "10301", ":10301", "127.0.0.1", "127.0.0.1:", "::1:10301", "[127.0.0.1]:1",
        "localhost:1", "127.0.0.1:65536", "127.0.0.1:1x"})
    EXPECT_NE(check_listen_address(bad), "") << bad;
}

TEST(Networks, MayNotHoldADefaultRoute) {
  const IpPrefix good = *IpPrefix::parse("10.244.0.0/16");
  EXPECT_EQ(check_no_default_route({}), "");
  EXPECT_EQ(check_no_default_route({good}), "");
  for (const char* bad : {"0.0.0.0/0", "::/0"})
    EXPECT_NE(check_no_default_route({good, *IpPrefix::parse(bad)}), "") << bad;
}

}  // namespace
}  // namespace raven::settings
