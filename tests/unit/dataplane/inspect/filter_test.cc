// Each condition of a filter, and how they go together.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/filter.h"

#include <gtest/gtest.h>

namespace raven::dataplane {
namespace {

IpPrefix prefix(const char* text) {
  return *IpPrefix::parse(text);
}

Headers headers(const char* source, const char* destination, uint16_t port = 0) {
  Headers made;
  made.source = *IpAddress::parse(source);
  made.destination = *IpAddress::parse(destination);
  made.family = made.source.is_v4() ? 4 : 6;
  made.protocol = 17;
  made.source_port = 1000;
  made.destination_port = port;
  return made;
}

bool passes(const Filter& filter, const Headers& given) {
  return (filter.of_headers(given) & filter.wanted()) == filter.wanted();
}

TEST(Filter, WithoutConditionsTakesEverything) {
  EXPECT_EQ(Filter{}.wanted(), 0);
  EXPECT_TRUE(passes({}, {}));
}

TEST(Filter, AddressMayBeOnEitherSideSourceAndDestinationMayNot) {
  Filter either, source, destination;
  either.address = prefix("10.2.0.0/16");
  source.source = prefix("10.2.0.0/16");
  destination.destination = prefix("10.2.0.0/16");
  const Headers to = headers("10.1.0.1", "10.2.0.1"), from = headers("10.2.0.1", "10.1.0.1");
  EXPECT_TRUE(passes(either, to) && passes(either, from));
  EXPECT_TRUE(passes(source, from) && !passes(source, to));
  EXPECT_TRUE(passes(destination, to) && !passes(destination, from));
  EXPECT_FALSE(passes(either, headers("10.1.0.1", "10.3.0.1")));
  EXPECT_FALSE(passes(either, headers("fd00::1", "fd00::2"))) << "the other family";
}

TEST(Filter, TakesIpv6Prefixes) {
  Filter filter;
  filter.address = prefix("fd00:2::/32");
  EXPECT_TRUE(passes(filter, headers("fd00:1::1", "fd00:2::1")));
  EXPECT_FALSE(passes(filter, headers("fd00:1::1", "fd00:3::1")));
}

TEST(Filter, ConditionsOfOneHeaderMustHoldTogether) {
  Filter filter;
  filter.address = prefix("10.2.0.0/16");
  filter.port = 53;
  const Filter::Bits outer = filter.of_headers(headers("192.0.2.1", "192.0.2.2", 53));
  const Filter::Bits inner = filter.of_headers(headers("10.1.0.1", "10.2.0.1", 80));
  EXPECT_NE((outer | inner) & filter.wanted(), filter.wanted());
  EXPECT_TRUE(passes(filter, headers("10.1.0.1", "10.2.0.1", 53)));
  filter.protocol = 6;
  EXPECT_FALSE(passes(filter, headers("10.1.0.1", "10.2.0.1", 53)));
}

TEST(Filter, ConditionsOfDifferentPlacesAddUp) {
  Filter filter;
  filter.spi = 0x1001;
  filter.peer = PeerIndex{3};
  filter.ingress = PortIndex{1};
  filter.drop = Drop::kTtl;
  Headers esp = headers("192.0.2.1", "192.0.2.2");
  EXPECT_EQ(filter.of_headers(esp), 0);
  esp.spi = 0x1001;
  Filter::Bits seen = filter.of_headers(esp);
  for (const Filter::Bits more :
       {filter.of_peer(PeerIndex{3}), filter.of_ingress(PortIndex{1}),
        filter.of_drop(Drop::kTtl)}) {
    EXPECT_NE(seen & filter.wanted(), filter.wanted());
    seen |= more;
  }
  EXPECT_EQ(seen, filter.wanted());
  EXPECT_EQ(filter.of_peer(PeerIndex{4}), 0);
  EXPECT_EQ(filter.of_drop(Drop::kMtu), 0);
  EXPECT_EQ(filter.of_ingress(PortIndex{0}), 0);
}

TEST(Filter, DoesNotTakeWhatIsNoIpPacketForAHeader) {
  Filter filter;
  filter.protocol = 0;
  EXPECT_FALSE(passes(filter, {}));
}

}  // namespace
}  // namespace raven::dataplane
