// Outer fragments: put together before ESP, within bounds, or dropped by name.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/reassembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rte_cycles.h>

#include <algorithm>
#include <random>

#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

constexpr std::size_t kToPayload = 14 + 20;

struct PieceFields {
  std::size_t offset = 0, size = 0;
  bool more = true;
  uint16_t identification = 2;  // even: of worker 0
  uint8_t tos = 0;
  std::string source = "198.51.100.2";
};

Bytes piece_of(BoxBench& box, const Bytes& payload, uint8_t protocol, const PieceFields& fields) {
  const Bytes ip = ipv4(
      {.source = fields.source,
       .destination = "192.0.2.1",
       .protocol = protocol,
       .tos = fields.tos,
       .more_fragments = fields.more,
       .fragment_offset = static_cast<uint16_t>(fields.offset),
       .identification = fields.identification},
      slice(payload, fields.offset, fields.size)
  );
  return ethernet(box.wan_mac(), kRouterMac, ip);
}

// A frame with an IPv4 packet, in pieces that begin at `cuts` (multiples of 8).
std::vector<Bytes> cut(
    BoxBench& box, const Bytes& frame, std::vector<std::size_t> cuts, uint16_t identification = 2,
    std::vector<uint8_t> tos = {}
) {
  const Bytes payload = slice(frame, kToPayload);
  cuts.insert(cuts.begin(), 0);
  cuts.push_back(payload.size());
  tos.resize(cuts.size());
  std::vector<Bytes> pieces;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i)
    pieces.push_back(piece_of(
        box, payload, frame[23],
        {.offset = cuts[i],
         .size = cuts[i + 1] - cuts[i],
         .more = i + 2 < cuts.size(),
         .identification = identification,
         .tos = tos[i]}
    ));
  return pieces;
}

std::vector<Bytes> cut_v6(BoxBench& box, const Bytes& payload, const std::vector<std::size_t>& at) {
  std::vector<Bytes> pieces;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const bool last = i + 1 == at.size();
    const auto field = static_cast<uint16_t>(at[i] | (last ? 0 : 1));
    const Bytes header{50, 0, static_cast<uint8_t>(field >> 8), static_cast<uint8_t>(field), 0, 0,
                       0,  4};
    const Bytes part = slice(payload, at[i], last ? SIZE_MAX : at[i + 1] - at[i]);
    pieces.push_back(ethernet(
        box.wan_mac(), kRouterMac,
        ipv6(
            {.source = "2001:db8::2", .destination = "2001:db8::1", .next_header = 44},
            header + part
        )
    ));
  }
  return pieces;
}

uint64_t waiting(BoxBench& box) {
  return box.context().counters.waiting.value();
}

// What the worker does between two bursts, `seconds` later.
void tend(BoxBench& box, double seconds = 0) {
  Context& context = box.context();
  const auto later = static_cast<uint64_t>(seconds * static_cast<double>(rte_get_tsc_hz()));
  context.reassembly.expire(context.counters, rte_rdtsc() + later);
  context.reassembly.release(context.counters, context.lane(Stage::kPunt));
  run_pipeline(context);
}

const Bytes kInner = pod_packet("10.2.7.9", "10.1.3.5", 200);

class EncapsulationTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Kinds, EncapsulationTest, testing::Bool(), [](const auto& given) {
  return given.param ? "udp" : "plain";
});

// Rule 33: holds
TEST_P(EncapsulationTest, Row33FragmentsInAnyOrderBecomeOnePacket) {
  BoxBench box{{.udp_encapsulated = GetParam()}};
  std::vector<unsigned> order{0, 1, 2};
  uint16_t identification = 0;
  do {
    identification += 2;
    const std::vector<Bytes> pieces = cut(box, box.seal(kInner), {64, 160}, identification);
    for (const unsigned i : order) box.receive_wan(pieces[i]);
    const std::vector<Bytes> sent = box.sent_lan();
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(slice(sent[0], 14 + 20), slice(kInner, 20));
    EXPECT_THAT(box.drops(), ElementsAre(Pair("frag_merged", 2)));
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_FALSE(box.context().reassembly.busy());
}

// Rule 33: holds
TEST(Reassembly, Row33FragmentsOverIpv6BecomeOnePacket) {
  BoxBench box;
  const Bytes esp = slice(box.seal(kInner), kToPayload);
  std::vector<Bytes> pieces = cut_v6(box, esp, {0, 80, 160});
  std::reverse(pieces.begin(), pieces.end());
  box.receive(box.wan(), pieces);
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
}

// RFC 6946: not kept waiting, and not disturbed by fragments with the same identification.
// Rule 33: holds
TEST(Reassembly, Row33AtomicFragmentIsAPacketOfItsOwn) {
  BoxBench box;
  const Bytes waits = slice(box.seal(kInner), kToPayload);
  box.receive_wan(cut_v6(box, waits, {0, 80})[0]);
  box.receive_wan(cut_v6(box, slice(box.seal(kInner), kToPayload), {0})[0]);
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
  box.receive_wan(cut_v6(box, waits, {0, 80})[1]);
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
}

// Rule 33: holds
TEST(Reassembly, Row33ExactCopyIsDroppedAlone) {
  BoxBench box;
  const std::vector<Bytes> pieces = cut(box, box.seal(kInner), {64});
  box.receive(box.wan(), {pieces[0], pieces[0], pieces[1]});
  EXPECT_THAT(box.drops(), ElementsAre(Pair("frag_duplicate", 1), Pair("frag_merged", 1)));
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
}

struct Contradiction {
  std::string name;
  std::vector<PieceFields> pieces;  // of 248 bytes of payload
};
void PrintTo(const Contradiction& given, std::ostream* out) {
  *out << given.name;
}
class ContradictionTest : public testing::TestWithParam<Contradiction> {};

// RFC 5722: all of them, those to come included.
// Rule 33: refuses
TEST_P(ContradictionTest, Row33DropsAllFragmentsOfThePacket) {
  BoxBench box;
  const Bytes payload = slice(box.seal(kInner), kToPayload);
  std::vector<Bytes> frames;
  for (const PieceFields& fields : GetParam().pieces)
    frames.push_back(piece_of(box, payload, 50, fields));
  frames.push_back(piece_of(box, payload, 50, {.offset = 128, .size = 1000, .more = false}));
  box.receive(box.wan(), frames);
  EXPECT_THAT(box.drops(), ElementsAre(Pair("frag_overlap", frames.size())));
  EXPECT_THAT(box.sent_lan(), IsEmpty());
  EXPECT_EQ(waiting(box), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Pieces, ContradictionTest,
    testing::Values(
        Contradiction{"overlap_at_the_end", {{0, 64}, {56, 72}}},
        Contradiction{"overlap_at_the_start", {{64, 64}, {0, 72}}},
        Contradiction{"inside", {{0, 128}, {64, 8}}}, Contradiction{"around", {{64, 8}, {0, 128}}},
        Contradiction{"same_place_longer", {{0, 64}, {0, 72}}},
        Contradiction{"two_ends", {{64, 8, false}, {80, 8, false}}},
        Contradiction{"behind_the_end", {{64, 8, false}, {80, 8}}},
        Contradiction{"end_before_what_is_there", {{80, 8}, {64, 8, false}}}
    ),
    [](const auto& given) { return given.param.name; }
);

// Rule 33: refuses
TEST(Reassembly, Row33CopyWithOtherBytesIsAnOverlap) {
  BoxBench box;
  const std::vector<Bytes> pieces = cut(box, box.seal(kInner), {64});
  Bytes other = pieces[0];
  other.back() ^= 1;
  box.receive(box.wan(), {pieces[0], other, pieces[1]});
  EXPECT_THAT(box.drops(), ElementsAre(Pair("frag_overlap", 3)));
}

// Rule 33: refuses
TEST(Reassembly, Row33IncompletePacketIsDroppedAfterASecond) {
  BoxBench box;
  box.receive_wan(cut(box, box.seal(kInner), {64, 128})[1]);
  tend(box, 0.5);
  EXPECT_EQ(waiting(box), 1u);
  tend(box, 1.1);
  EXPECT_THAT(box.drops(), ElementsAre(Pair("frag_timeout", 1)));
  EXPECT_FALSE(box.context().reassembly.busy());
}

// Rule 33: refuses
TEST(Reassembly, Row33OneSourceHoldsAtMost64PacketsAndTheOldestGoFirst) {
  BoxBench box;
  const Bytes frame = box.seal(kInner);
  for (uint16_t i = 0; i < 70; ++i)
    box.receive_wan(cut(box, frame, {64}, static_cast<uint16_t>(2 * i))[0]);
  EXPECT_EQ(waiting(box), Reassembly::kPacketsPerSourceMax);
  EXPECT_THAT(box.drops(), ElementsAre(Pair("frag_cap", 6)));
  box.receive_wan(cut(box, frame, {64}, 2 * 69)[1]);
  EXPECT_THAT(box.sent_lan(), SizeIs(1)) << "the newest is still there";
  tend(box, 1.1);
}

// Rule 33: refuses
TEST(Reassembly, Row33AFloodOfSourcesIsBoundedAndDoesNotKeepAPacketOut) {
  BoxBench box;
  const Bytes payload = filled(248);
  for (unsigned i = 0; i < 2000; ++i) {
    const std::string source = "203.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    box.receive_wan(piece_of(box, payload, 50, {.offset = 8, .size = 8, .source = source}));
  }
  EXPECT_LE(waiting(box), Reassembly::kPacketsMax);
  box.receive(box.wan(), cut(box, box.seal(kInner), {64}));
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
  tend(box, 1.1);
  EXPECT_EQ(waiting(box), 0u);
}

// Rule 33: refuses
TEST(Reassembly, Row33ManySmallFragmentsAreBounded) {
  BoxBench box;
  const Bytes payload = filled(248);
  for (unsigned i = 0; i < Reassembly::kPiecesPerPacketMax; ++i)
    box.receive_wan(piece_of(box, payload, 50, {.offset = 8 * i, .size = 8}));
  EXPECT_EQ(waiting(box), Reassembly::kPiecesPerPacketMax);
  box.receive_wan(piece_of(box, payload, 50, {.offset = 240, .size = 8}));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("frag_cap", 17)));

  const unsigned pieces_max = box.pool().size() / 8 / 2;
  for (unsigned i = 0; i < 2 * pieces_max; ++i)
    box.receive_wan(piece_of(
        box, payload, 50,
        {.offset = 8 * (i % 16), .size = 8, .identification = static_cast<uint16_t>(i / 16 * 2)}
    ));
  EXPECT_LE(waiting(box), pieces_max);
  tend(box, 1.1);
}

// Rule 33: refuses
TEST(Reassembly, Row33ImpossibleFragmentsAreMalformed) {
  BoxBench box;
  const Bytes payload = filled(248);
  const auto offset_65528 = [&](Bytes frame) {
    set_u16(frame, 14 + 6, 0x1fff);
    set_u16(frame, 14 + 10, 0);
    set_u16(frame, 14 + 10, internet_checksum(slice(frame, 14, 20)));
    return frame;
  };
  box.receive_wan(offset_65528(piece_of(box, payload, 50, {.size = 8, .more = false})));
  box.receive_wan(piece_of(box, payload, 50, {.size = 12}));
  box.receive_wan(piece_of(box, payload, 50, {.offset = 8, .size = 0}));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("outer_malformed", 3)));
  EXPECT_EQ(waiting(box), 0u);
}

// Rule 33: refuses
TEST(Reassembly, Row33PacketThatFitsIntoNoBufferIsDropped) {
  BoxBench box;
  const Bytes payload = filled(12000);
  box.receive_wan(piece_of(box, payload, 50, {.offset = 0, .size = 6000}));
  box.receive_wan(piece_of(box, payload, 50, {.offset = 6000, .size = 6000, .more = false}));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("segments", 2)));
}

// IKE in UDP 4500 and every other service of the box: whatever the order, the kernel gets all.
TEST(Reassembly, FragmentsOfOthersGoToTheKernel) {
  BoxBench box;
  uint16_t identification = 0;
  for (const Bytes& datagram :
       {udp(4500, 4500, Bytes(4, 0) + filled(100)), udp(500, 500, filled(100)),
        udp(53, 5353, filled(100))}) {
    identification += 2;
    const Bytes frame = ethernet(
        box.wan_mac(), kRouterMac,
        ipv4({.source = "198.51.100.2", .destination = "192.0.2.1"}, datagram)
    );
    const std::vector<Bytes> pieces = cut(box, frame, {40, 80}, identification);
    box.receive_wan(pieces[1]);
    EXPECT_THAT(box.to_kernel(), IsEmpty()) << "not known yet whose it is";
    box.receive_wan(pieces[0]);
    box.receive_wan(pieces[2]);
    tend(box);
    std::vector<Bytes> seen;
    for (const auto& punted : box.to_kernel()) seen.push_back(punted.packet);
    EXPECT_THAT(seen, testing::UnorderedElementsAreArray(pieces));
    EXPECT_EQ(waiting(box), 0u);
  }
  EXPECT_THAT(box.drops(), IsEmpty());
}

// RFC 7348 section 4.3: a VXLAN end does not fragment.
// Rule 55: refuses
TEST(Reassembly, Row55FragmentsOfVxlanAndOfWhatCannotBeToldAreDropped) {
  BoxBench box;
  const auto first = [&](const Bytes& datagram, std::size_t size) {
    return piece_of(box, datagram, 17, {.size = size});
  };
  box.receive_wan(first(udp(50000, 4472, filled(100)), 64));
  box.receive_wan(first(udp(50000, 4473, filled(100)), 64));
  box.receive_wan(first(udp(4500, 4500, filled(100)), 8));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("outer_fragment", 3)));
}

// RFC 3168 section 5.3.
// Rule 25: holds
TEST(Reassembly, Row25MarkOnAnyFragmentIsAMarkOnThePacket) {
  BoxBench box;
  const Bytes inner =
      ipv4({.source = "10.2.7.9", .destination = "10.1.3.5", .tos = 2}, udp(1, 2, filled(100)));
  box.receive(box.wan(), cut(box, box.seal(inner), {64}, 2, {2, 3}));
  const std::vector<Bytes> sent = box.sent_lan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0][15] & 3, 3);
}

// Rule 25: refuses
TEST(Reassembly, Row25MarkBesideAFragmentWithoutEcnDropsThePacket) {
  BoxBench box;
  box.receive(box.wan(), cut(box, box.seal(kInner), {64}, 2, {0, 3}));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("ecn", 2)));
}

TEST(Reassembly, FragmentsMeetAtTheWorkerThatTheirIdentificationNames) {
  BoxBench box;
  const std::vector<Bytes> pieces = cut(box, box.seal(kInner), {64}, 3);
  box.receive(box.wan(), pieces);
  EXPECT_EQ(box.context().counters.handed_over.value(), 2u);
  EXPECT_EQ(waiting(box), 0u);

  BoxBench other{{.worker = WorkerId{1}}};
  for (const Bytes& piece : cut(other, other.seal(kInner), {64}, 3)) {
    rte_mbuf* packet = make_packet(other.pool(), piece);
    meta(packet).entry = Entry::kFragment;
    meta(packet).port = other.wan().index();
    ASSERT_TRUE(other.mailboxes()[1]->send(packet));
  }
  other.take_mail();
  EXPECT_THAT(other.drops(), ElementsAre(Pair("frag_merged", 1)));
  EXPECT_EQ(other.mailboxes()[0]->empty(), false) << "whole: to the owner of the SA";
}

// Whatever comes, every packet is accounted for: the bench checks it when it goes.
TEST(Reassembly, RandomFragmentsLoseNoBuffer) {
  std::mt19937 random{3};
  BoxBench box;
  const Bytes payload = slice(box.seal(kInner), kToPayload);
  for (int i = 0; i < 20'000; ++i) {
    PieceFields fields;
    fields.offset = random() % 31 * 8;
    fields.size = random() % 8 == 0 ? random() % 64 : 8 + random() % 12 * 8;
    fields.more = random() % 4 != 0;
    fields.identification = static_cast<uint16_t>(random() % 64 * 2);
    fields.source = "198.51.100." + std::to_string(random() % 3);
    box.receive_wan(piece_of(box, payload, random() % 3 == 0 ? 17 : 50, fields));
    if (i % 1000 == 0) tend(box, 0.9);
  }
  tend(box, 1.1);
  EXPECT_EQ(waiting(box), 0u);
}

}  // namespace
}  // namespace raven::dataplane::test
