// What a decrypted packet may be, beyond plain traffic of the two pools: errors about it,
// fragments.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/flow_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

// An ICMP error of `router` to `to` about a packet from `source` to `destination`.
Bytes error_about(
    const std::string& router, const std::string& to, const std::string& source,
    const std::string& destination, uint8_t type = 3, uint8_t code = 4
) {
  const Bytes quoted = slice(pod_packet(source, destination), 0, 60);
  if (router.find(':') == std::string::npos)
    return ipv4(
        {.source = router, .destination = to, .protocol = 1},
        icmp(type, code, Bytes{0, 0, 5, 0} + quoted)
    );
  return ipv6(
      {.source = router, .destination = to, .next_header = 58},
      Bytes{type, code, 0, 0, 0, 0, 5, 0} + quoted
  );
}

// Rule 35: holds
TEST(FlowError, Row35ErrorFromAMiddleRouterReachesThePodThroughTheTunnel) {
  BoxBench box;
  box.receive_wan(box.seal(error_about("172.16.0.1", "10.1.3.5", "10.1.3.5", "10.2.7.9")));
  box.receive_wan(box.seal(error_about("172.16.0.1", "10.1.3.5", "10.1.3.5", "10.2.7.9", 11, 0)));
  box.receive_wan(
      box.seal(error_about("2001:db8:9::1", "fd00:1:3::5", "fd00:1:3::5", "fd00:2::9", 2, 0))
  );
  EXPECT_THAT(box.drops(), IsEmpty());
  EXPECT_THAT(box.sent_lan(), SizeIs(3));
}

// Rule 35: holds
TEST(FlowError, Row35ErrorOfARouterOfOurSiteAndOfTheBoxGoesIntoTheTunnel) {
  BoxBench box;
  const Bytes error = error_about("172.16.0.1", "10.2.7.9", "10.2.7.9", "10.1.3.5");
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, error));
  box.from_kernel(error_about("10.9.0.1", "10.2.7.9", "10.2.7.9", "10.1.1.5", 3, 3));
  EXPECT_THAT(box.drops(), IsEmpty());
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(slice(box.open(sent[0]), 12), slice(error, 12));
}

struct Stray {
  std::string name;
  Bytes packet;  // out of the tunnel
};
void PrintTo(const Stray& given, std::ostream* out) {
  *out << given.name;
}
class StrayTest : public testing::TestWithParam<Stray> {};

// Rule 19: refuses.  Rule 34: refuses.  Rule 35: refuses.  Rule 56: refuses
TEST_P(StrayTest, Row35IsDroppedAsSpoofed) {
  BoxBench box;
  box.receive_wan(box.seal(GetParam().packet));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("spoof", 1)));
  EXPECT_THAT(box.sent_lan(), IsEmpty());
  EXPECT_THAT(box.to_kernel(), IsEmpty());
}

Bytes v4_from(const std::string& source, uint16_t offset = 0) {
  return ipv4(
      {.source = source, .destination = "10.1.3.5", .fragment_offset = offset},
      udp(40000, 5000, filled(32))
  );
}
Bytes v6_from(const std::string& source) {
  return pod_packet(source, "fd00:1:3::5");
}
Bytes later_v6_fragment(const std::string& source) {
  return ipv6(
      {.source = source, .destination = "fd00:1:3::5", .next_header = 44},
      Bytes{17, 0, 0x05, 0xc8, 1, 2, 3, 4} + filled(16)
  );
}

INSTANTIATE_TEST_SUITE_P(
    Errors, StrayTest,
    testing::Values(
        Stray{
            "flow_with_another_pool",
            error_about("172.16.0.1", "10.1.3.5", "10.1.3.5", "10.3.7.9")},
        Stray{"flow_with_nobody", error_about("172.16.0.1", "10.1.3.5", "10.1.3.5", "8.8.8.8")},
        Stray{
            "flow_inside_our_site", error_about("172.16.0.1", "10.1.3.5", "10.1.3.5", "10.1.2.5")},
        Stray{"not_to_the_sender", error_about("172.16.0.1", "10.1.3.5", "10.1.3.6", "10.2.7.9")},
        Stray{"same_direction", error_about("172.16.0.1", "10.1.3.5", "10.2.7.9", "10.1.3.5")},
        Stray{"from_a_pod_of_ours", error_about("10.1.2.5", "10.1.3.5", "10.1.3.5", "10.2.7.9")},
        Stray{"from_another_pool", error_about("10.3.0.1", "10.1.3.5", "10.1.3.5", "10.2.7.9")},
        Stray{"from_a_lost_pool", error_about("10.4.0.1", "10.1.3.5", "10.1.3.5", "10.2.7.9")},
        Stray{"from_loopback", error_about("127.0.0.1", "10.1.3.5", "10.1.3.5", "10.2.7.9")},
        Stray{"from_unspecified", error_about("0.0.0.0", "10.1.3.5", "10.1.3.5", "10.2.7.9")},
        Stray{"from_a_group", error_about("224.0.0.1", "10.1.3.5", "10.1.3.5", "10.2.7.9")},
        Stray{
            "from_v6_unspecified",
            error_about("::", "fd00:1:3::5", "fd00:1:3::5", "fd00:2::9", 2, 0)},
        Stray{
            "from_v6_link_local",
            error_about("fe80::1", "fd00:1:3::5", "fd00:1:3::5", "fd00:2::9", 2, 0)},
        Stray{"redirect", error_about("172.16.0.1", "10.1.3.5", "10.1.3.5", "10.2.7.9", 5, 0)},
        Stray{"query", error_about("172.16.0.1", "10.1.3.5", "10.1.3.5", "10.2.7.9", 8, 0)},
        Stray{
            "v6_informational",
            error_about("2001:db8:9::1", "fd00:1:3::5", "fd00:1:3::5", "fd00:2::9", 128, 0)},
        Stray{
            "quotes_too_little",
            ipv4(
                {.source = "172.16.0.1", .destination = "10.1.3.5", .protocol = 1},
                icmp(3, 4, filled(4 + 19))
            )},
        Stray{
            "quotes_the_other_family",
            ipv4(
                {.source = "172.16.0.1", .destination = "10.1.3.5", .protocol = 1},
                icmp(3, 4, Bytes(4) + pod_packet("fd00:1:3::5", "fd00:2::9"))
            )}
    ),
    [](const auto& given) { return given.param.name; }
);

INSTANTIATE_TEST_SUITE_P(
    Martians, StrayTest,
    testing::Values(
        Stray{"this_network", v4_from("0.0.0.0")}, Stray{"loopback", v4_from("127.0.0.1")},
        Stray{"group", v4_from("224.0.0.5")}, Stray{"class_e", v4_from("240.0.0.1")},
        Stray{"broadcast", v4_from("255.255.255.255")}, Stray{"v6_unspecified", v6_from("::")},
        Stray{"v6_loopback", v6_from("::1")}, Stray{"v6_group", v6_from("ff02::1")},
        Stray{"v6_link_local", v6_from("fe80::1")},
        Stray{"later_fragment", v4_from("10.3.7.9", 1480)},
        Stray{"v6_later_fragment", later_v6_fragment("fd00:3::9")}
    ),
    [](const auto& given) { return given.param.name; }
);

// Selectors of a tunnel are prefixes of any protocol and port, so that a fragment without a header
// of its own matches them as well (RFC 4301 section 7).
// Rule 34: holds.  Rule 56: holds
TEST(FlowError, Row34FragmentsOfThePeersPoolPassBothWays) {
  BoxBench box;
  box.receive_wan(box.seal(v4_from("10.2.7.9", 1480)));
  box.receive_wan(box.seal(later_v6_fragment("fd00:2::9")));
  EXPECT_THAT(box.sent_lan(), SizeIs(2));
  const Bytes out =
      ipv4({.source = "10.1.3.5", .destination = "10.2.7.9", .fragment_offset = 1480}, filled(32));
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, out));
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(slice(box.open(sent[0]), 12), slice(out, 12));
  EXPECT_THAT(box.drops(), IsEmpty());
}

}  // namespace
}  // namespace raven::dataplane::test
