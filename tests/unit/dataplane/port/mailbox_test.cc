// Mailbox: many senders, one owner, no lost wake-up.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/mailbox.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>
#include <vector>

#include "dataplane/port/packet_pool.h"

namespace raven::dataplane {
namespace {

std::unique_ptr<Mailbox> make_mailbox(unsigned size) {
  static int number = 0;
  return std::move(Mailbox::create("mt" + std::to_string(number++), size)).value();
}
std::unique_ptr<PacketPool> make_pool() {
  static int number = 0;
  return std::move(PacketPool::create("mp" + std::to_string(number++), 1023, 2048)).value();
}

bool rings(const Mailbox& mailbox) {
  pollfd fd{.fd = mailbox.bell_fd(), .events = POLLIN, .revents = 0};
  return poll(&fd, 1, 0) == 1;
}

TEST(Mailbox, RefusesWhenFullAndFreesWhatIsLeft) {
  auto pool = make_pool();
  const unsigned before = pool->available();
  {
    auto mailbox = make_mailbox(10);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(mailbox->send(pool->take()));
    rte_mbuf* extra = pool->take();
    EXPECT_FALSE(mailbox->send(extra));
    rte_pktmbuf_free(extra);
  }
  EXPECT_EQ(pool->available(), before);
}

TEST(Mailbox, RingsOnlyIfTheOwnerSleeps) {
  auto pool = make_pool();
  auto mailbox = make_mailbox(16);
  ASSERT_TRUE(mailbox->send(pool->take()));
  EXPECT_FALSE(rings(*mailbox));
  EXPECT_FALSE(mailbox->arm()) << "mail is there: do not sleep";
  mailbox->disarm();
  rte_mbuf* packet;
  ASSERT_EQ(mailbox->receive(&packet, 1), 1u);
  rte_pktmbuf_free(packet);
  EXPECT_TRUE(mailbox->arm());
  EXPECT_FALSE(rings(*mailbox));
  ASSERT_TRUE(mailbox->send(pool->take()));
  EXPECT_TRUE(rings(*mailbox));
  mailbox->disarm();
  EXPECT_FALSE(rings(*mailbox));
}

TEST(Mailbox, ManySendersLoseNothingAndTheOwnerAlwaysWakes) {
  constexpr int kSenders = 4, kEach = 5000;
  auto pool = make_pool();
  auto mailbox = make_mailbox(256);
  std::vector<std::thread> senders;
  for (int i = 0; i < kSenders; ++i)
    senders.emplace_back([&] {
      for (int k = 0; k < kEach;) {
        rte_mbuf* packet = pool->take();
        if (packet == nullptr || !mailbox->send(packet)) {
          rte_pktmbuf_free(packet);
          std::this_thread::yield();
          continue;
        }
        ++k;
      }
    });
  int received = 0;
  while (received < kSenders * kEach) {
    if (mailbox->arm()) {
      pollfd fd{.fd = mailbox->bell_fd(), .events = POLLIN, .revents = 0};
      ASSERT_EQ(poll(&fd, 1, 20000), 1) << "a wake-up was lost";
    }
    mailbox->disarm();
    rte_mbuf* packets[64];
    const unsigned count = mailbox->receive(packets, 64);
    rte_pktmbuf_free_bulk(packets, count);
    received += static_cast<int>(count);
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(received, kSenders * kEach);
}

}  // namespace
}  // namespace raven::dataplane
