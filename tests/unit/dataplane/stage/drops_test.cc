// Drops are counted where they happen.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rte_cycles.h>

#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Bytes from_node(BoxBench& box, const Bytes& inner) {
  const Bytes frame = vxlan(ethernet(kOverlayMac, kNodeOverlayMac, inner));
  const Bytes ip =
      ipv4({.source = "10.9.0.11", .destination = "10.9.0.1"}, udp(50000, 4472, frame));
  return ethernet(box.lan_mac(), kNodeVxMac, ip);
}

auto row(const char* stage, const char* reason, uint64_t packets) {
  return Pair(Pair(stage, reason), packets);
}

TEST(Drops, ClearTextIsToldOfRouteAndOfInbox) {
  BoxBench box;
  const Bytes pod = pod_packet("10.1.1.5", "10.2.7.9");
  box.receive_wan(ethernet(box.wan_mac(), kRouterMac, pod));
  box.from_tap(box.wan(), ethernet(kRouterMac, box.wan_mac(), pod));
  box.from_tap(box.wan(), ethernet(kRouterMac, box.wan_mac(), pod));
  EXPECT_THAT(
      box.drops_by_stage(),
      ElementsAre(row("inbox", "clear_text", 2), row("route", "clear_text", 1))
  );
}

TEST(Drops, OneReasonFoundAtThreeStagesIsThreeRows) {
  BoxBench box;
  const Bytes routed = ipv4(
      {.source = "10.1.2.5", .destination = "10.2.7.9", .options = {131, 7, 4, 10, 2, 0, 1, 0}},
      udp(1, 2, {})
  );
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, routed));
  box.receive_lan(from_node(box, routed));
  box.from_kernel(routed);
  EXPECT_THAT(
      box.drops_by_stage(), ElementsAre(
                                row("classify", "source_route", 1), row("inbox", "source_route", 1),
                                row("vxlan_in", "source_route", 1)
                            )
  );
  EXPECT_THAT(box.drops_by_stage(), IsEmpty()) << "each is told once";
}

TEST(Drops, FullMailboxIsToldOfTheStageThatHandsOver) {
  BoxBench box{{.worker = WorkerId{1}}};  // owns no SA
  const Bytes out = ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.3.5", "10.2.7.9"));
  const Bytes in = box.seal(pod_packet("10.2.7.9", "10.1.3.5"));
  for (int i = 0; i < 18; ++i) box.receive(box.lan(), std::vector<Bytes>(60, out));
  box.receive_wan(in);
  EXPECT_THAT(
      box.drops_by_stage(),
      ElementsAre(
          row("esp_in", "handover_full", 1), row("esp_out", "handover_full", 18 * 60 - 1024)
      )
  );
}

TEST(Drops, FragmentsAreDroppedByTheStageThatHoldsThem) {
  BoxBench box;
  const Bytes first = ipv4(
      {.source = "198.51.100.2",
       .destination = "192.0.2.1",
       .protocol = 50,
       .more_fragments = true,
       .identification = 2},
      filled(64)
  );
  box.receive_wan(ethernet(box.wan_mac(), kRouterMac, first));
  Context& context = box.context();
  context.reassembly.expire(context.counters, rte_rdtsc() + 2 * rte_get_tsc_hz());
  EXPECT_THAT(box.drops_by_stage(), ElementsAre(row("reassemble", "frag_timeout", 1)));
}

TEST(Drops, VerdictsOfEspAreToldOfTheirStage) {
  BoxBench box;
  Bytes forged = box.seal(pod_packet("10.2.7.9", "10.1.3.5"));
  forged.back() ^= 1;
  box.receive_wan(forged);
  EXPECT_THAT(box.drops_by_stage(), ElementsAre(row("esp_in", "icv", 1)));
}

TEST(Drops, AnIcmpErrorTakesThePlaceOfAPacketDroppedByItsStage) {
  BoxBench box;
  const Bytes pod = pod_packet("10.1.3.5", "10.2.7.9", 32, 1);
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod));
  box.receive_lan(
      ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.3.5", "10.2.7.9", 2000, 64, true))
  );
  EXPECT_THAT(box.drops_by_stage(), ElementsAre(row("fragment", "mtu", 1), row("route", "ttl", 1)));
}

}  // namespace
}  // namespace raven::dataplane::test
