// The rules against a real kernel: what it still sees of a shared port, and what it does not.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/filter/port_filter.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/unit/dataplane/mirror/net_space.h"

namespace raven::dataplane {
namespace {

using testing::HasSubstr;
using testing::Not;

IpAddress address(const char* text) {
  return IpAddress::parse(text).value();
}
IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

sockaddr_in endpoint(const char* ip, uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  inet_pton(AF_INET, ip, &out.sin_addr);
  return out;
}

class PortFilterTest : public testing::Test {
 protected:
  static PortSettings shared_port() {
    PortSettings port;
    port.name = "wan";
    port.mode = PortMode::kShared;
    port.kernel_interface = "near0";
    return port;
  }
  static UniqueFd listen_on(uint16_t port) {
    UniqueFd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const sockaddr_in own = endpoint("0.0.0.0", port);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof(own)), 0);
    return fd;
  }
  void send_from_far(const char* source, uint16_t port, const std::string& payload) {
    net.on_far_side([&] {
      const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
      const sockaddr_in from = endpoint(source, 0);
      const sockaddr_in to = endpoint("192.0.2.1", port);
      ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof(from)), 0);
      ASSERT_EQ(
          ::sendto(
              fd.get(), payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&to),
              sizeof(to)
          ),
          static_cast<ssize_t>(payload.size())
      );
    });
  }
  // Does the kernel hand such a packet to its socket?  A packet on an open port follows, so that
  // "no" does not depend on a waiting time: frames of a veth keep their order.
  bool kernel_sees(const char* source, uint16_t port, const std::string& payload) {
    const UniqueFd wanted = listen_on(port), fence = listen_on(7777);
    send_from_far(source, port, payload);
    send_from_far("192.0.2.2", 7777, "fence");
    pollfd waiting{fence.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&waiting, 1, 10000), 1) << "the fence must arrive";
    char byte;
    return ::recv(wanted.get(), &byte, 1, MSG_DONTWAIT) > 0;
  }

  // Does a packet of this box to such an address arrive?  With a fence, as above.
  bool far_side_sees(const char* destination) {
    UniqueFd wanted, fence;
    net.on_far_side([&] {
      wanted = listen_on(9999);
      fence = listen_on(7777);
    });
    const UniqueFd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const auto send = [&fd](const sockaddr_in& to) {  // refused by the filter: an error, or silence
      ::sendto(fd.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
    };
    send(endpoint(destination, 9999));
    send(endpoint("192.0.2.2", 7777));
    pollfd waiting{fence.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&waiting, 1, 10000), 1) << "the fence must arrive";
    char byte;
    return ::recv(wanted.get(), &byte, 1, MSG_DONTWAIT) > 0;
  }

  NetSpace net;
};

TEST_F(PortFilterTest, TakesTunnelTrafficFromTheKernelAndLeavesItIke) {
  auto filter = PortFilter::install({shared_port()});
  ASSERT_TRUE(filter.ok()) << filter.error().message;
  ASSERT_TRUE((*filter)->update({address("192.0.2.1")}, {}).ok());
  EXPECT_FALSE(kernel_sees("192.0.2.2", 4500, "\x11\x22\x33\x44 ESP")) << "ESP in UDP";
  EXPECT_TRUE(kernel_sees("192.0.2.2", 4500, std::string(4, '\0') + "IKE")) << "non-ESP marker";
  EXPECT_TRUE(kernel_sees("192.0.2.2", 4500, "\xff")) << "NAT keepalive";
  EXPECT_FALSE(kernel_sees("192.0.2.2", 4472, "VXLAN"));
  EXPECT_FALSE(kernel_sees("192.0.2.2", 4473, "probe"));
  EXPECT_TRUE(kernel_sees("192.0.2.2", 500, "IKE"));
  EXPECT_TRUE(kernel_sees("192.0.2.2", 9999, "anything else"));
}

TEST_F(PortFilterTest, LeavesTunnelTrafficOfOthersAlone) {
  auto filter = PortFilter::install({shared_port()});
  ASSERT_TRUE((*filter)->update({address("192.0.2.77")}, {}).ok());
  EXPECT_TRUE(kernel_sees("192.0.2.2", 4472, "VXLAN")) << "not to an address of ours";
}

TEST_F(PortFilterTest, DropsClearTextOfRemotePrefixes) {
  net.there("ip addr add 10.2.0.9/32 dev far0");
  net.here("ip route add 10.2.0.0/16 via 192.0.2.2");
  auto filter = PortFilter::install({shared_port()});
  EXPECT_TRUE(kernel_sees("10.2.0.9", 9999, "clear"));
  ASSERT_TRUE((*filter)->update({address("192.0.2.1")}, {prefix("10.2.0.0/16")}).ok());
  EXPECT_FALSE(kernel_sees("10.2.0.9", 9999, "clear"));
  ASSERT_TRUE((*filter)->update({address("192.0.2.1")}, {prefix("10.3.0.0/16")}).ok());
  EXPECT_TRUE(kernel_sees("10.2.0.9", 9999, "clear")) << "the prefix is not remote any more";
}

TEST_F(PortFilterTest, LetsNothingForRemotePrefixesLeaveInClear) {
  net.there("ip addr add 10.2.0.9/32 dev far0");
  net.here("ip route add 10.2.0.0/16 via 192.0.2.2");
  auto filter = PortFilter::install({shared_port()});
  EXPECT_TRUE(far_side_sees("10.2.0.9"));
  ASSERT_TRUE((*filter)->update({address("192.0.2.1")}, {prefix("10.2.0.0/16")}).ok());
  EXPECT_FALSE(far_side_sees("10.2.0.9"));
}

TEST_F(PortFilterTest, LetsPassWhatOfARemotePrefixIsOpen) {
  net.there("ip addr add 10.2.0.9/32 dev far0");
  net.there("ip addr add 10.2.1.9/32 dev far0");
  net.here("ip route add 10.2.0.0/16 via 192.0.2.2");
  auto filter = PortFilter::install({shared_port()});
  const auto updated =
      (*filter)->update({address("192.0.2.1")}, {prefix("10.2.0.0/16")}, {prefix("10.2.1.0/24")});
  ASSERT_TRUE(updated.ok()) << updated.error().message;
  EXPECT_TRUE(kernel_sees("10.2.1.9", 9999, "clear"));
  EXPECT_TRUE(far_side_sees("10.2.1.9"));
  EXPECT_FALSE(kernel_sees("10.2.0.9", 9999, "clear"));
  EXPECT_FALSE(far_side_sees("10.2.0.9"));
}

TEST_F(PortFilterTest, KeepsThePrefixDropsOverARestartAndAfterACleanEnd) {
  net.there("ip addr add 10.2.0.9/32 dev far0");
  net.here("ip route add 10.2.0.0/16 via 192.0.2.2");
  {
    auto first = PortFilter::install({shared_port()});
    const auto updated = (*first)->update(
        {address("192.0.2.1")}, {prefix("10.2.0.0/16"), prefix("10.2.4.0/24"), prefix("fd02::/64")}
    );
    ASSERT_TRUE(updated.ok()) << updated.error().message;
  }
  auto second = PortFilter::install({shared_port()});
  EXPECT_FALSE(kernel_sees("10.2.0.9", 9999, "clear")) << "before the agent has said anything";
  ASSERT_TRUE((*second)->update({address("192.0.2.1")}).ok());
  EXPECT_FALSE(kernel_sees("10.2.0.9", 9999, "clear")) << "our own addresses say nothing about it";
  EXPECT_FALSE(kernel_sees("192.0.2.2", 4472, "VXLAN"));
  (*second)->release();
  EXPECT_FALSE(kernel_sees("10.2.0.9", 9999, "clear")) << "nobody forwards: nothing in clear";
  EXPECT_TRUE(kernel_sees("192.0.2.2", 4472, "VXLAN")) << "tunnel traffic is the kernel's again";
}

TEST_F(PortFilterTest, IsolatesTheKernelFromAnOwnedPort) {
  PortSettings port;
  port.name = "wan";
  port.mode = PortMode::kOwned;
  port.isolate_kernel = true;
  port.isolate_interface = "near0";
  ASSERT_TRUE(PortFilter::install({port}).ok());
  const UniqueFd socket = listen_on(9999);
  send_from_far("192.0.2.2", 9999, "x");
  // What the far side got back proves that the near kernel had its chance: nothing, not even ARP.
  net.on_far_side([] { EXPECT_NE(std::system("ping -c 1 -W 1 192.0.2.1 >/dev/null 2>&1"), 0); });
  char byte;
  EXPECT_LE(::recv(socket.get(), &byte, 1, MSG_DONTWAIT), 0);
}

TEST_F(PortFilterTest, ClosesWhatItIsToldBeforeAnybodySaysWhatIsRemote) {
  const auto sets = [] { return Nft::open()->list("netdev raven_wan").value(); };
  auto filter = PortFilter::install({shared_port()}, {prefix("10.42.0.0/16")});
  ASSERT_TRUE(filter.ok()) << filter.error().message;
  EXPECT_THAT(sets(), HasSubstr("10.42.0.0/16"));
  ASSERT_TRUE((*filter)->update({address("192.0.2.1")}).ok());
  EXPECT_THAT(sets(), HasSubstr("10.42.0.0/16")) << "nobody has said anything yet";
  ASSERT_TRUE((*filter)->update({address("192.0.2.1")}, {prefix("10.42.7.0/24")}).ok());
  EXPECT_THAT(sets(), Not(HasSubstr("10.42.0.0/16")));
  // A restart goes on with what was known, or the site's own traffic would stop for a moment.
  ASSERT_TRUE(PortFilter::install({shared_port()}, {prefix("10.42.0.0/16")}).ok());
  EXPECT_THAT(sets(), Not(HasSubstr("10.42.0.0/16")));
  EXPECT_THAT(sets(), HasSubstr("10.42.7.0/24"));
}

TEST_F(PortFilterTest, SaysWhatIsWrongWhenThePortIsNotThere) {
  PortSettings port = shared_port();
  port.kernel_interface = "absent0";
  const auto filter = PortFilter::install({port});
  ASSERT_FALSE(filter.ok());
  EXPECT_THAT(filter.error().message, HasSubstr("port wan"));
  EXPECT_EQ(filter.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace raven::dataplane
