// Filter: which packets a trace or a capture shows.
// SPDX-License-Identifier: Apache-2.0
//
// All conditions that are given must hold.  Not all can be judged at one place (what is inside of
// ESP is known after decryption, why a packet is dropped at its end), so each place says which
// conditions hold there, as bits, and the packet is wanted once it has all of them.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/ip.h"
#include "dataplane/inspect/headers.h"
#include "dataplane/packet/drop.h"
#include "dataplane/packet/ids.h"

namespace raven::dataplane {

class Filter {
 public:
  using Bits = uint8_t;

  // Of the headers; these hold together for one and the same header.
  std::optional<IpPrefix> address;  // source or destination
  std::optional<IpPrefix> source;
  std::optional<IpPrefix> destination;
  std::optional<uint8_t> protocol;
  std::optional<uint16_t> port;  // source or destination

  std::optional<uint32_t> spi;
  std::optional<PeerIndex> peer;
  std::optional<PortIndex> ingress;  // kRaven0Port: the box itself
  std::optional<Drop> drop;

  Bits wanted() const;
  Bits of_headers(const Headers& headers) const;  // of the SPI too
  Bits of_spi(uint32_t value) const { return spi == value ? kSpi : Bits{0}; }
  Bits of_peer(PeerIndex index) const { return peer == index ? kPeer : Bits{0}; }
  Bits of_ingress(PortIndex index) const { return ingress == index ? kIngress : Bits{0}; }
  Bits of_drop(Drop reason) const { return drop == reason ? kDrop : Bits{0}; }

 private:
  static constexpr Bits kHeaders = 1, kSpi = 2, kPeer = 4, kIngress = 8, kDrop = 16;
  bool headers_given() const { return address || source || destination || protocol || port; }
  bool headers_match(const Headers& headers) const;
};

}  // namespace raven::dataplane
