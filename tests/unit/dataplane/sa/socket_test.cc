// The SA socket over a real SEQPACKET socket, with well-behaved and hostile clients.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <future>
#include <thread>

#include "tests/unit/dataplane/sa/fake_tables.h"
#include "tests/unit/dataplane/sa/sa_messages.h"

namespace raven::dataplane {
namespace {

constexpr int kPatienceMs = 10000;

// One client connection; every receive waits for the event itself.
class TestClient {
 public:
  explicit TestClient(const std::string& path) : fd_{::socket(AF_UNIX, SOCK_SEQPACKET, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  template <class Message>
  void send(const Message& message) {
    send_bytes(&message, sizeof(message));
  }
  void send_bytes(const void* data, std::size_t size) {
    ::send(fd_.get(), data, size, MSG_NOSIGNAL);
  }
  template <class Message>
  Message receive() {
    Message message{};
    pollfd waiting{fd_.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&waiting, 1, kPatienceMs), 1);
    EXPECT_EQ(::recv(fd_.get(), &message, sizeof(message), 0), ssize_t{sizeof(message)});
    return message;
  }
  bool is_hung_up() {
    pollfd waiting{fd_.get(), POLLIN, 0};
    char byte = 0;
    return ::poll(&waiting, 1, kPatienceMs) == 1 && ::recv(fd_.get(), &byte, 1, 0) <= 0;
  }
  template <class Message>
  int call(const Message& message) {
    send(message);
    return receive<raven_sa_reply>().result;
  }
  uint64_t hello(uint64_t instance, uint32_t channel = RAVEN_SA_CHANNEL_RPC) {
    send(make_hello(instance, channel));
    return receive<raven_sa_hello>().epoch;
  }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

class SaSocketTest : public testing::Test {
 protected:
  SaSocketTest() {
    std::string name = "/tmp/raven-sa-XXXXXX";
    directory = mkdtemp(name.data());
    settings.path = directory + "/sa.sock";
    settings.allowed_uids = {geteuid()};
    manager = SaManager::create({.workers = 1}, tables, [this](const SaEvent& event) {
                socket->tell(event);
              }).value();
    socket = SaSocket::open(loop, settings, *manager).value();
    thread = std::thread{[this] { loop.run(); }};
  }
  ~SaSocketTest() override {
    loop.stop();
    thread.join();
    socket.reset();
    std::filesystem::remove_all(directory);
  }
  // Runs on the loop's thread, so that the test may look at what belongs to it.
  void on_loop(std::function<void()> work) {
    std::promise<void> done;
    loop.post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  std::string directory;
  SaSocketSettings settings;
  event::Loop loop;
  FakeTables tables;
  std::unique_ptr<SaManager> manager;
  std::unique_ptr<SaSocket> socket;
  std::thread thread;
};

TEST_F(SaSocketTest, AddsQueriesUpdatesAndDeletes) {
  TestClient client{settings.path};
  EXPECT_EQ(client.hello(11), manager->epoch());
  EXPECT_EQ(client.call(good_add(RAVEN_SA_IN, 0x1001)), 0);
  EXPECT_EQ(client.call(good_add(RAVEN_SA_OUT, 0x1002)), 0);
  auto query = make_message<raven_sa_lookup>(RAVEN_SA_QUERY, 42);
  query.id = make_id(RAVEN_SA_IN, 0x1001);
  client.send(query);
  const auto reply = client.receive<raven_sa_reply>();
  EXPECT_EQ(reply.header.cookie, 42u);
  EXPECT_EQ(reply.idle_seconds, -1);
  auto update = make_message<raven_sa_update>(RAVEN_SA_UPDATE);
  update.id = make_id(RAVEN_SA_OUT, 0x1002);
  update.new_src = update.id.src;
  update.new_dst = {4, 0, 5000, {203, 0, 113, 1}};
  update.udp_encap = 1;
  EXPECT_EQ(client.call(update), 0);
  auto remove = make_message<raven_sa_lookup>(RAVEN_SA_DELETE);
  remove.id = make_id(RAVEN_SA_OUT, 0x1002);
  EXPECT_EQ(client.call(remove), 0);
  EXPECT_EQ(client.call(remove), ESRCH);
  EXPECT_EQ(client.call(make_message<raven_sa_header>(RAVEN_SA_FLUSH)), 0);
  on_loop([&] { EXPECT_EQ(manager->size(), 0u); });
}

TEST_F(SaSocketTest, AnswersBadRequestsAndKeepsTheConnection) {
  TestClient client{settings.path};
  client.hello(11);
  EXPECT_EQ(client.call(make_message<raven_sa_header>(77)), EINVAL);
  raven_sa_add bad = good_add(RAVEN_SA_IN, 0);
  EXPECT_EQ(client.call(bad), EINVAL);
  EXPECT_EQ(client.call(good_add(RAVEN_SA_IN, 0x1001)), 0);
  EXPECT_EQ(client.call(good_add(RAVEN_SA_IN, 0x1001)), EEXIST);
}

TEST_F(SaSocketTest, HangsUpOnWhatIsNotOurProtocol) {
  const auto wrong_magic = [] {
    raven_sa_add add = good_add(RAVEN_SA_IN, 0x1001);
    add.header.magic = 0;
    return add;
  }();
  const auto wrong_size = [] {
    raven_sa_add add = good_add(RAVEN_SA_IN, 0x1001);
    add.header.size = 0xffffffffu;
    return add;
  }();
  const std::vector<uint8_t> long_message(4096, 0xff);
  TestClient a{settings.path}, b{settings.path}, c{settings.path}, d{settings.path};
  a.send(wrong_magic);
  EXPECT_TRUE(a.is_hung_up());
  b.send(wrong_size);
  EXPECT_TRUE(b.is_hung_up());
  c.send_bytes("abc", 3);
  EXPECT_TRUE(c.is_hung_up());
  d.send_bytes(long_message.data(), long_message.size());
  EXPECT_TRUE(d.is_hung_up());
}

TEST_F(SaSocketTest, TakesNoRequestBeforeTheHelloAndNoneOnTheEventChannel) {
  TestClient early{settings.path};
  early.send(good_add(RAVEN_SA_IN, 0x1001));
  EXPECT_TRUE(early.is_hung_up());
  TestClient events{settings.path};
  events.hello(11, RAVEN_SA_CHANNEL_EVENTS);
  events.send(good_add(RAVEN_SA_IN, 0x1001));
  EXPECT_TRUE(events.is_hung_up());
  on_loop([&] { EXPECT_EQ(manager->size(), 0u); });
}

TEST_F(SaSocketTest, SendsEventsToTheEventChannelOnly) {
  TestClient rpc{settings.path}, events{settings.path};
  rpc.hello(11);
  events.hello(11, RAVEN_SA_CHANNEL_EVENTS);
  EXPECT_EQ(rpc.call(good_add(RAVEN_SA_IN, 0x1001)), 0);
  on_loop([&] {
    manager->sa_wanted(TunnelId{9}, BootClock::now());
    manager->source_moved(Spi{0x1001}, IpAddress::v4(0xcb007101), 1024);
  });
  const auto acquire = events.receive<raven_sa_acquire>();
  EXPECT_EQ(acquire.header.op, RAVEN_SA_ACQUIRE);
  EXPECT_EQ(acquire.if_id, 9u << RAVEN_SA_TUNNEL_SHIFT);
  const auto mapping = events.receive<raven_sa_mapping>();
  EXPECT_EQ(mapping.id.spi, 0x1001u);
  EXPECT_EQ(mapping.remote.port, 1024);
  EXPECT_EQ(rpc.call(make_message<raven_sa_header>(77)), EINVAL) << "no event on this channel";
}

TEST_F(SaSocketTest, HangsUpOnAClientThatNeverReadsItsEvents) {
  TestClient deaf{settings.path};
  deaf.hello(11, RAVEN_SA_CHANNEL_EVENTS);
  on_loop([&] {
    for (uint32_t i = 0; i < 100000 && socket->connections() == 1; ++i)
      socket->tell(SaExpired{
          {Spi{0x1000 + i}, Direction::kInbound, make_sa(Direction::kInbound, 0x1000).outer}, true}
      );
    EXPECT_EQ(socket->connections(), 0u);
  });
}

TEST_F(SaSocketTest, AsksForTheKeysOfThousandsOfTunnelsWithoutDisconnectingTheDaemon) {
  constexpr uint32_t kTunnels = 400;  // more than a socket holds
  TestClient events{settings.path};
  events.hello(11, RAVEN_SA_CHANNEL_EVENTS);
  on_loop([&] {
    for (uint32_t i = 1; i <= kTunnels; ++i) socket->tell(SaAcquire{TunnelId{i}});
    EXPECT_GE(socket->acquires().sent, AcquireQueue::kPerInterval);
    EXPECT_EQ(socket->acquires_waiting(), kTunnels - socket->acquires().sent);
    EXPECT_GT(socket->acquires_waiting(), 0u);
  });
  for (uint32_t i = 1; i <= kTunnels; ++i)
    ASSERT_EQ(events.receive<raven_sa_acquire>().if_id, i << RAVEN_SA_TUNNEL_SHIFT);
  on_loop([&] {
    EXPECT_EQ(socket->acquires().sent, kTunnels);
    EXPECT_EQ(socket->acquires_waiting(), 0u);
    EXPECT_EQ(socket->connections(), 1u);
  });
}

TEST_F(SaSocketTest, LetsARequestForKeysWaitForRoom) {
  TestClient events{settings.path};
  events.hello(11, RAVEN_SA_CHANNEL_EVENTS);
  uint32_t told = 0;
  uint64_t no_room = 0;
  while (no_room == 0 && told < 100000)
    on_loop([&] {
      if (socket->acquires_waiting() == 0) socket->tell(SaAcquire{TunnelId{++told}});
      no_room = socket->acquires().no_room;
    });
  EXPECT_GT(no_room, 0u);
  on_loop([&] { EXPECT_EQ(socket->connections(), 1u); });
  for (uint32_t i = 1; i <= told; ++i)
    ASSERT_EQ(events.receive<raven_sa_acquire>().if_id, i << RAVEN_SA_TUNNEL_SHIFT);
}

TEST_F(SaSocketTest, CountsRequestsForKeysThatNobodyHears) {
  TestClient rpc{settings.path};
  rpc.hello(11);
  on_loop([&] {
    socket->tell(SaAcquire{TunnelId{9}});
    EXPECT_EQ(socket->acquires().no_daemon, 1u);
    EXPECT_EQ(socket->acquires().sent, 0u);
    EXPECT_EQ(socket->acquires_waiting(), 0u);
  });
}

TEST_F(SaSocketTest, AsksForNoKeysThatCameWhileTheRequestWaited) {
  constexpr uint32_t kBefore = 10 * AcquireQueue::kPerInterval;
  TestClient rpc{settings.path}, events{settings.path};
  rpc.hello(11);
  events.hello(11, RAVEN_SA_CHANNEL_EVENTS);
  on_loop([&] {
    for (uint32_t i = 100; i < 100 + kBefore; ++i) socket->tell(SaAcquire{TunnelId{i}});
    socket->tell(SaAcquire{TunnelId{7}});  // has to wait
    socket->tell(SaAcquire{TunnelId{8}});
    EXPECT_TRUE(manager->add(make_sa(Direction::kOutbound, 0x1001, 7), BootClock::now()).ok());
  });
  for (uint32_t i = 100; i < 100 + kBefore; ++i)
    ASSERT_EQ(events.receive<raven_sa_acquire>().if_id, i << RAVEN_SA_TUNNEL_SHIFT);
  EXPECT_EQ(events.receive<raven_sa_acquire>().if_id, 8u << RAVEN_SA_TUNNEL_SHIFT);
}

TEST_F(SaSocketTest, LimitsConnectionsPerUser) {
  std::vector<std::unique_ptr<TestClient>> clients;
  for (std::size_t i = 0; i < SaSocket::kClientsPerUidMax; ++i) {
    clients.push_back(std::make_unique<TestClient>(settings.path));
    clients.back()->hello(11);
  }
  TestClient one_more{settings.path};
  EXPECT_TRUE(one_more.is_hung_up());
  clients.pop_back();
  std::size_t open = SaSocket::kClientsPerUidMax;
  while (open == SaSocket::kClientsPerUidMax) on_loop([&] { open = socket->connections(); });
  TestClient again{settings.path};
  EXPECT_EQ(again.hello(11), manager->epoch());
}

TEST_F(SaSocketTest, ClosesFileDescriptorsThatAClientPassesAlong) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  TestClient client{settings.path};
  auto hello = make_hello(11, RAVEN_SA_CHANNEL_RPC);
  iovec part{&hello, sizeof(hello)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &pipe_ends[1], sizeof(int));
  ASSERT_GT(::sendmsg(client.fd(), &message, 0), 0);
  client.receive<raven_sa_hello>();
  ::close(pipe_ends[1]);
  char byte;
  EXPECT_EQ(::read(pipe_ends[0], &byte, 1), 0) << "somebody still holds the write end";
  ::close(pipe_ends[0]);
}

}  // namespace
}  // namespace raven::dataplane
