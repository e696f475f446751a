// KernelBridge and TunDevice against the real kernel, in a network namespace of the test's own.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/kernel_bridge.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/dataplane/testing/ring_port.h"

namespace raven::dataplane::test {
namespace {

sockaddr_in socket_address(const char* address, uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  inet_pton(AF_INET, address, &name.sin_addr);
  return name;
}

class KernelBridgeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root: a network namespace of its own";
    pool_ = std::move(PacketPool::create("bridge", 511, 2048)).value();
    bridge_ = std::move(KernelBridge::create(*pool_)).value();
    worker_ = std::move(Mailbox::create("bridge_worker", 64)).value();
    Result<TunDevice> tun = TunDevice::open_tun("test0", 1400);
    ASSERT_TRUE(tun.ok()) << tun.error().message;
    bridge_->add(kRaven0Port, std::move(tun).value());
    socket_ = UniqueFd{socket(AF_INET, SOCK_DGRAM, 0)};
    give_address("test0", "10.77.0.1");
    const sockaddr_in name = socket_address("10.77.0.1", 7000);
    ASSERT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
    bridge_->start({worker_.get()});
  }

  void give_address(const char* interface, const char* address) {
    ifreq request{};
    std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    auto& name = reinterpret_cast<sockaddr_in&>(request.ifr_addr);
    name = socket_address(address, 0);
    ASSERT_EQ(ioctl(socket_.get(), SIOCSIFADDR, &request), 0);
    name = socket_address("255.255.255.0", 0);
    ASSERT_EQ(ioctl(socket_.get(), SIOCSIFNETMASK, &request), 0);
  }

  // The next IPv4 packet that the kernel sent by the interface; IPv6 chatter is skipped.
  Bytes next_from_kernel() {
    for (;;) {
      if (worker_->arm()) {
        pollfd fd{.fd = worker_->bell_fd(), .events = POLLIN, .revents = 0};
        if (poll(&fd, 1, 10000) != 1) return {};
      }
      worker_->disarm();
      rte_mbuf* packet;
      while (worker_->receive(&packet, 1) == 1) {
        EXPECT_EQ(meta(packet).entry, Entry::kKernelIp);
        Bytes bytes = take_bytes(packet);
        if (!bytes.empty() && bytes[0] >> 4 == 4) return bytes;
      }
    }
  }

  std::unique_ptr<PacketPool> pool_;
  std::unique_ptr<Mailbox> worker_;
  std::unique_ptr<KernelBridge> bridge_;
  UniqueFd socket_;
};

TEST_F(KernelBridgeTest, CarriesPacketsBothWays) {
  const sockaddr_in pod = socket_address("10.77.0.9", 9);
  ASSERT_EQ(
      sendto(socket_.get(), "hello", 5, 0, reinterpret_cast<const sockaddr*>(&pod), sizeof(pod)), 5
  );
  const Bytes out = next_from_kernel();
  EXPECT_EQ(slice(out, 28), (Bytes{'h', 'e', 'l', 'l', 'o'}));

  rte_mbuf* answer = make_packet(
      *pool_, ipv4({.source = "10.77.0.9", .destination = "10.77.0.1"}, udp(9, 7000, {'o', 'k'}))
  );
  meta(answer).port = kRaven0Port;
  ASSERT_TRUE(bridge_->mailbox().send(answer));
  char text[16] = {};
  const timeval limit{10, 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  EXPECT_EQ(recv(socket_.get(), text, sizeof(text), 0), 2);
  EXPECT_STREQ(text, "ok");
  bridge_->stop();
  EXPECT_EQ(bridge_->counters().written.value(), 1u);
}

TEST_F(KernelBridgeTest, PacketForAnUnknownInterfaceIsCountedAndFreed) {
  rte_mbuf* packet = make_packet(*pool_, filled(40));
  meta(packet).port = PortIndex{3};
  ASSERT_TRUE(bridge_->mailbox().send(packet));
  bridge_->stop();
  EXPECT_EQ(bridge_->counters().write_errors.value(), 1u);
}

TEST_F(KernelBridgeTest, InterfaceStaysWithItsAddressWhenTheDataplaneGoes) {
  bridge_.reset();
  EXPECT_NE(if_nametoindex("test0"), 0u);
  ifreq request{};
  std::strncpy(request.ifr_name, "test0", IFNAMSIZ - 1);
  EXPECT_EQ(ioctl(socket_.get(), SIOCGIFADDR, &request), 0);
  ASSERT_TRUE(TunDevice::remove("test0").ok());
  EXPECT_EQ(if_nametoindex("test0"), 0u);
}

TEST_F(KernelBridgeTest, InterfaceThatAnotherHoldsIsRefusedByName) {
  const Result<TunDevice> second = TunDevice::open_tun("test0", 1400);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("test0"), std::string::npos);
}

TEST_F(KernelBridgeTest, TapGetsTheMacOfItsPort) {
  const MacAddress mac = *MacAddress::parse("02:00:00:00:aa:01");
  const Result<TunDevice> tap = TunDevice::open_tap("tap0", mac, 1300);
  ASSERT_TRUE(tap.ok()) << tap.error().message;
  ifreq request{};
  std::strncpy(request.ifr_name, "tap0", IFNAMSIZ - 1);
  ASSERT_EQ(ioctl(socket_.get(), SIOCGIFHWADDR, &request), 0);
  EXPECT_EQ(std::memcmp(request.ifr_hwaddr.sa_data, mac.bytes.data(), 6), 0);
  ASSERT_EQ(ioctl(socket_.get(), SIOCGIFMTU, &request), 0);
  EXPECT_EQ(request.ifr_mtu, 1300);
}

}  // namespace
}  // namespace raven::dataplane::test
