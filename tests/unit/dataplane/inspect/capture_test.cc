// Copies of packets at each point, with what is known about them.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/capture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

struct Copy {
  CaptureRecord head;
  Bytes bytes;
};

std::vector<Copy> copies_of(Capture& capture) {
  std::vector<Copy> copies;
  while (capture.read([&](const CaptureRecord& head, const uint8_t* bytes) {
    copies.push_back({head, Bytes(bytes, bytes + head.kept)});
  })) {
  }
  return copies;
}

std::shared_ptr<Capture> capture(
    BoxBench& box, std::initializer_list<CapturePoint> points, CaptureOptions options = {}
) {
  for (const CapturePoint point : points) options.points[static_cast<std::size_t>(point)] = true;
  auto made = std::make_shared<Capture>(options, 2u);
  box.inspect(nullptr, made);
  return made;
}

Bytes from_node(BoxBench& box) {
  return ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.3.5", "10.2.7.9"));
}

TEST(Capture, TakesFramesAsTheyCameAndAsTheyLeave) {
  BoxBench box;
  const auto looking = capture(box, {CapturePoint::kReceive, CapturePoint::kTransmit});
  const Bytes frame = from_node(box);
  box.receive_lan(frame);
  const std::vector<Copy> copies = copies_of(*looking);
  ASSERT_THAT(copies, SizeIs(2));
  EXPECT_EQ(copies[0].bytes, frame);
  EXPECT_EQ(copies[0].head.place, (CapturePlace{CapturePoint::kReceive, box.lan().index()}));
  EXPECT_EQ(copies[1].bytes, box.sent_wan().at(0));
  EXPECT_EQ(copies[1].head.place, (CapturePlace{CapturePoint::kTransmit, box.wan().index()}));
  EXPECT_EQ(copies[1].head.peer, box.peer());
  EXPECT_EQ(copies[1].head.spi, 0x2002u);
  EXPECT_EQ(looking->taken(copies[1].head.place.index()), 1u);
}

TEST(Capture, TakesTheInnerPacketBeforeEncryption) {
  BoxBench box;
  const auto looking = capture(box, {CapturePoint::kClearOut});
  box.receive_lan(from_node(box));
  const std::vector<Copy> copies = copies_of(*looking);
  ASSERT_THAT(copies, SizeIs(1));
  EXPECT_EQ(copies[0].bytes, box.open(box.sent_wan().at(0)));
  EXPECT_EQ(copies[0].head.peer, box.peer());
  EXPECT_EQ(copies[0].head.spi, 0x2002u);
}

TEST(Capture, TakesTheInnerPacketAfterDecryption) {
  BoxBench box;
  const auto looking = capture(box, {CapturePoint::kClearIn});
  const Bytes inner = pod_packet("10.2.7.9", "10.1.3.5");
  box.receive_wan(box.seal(inner));
  Bytes forged = box.seal(inner);
  forged.back() ^= 1;
  box.receive_wan(forged);
  const std::vector<Copy> copies = copies_of(*looking);
  ASSERT_THAT(copies, SizeIs(1)) << "what is not genuine is not clear text";
  EXPECT_EQ(copies[0].bytes, inner);
  EXPECT_EQ(copies[0].head.peer, box.peer());
  EXPECT_EQ(copies[0].head.spi, 0x1001u);
}

TEST(Capture, TakesWhatIsDroppedWithTheReason) {
  BoxBench box;
  const auto looking = capture(box, {CapturePoint::kDrop});
  const Bytes packet = pod_packet("10.1.3.5", "10.4.0.1");
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, packet));
  const Bytes foreign = ethernet("02:99:00:00:00:01", kNodeDiMac, packet);
  box.receive_lan(foreign);
  const std::vector<Copy> copies = copies_of(*looking);
  ASSERT_THAT(copies, SizeIs(2));
  EXPECT_EQ(copies[0].bytes, packet);
  EXPECT_EQ(copies[0].head.drop, Drop::kBlackhole);
  EXPECT_EQ(copies[0].head.place.layer, Layer::kIp);
  EXPECT_EQ(copies[1].bytes, foreign);
  EXPECT_EQ(copies[1].head.drop, Drop::kOtherHost);
  EXPECT_EQ(copies[1].head.place.layer, Layer::kEthernet);
}

TEST(Capture, SaysWhenAPacketWasDroppedRightAfterThePoint) {
  BoxBench box;
  const auto looking = capture(box, {CapturePoint::kTransmit});
  const std::vector<Bytes> burst(60, from_node(box));
  for (int i = 0; i < 100; ++i) box.receive(box.lan(), burst);
  const uint64_t full = box.drops()["tx_full"];
  ASSERT_GT(full, 0u);
  const std::vector<Copy> copies = copies_of(*looking);
  EXPECT_EQ(
      std::ranges::count_if(copies, [](const Copy& copy) { return copy.head.drop.has_value(); }),
      static_cast<std::ptrdiff_t>(full)
  );
}

TEST(Capture, TakesAHandedOverPacketOnlyWhereItIsEncrypted) {
  BoxBench box{{.worker = WorkerId{1}}};
  const auto looking = capture(box, {CapturePoint::kClearOut});
  box.receive_lan(from_node(box));
  EXPECT_EQ(box.context().counters.handed_over.value(), 1u);
  EXPECT_THAT(copies_of(*looking), IsEmpty());
}

TEST(Capture, CutsToTheSnapLengthAndRemembersTheSize) {
  BoxBench box;
  const auto looking = capture(box, {CapturePoint::kReceive}, {.filter = {}, .snap_length = 60});
  const Bytes frame = from_node(box);
  box.receive_lan(frame);
  const std::vector<Copy> copies = copies_of(*looking);
  ASSERT_THAT(copies, SizeIs(1));
  EXPECT_EQ(copies[0].bytes, slice(frame, 0, 60));
  EXPECT_EQ(copies[0].head.size, frame.size());
}

TEST(Capture, FiltersByInnerAddressesAlsoInsideOfVxlan) {
  BoxBench box;
  CaptureOptions options;
  options.filter.address = *IpPrefix::parse("10.1.2.5/32");
  const auto looking = capture(box, {CapturePoint::kReceive, CapturePoint::kTransmit}, options);
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.2.5")));
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.2.6")));
  const std::vector<Copy> copies = copies_of(*looking);
  ASSERT_THAT(copies, SizeIs(1)) << "ESP hides the address, VXLAN does not";
  EXPECT_EQ(copies[0].head.place.point, CapturePoint::kTransmit);
}

TEST(Capture, FiltersByPeerAtEveryPointOfATunnel) {
  BoxBench box;
  CaptureOptions options;
  options.filter.peer = box.peer();
  const auto looking = capture(
      box,
      {CapturePoint::kReceive, CapturePoint::kTransmit, CapturePoint::kClearOut,
       CapturePoint::kClearIn},
      options
  );
  box.receive_lan(from_node(box));                                // clear-out, tx
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.3.5")));  // rx, clear-in
  EXPECT_THAT(copies_of(*looking), SizeIs(4));
}

TEST(Capture, EndsAfterTheNumberOfPacketsAsked) {
  BoxBench box;
  CaptureOptions options;
  options.packets = 3;
  const auto looking = capture(box, {CapturePoint::kReceive}, options);
  box.receive(box.lan(), std::vector<Bytes>(5, from_node(box)));
  EXPECT_TRUE(looking->done());
  EXPECT_THAT(copies_of(*looking), SizeIs(3));
}

TEST(Capture, CountsWhatFindsNoRoom) {
  BoxBench box;
  CaptureOptions options;
  options.ring_bytes = 4096;
  const auto looking = capture(box, {CapturePoint::kReceive}, options);
  box.receive(box.lan(), std::vector<Bytes>(60, from_node(box)));
  const std::size_t place = CapturePlace{CapturePoint::kReceive, box.lan().index()}.index();
  const std::size_t taken = copies_of(*looking).size();
  EXPECT_GT(taken, 0u);
  EXPECT_EQ(looking->taken(place), taken);
  EXPECT_EQ(looking->lost(place), 60 - taken);
}

}  // namespace
}  // namespace raven::dataplane::test
