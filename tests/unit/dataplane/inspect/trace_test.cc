// Stories of packets through one box, from the entrance to the verdict.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/packet/mbuf.h"
#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Filter kAll{};

std::vector<Story> stories_of(Trace& trace) {
  std::vector<Story> stories;
  while (trace.read(stories.emplace_back())) {
  }
  stories.pop_back();
  return stories;
}

std::vector<std::string> stages_of(const Story& story) {
  std::vector<std::string> names;
  for (unsigned i = 0; i < story.step_count; ++i)
    names.emplace_back(pipeline()[static_cast<std::size_t>(story.steps[i].stage)].name);
  return names;
}

const Step& last(const Story& story) {
  return story.steps[story.step_count - 1u];
}

const Step& step_of(const Story& story, Stage stage) {
  for (unsigned i = 0; i < story.step_count; ++i)
    if (story.steps[i].stage == stage) return story.steps[i];
  ADD_FAILURE() << "no such stage";
  return story.steps[0];
}

Bytes bytes_of_packet(rte_mbuf* packet) {
  return {bytes_of(packet), bytes_of(packet) + packet->data_len};
}

class TraceTest : public testing::Test {
 protected:
  std::shared_ptr<Trace> trace(BoxBench& box, const Filter& filter, uint64_t packets = 100) {
    auto made = std::make_shared<Trace>(filter, packets, 2u);
    box.inspect(made);
    return made;
  }
  static Bytes from_node(BoxBench& box, const std::string& source, const std::string& to) {
    return ethernet(box.lan_mac(), kNodeDiMac, pod_packet(source, to));
  }
};

TEST_F(TraceTest, TellsEveryStageOnTheWayOut) {
  BoxBench box;
  const auto looking = trace(box, kAll);
  box.receive_lan(from_node(box, "10.1.3.5", "10.2.7.9"));
  const std::vector<Story> stories = stories_of(*looking);
  ASSERT_THAT(stories, SizeIs(1));
  const Story& story = stories[0];
  EXPECT_THAT(
      stages_of(story), ElementsAre("classify", "route", "esp_out", "neighbour", "transmit")
  );
  EXPECT_EQ(story.ingress, box.lan().index());
  EXPECT_EQ(last(story).way, Way::kSent);
  EXPECT_EQ(last(story).port, box.wan().index());
  EXPECT_EQ(step_of(story, Stage::kRoute).target, Target::remote(box.pool_b()));
  EXPECT_EQ(step_of(story, Stage::kRoute).peer, box.peer());
  EXPECT_EQ(step_of(story, Stage::kRoute).mtu, 1400);
  EXPECT_EQ(step_of(story, Stage::kRoute).next, Stage::kEspOut);
  EXPECT_EQ(step_of(story, Stage::kEspOut).adjacency, box.wan_adjacency());
  EXPECT_EQ(step_of(story, Stage::kNeighbour).headers.spi, 0x2002u);
  EXPECT_EQ(step_of(story, Stage::kClassify).size, 14u + 20 + 8 + 32);
  EXPECT_EQ(summary(step_of(story, Stage::kEspOut).headers), "UDP 10.1.3.5:40000 > 10.2.7.9:5000");
  EXPECT_THAT(box.sent_wan(), SizeIs(1)) << "and the packet went on as ever";
}

TEST_F(TraceTest, FindsWhatIsInsideOfEspAndTellsWhatWasBefore) {
  BoxBench box;
  Filter filter;
  filter.source = *IpPrefix::parse("10.2.7.9/32");
  const auto looking = trace(box, filter);
  box.receive_wan(box.seal(pod_packet("10.2.7.8", "10.1.3.5")));
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.3.5")));
  const std::vector<Story> stories = stories_of(*looking);
  ASSERT_THAT(stories, SizeIs(1));
  EXPECT_THAT(
      stages_of(stories[0]), ElementsAre("classify", "esp_in", "route", "neighbour", "transmit")
  );
  EXPECT_EQ(stories[0].steps[1].headers.spi, 0x1001u);
  EXPECT_EQ(stories[0].steps[1].peer, box.peer());
  EXPECT_EQ(looking->followed(), 2u);
}

TEST_F(TraceTest, NamesTheReasonOfADrop) {
  BoxBench box;
  Filter filter;
  filter.drop = Drop::kBlackhole;
  const auto looking = trace(box, filter);
  box.receive_lan(from_node(box, "10.1.3.5", "10.2.7.9"));
  box.receive_lan(from_node(box, "10.1.3.5", "10.4.0.1"));
  const std::vector<Story> stories = stories_of(*looking);
  ASSERT_THAT(stories, SizeIs(1));
  EXPECT_THAT(stages_of(stories[0]), ElementsAre("classify", "route"));
  EXPECT_EQ(last(stories[0]).way, Way::kDropped);
  EXPECT_EQ(last(stories[0]).drop, Drop::kBlackhole);
}

TEST_F(TraceTest, NamesTheVerdictOfEspAsTheReason) {
  BoxBench box;
  const auto looking = trace(box, kAll);
  Bytes frame = box.seal(pod_packet("10.2.7.9", "10.1.3.5"));
  frame.back() ^= 1;
  box.receive_wan(frame);
  const std::vector<Story> stories = stories_of(*looking);
  ASSERT_THAT(stories, SizeIs(1));
  EXPECT_EQ(last(stories[0]).drop, drop_of(EspVerdict::kIcv));
}

TEST_F(TraceTest, TellsOfAnIcmpErrorAsTheSamePacketsLife) {
  BoxBench box;
  const auto looking = trace(box, kAll);
  box.receive_lan(
      ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.3.5", "10.2.7.9", 2000, 64, true))
  );
  const std::vector<Story> stories = stories_of(*looking);
  ASSERT_THAT(stories, SizeIs(1));
  const Story& story = stories[0];
  const Step& answered = step_of(story, Stage::kFragment);
  EXPECT_EQ(answered.way, Way::kAnswered);
  EXPECT_EQ(answered.drop, Drop::kMtu);
  EXPECT_THAT(
      stages_of(story),
      ElementsAre("classify", "route", "fragment", "route", "neighbour", "transmit")
  );
  EXPECT_EQ(last(story).way, Way::kSent);
  EXPECT_EQ(last(story).port, box.lan().index());
}

TEST_F(TraceTest, GivesEachFragmentAStoryThatNamesItsParent) {
  BoxBench box;
  Filter filter;
  filter.ingress = box.lan().index();
  const auto looking = trace(box, filter);
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.3.5", "10.2.7.9", 3000)));
  const std::vector<Story> stories = stories_of(*looking);
  ASSERT_THAT(stories, SizeIs(3));
  EXPECT_EQ(stories[0].parent_id, 0u);
  for (std::size_t i = 1; i < 3; ++i) {
    EXPECT_EQ(stories[i].parent_id, stories[0].id);
    EXPECT_THAT(stages_of(stories[i]), ElementsAre("esp_out", "neighbour", "transmit"));
  }
}

TEST_F(TraceTest, FollowsFragmentsOfATunnelPacketAndThePacketMadeOfThem) {
  BoxBench box;
  const auto looking = trace(box, kAll);
  const Bytes esp = slice(box.seal(pod_packet("10.2.7.9", "10.1.3.5", 200)), 34);
  const auto piece = [&](uint16_t offset, std::size_t size, bool more) {
    const Ipv4Fields fields{
        .source = "198.51.100.2",
        .destination = "192.0.2.1",
        .protocol = 50,
        .more_fragments = more,
        .fragment_offset = offset,
        .identification = 2};  // even: of worker 0
    return ethernet(box.wan_mac(), kRouterMac, ipv4(fields, slice(esp, offset, size)));
  };
  box.receive_wan(piece(0, 80, true));
  box.receive_wan(piece(80, SIZE_MAX, false));
  const std::vector<Story> stories = stories_of(*looking);
  ASSERT_THAT(stories, SizeIs(3));
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_THAT(stages_of(stories[i]), ElementsAre("classify", "reassemble"));
    EXPECT_EQ(last(stories[i]).way, Way::kWaits);
  }
  EXPECT_TRUE(stories[2].reassembled);
  EXPECT_EQ(stories[2].ingress, box.wan().index());
  EXPECT_THAT(stages_of(stories[2]), ElementsAre("esp_in", "route", "neighbour", "transmit"));
  EXPECT_EQ(last(stories[2]).way, Way::kSent);
}

TEST_F(TraceTest, KnowsWhereAPacketCameIn) {
  BoxBench box;
  Filter filter;
  filter.ingress = kRaven0Port;
  const auto looking = trace(box, filter);
  box.receive_lan(from_node(box, "10.1.3.5", "10.2.7.9"));
  box.from_kernel(pod_packet("10.1.1.5", "10.2.7.9"));
  box.from_tap(box.lan(), from_node(box, "10.1.3.5", "10.1.3.6"));
  const std::vector<Story> stories = stories_of(*looking);
  ASSERT_THAT(stories, SizeIs(1));
  EXPECT_THAT(
      stages_of(stories[0]), ElementsAre("inbox", "route", "esp_out", "neighbour", "transmit")
  );
  EXPECT_TRUE(stories[0].from_mailbox);
}

TEST_F(TraceTest, TellsWhatGoesToTheKernel) {
  BoxBench box;
  const auto looking = trace(box, kAll);
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.1.5")));
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, 0x0806, filled(28)));
  const std::vector<Story> stories = stories_of(*looking);
  ASSERT_THAT(stories, SizeIs(2));
  EXPECT_EQ(last(stories[0]).way, Way::kToKernel);
  EXPECT_EQ(last(stories[1]).way, Way::kPunted);
  EXPECT_THAT(box.to_kernel(), SizeIs(2));
}

TEST_F(TraceTest, EndsAfterTheNextNPackets) {
  BoxBench box;
  const auto looking = trace(box, kAll, 3);
  for (int i = 0; i < 5; ++i) box.receive_lan(from_node(box, "10.1.3.5", "10.2.7.9"));
  EXPECT_TRUE(looking->done());
  EXPECT_THAT(stories_of(*looking), SizeIs(3));
  EXPECT_EQ(looking->lost(), 0u);
  EXPECT_EQ(looking->followed(), 3u) << "no work once it is done";
}

TEST_F(TraceTest, CountsWhatNobodyReads) {
  BoxBench box;
  const auto looking = trace(box, kAll, 1000000);
  const std::vector<Bytes> burst(60, from_node(box, "10.1.3.5", "10.4.0.1"));
  for (int i = 0; i < 100; ++i) box.receive(box.lan(), burst);
  const std::size_t told = stories_of(*looking).size();
  EXPECT_GT(told, 100u);
  EXPECT_EQ(told + looking->lost(), 6000u);
  EXPECT_FALSE(looking->done());
}

TEST_F(TraceTest, ANewTraceKnowsNothingOfAnOldOnesPackets) {
  BoxBench box{{.worker = WorkerId{1}}};
  const auto first = trace(box, kAll);
  box.receive_lan(from_node(box, "10.1.3.5", "10.2.7.9"));
  rte_mbuf* packet = nullptr;
  ASSERT_EQ(box.mailboxes()[0]->receive(&packet, 1), 1u);
  const auto second = trace(box, kAll);
  ASSERT_TRUE(box.mailboxes()[1]->send(packet));
  box.take_mail();  // worker 1 owns no SA: it goes to worker 0 again
  EXPECT_THAT(stories_of(*first), IsEmpty());
  EXPECT_EQ(second->followed(), 1u);
}

TEST_F(TraceTest, FollowsAPacketToTheWorkerThatOwnsTheSa) {
  BoxBench receiver{{.worker = WorkerId{1}}};
  BoxBench owner;
  const auto looking = trace(receiver, kAll);
  owner.inspect(looking);
  const Bytes inner = pod_packet("10.2.7.9", "10.1.3.5");
  receiver.receive_wan(owner.seal(inner));
  EXPECT_THAT(stories_of(*looking), IsEmpty()) << "not over yet";
  rte_mbuf* packet = nullptr;
  ASSERT_EQ(receiver.mailboxes()[0]->receive(&packet, 1), 1u);
  rte_mbuf* moved = make_packet(owner.pool(), bytes_of_packet(packet));
  meta(moved) = meta(packet);
  rte_pktmbuf_free(packet);
  ASSERT_TRUE(owner.mailboxes()[0]->send(moved));
  owner.take_mail();
  const std::vector<Story> stories = stories_of(*looking);
  ASSERT_THAT(stories, SizeIs(1));
  EXPECT_THAT(
      stages_of(stories[0]),
      ElementsAre("classify", "esp_in", "inbox", "esp_in", "route", "neighbour", "transmit")
  );
  EXPECT_EQ(stories[0].steps[1].way, Way::kHandedOver);
  EXPECT_EQ(stories[0].steps[1].next_worker, WorkerId{0});
  EXPECT_EQ(stories[0].steps[1].worker, WorkerId{1});
  EXPECT_EQ(stories[0].steps[2].worker, WorkerId{0});
  EXPECT_EQ(last(stories[0]).way, Way::kSent);
}

}  // namespace
}  // namespace raven::dataplane::test
