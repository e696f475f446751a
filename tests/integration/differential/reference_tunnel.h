// ReferenceTunnel: both SAs of a tunnel over OpenSSL, as simply as they can be written (RFC 4303).
// SPDX-License-Identifier: Apache-2.0
//
// Part of the oracle: shares no code with the dataplane.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/dataplane/ipsec/reference_esp.h"

namespace raven::dataplane::test {

enum class ReferenceDf { kCopy, kSet, kClear };

struct TunnelSettings {
  ReferenceSa in, out;
  uint64_t last_in = 0, last_out = 0;  // numbers that were used before
  uint32_t window = 64;
  std::string local, remote;                 // outer addresses
  uint16_t local_port = 0, remote_port = 0;  // 0: not in UDP
  std::optional<uint8_t> dscp;               // of the outer header; else that of the inner one
  ReferenceDf df = ReferenceDf::kCopy;
};

class ReferenceTunnel {
 public:
  explicit ReferenceTunnel(const TunnelSettings& settings)
      : settings_{settings}, top_{settings.last_in}, last_out_{settings.last_out} {}

  struct Received {
    Bytes esp;                     // from the SPI to the ICV
    uint8_t traffic_class;         // of the outer header
    Bytes source;                  // address
    std::optional<uint16_t> port;  // none: not in UDP
  };
  // "ok" and the inner packet, or the reason of the drop.
  struct Opened {
    std::string verdict;
    Bytes inner;
    bool newest = false;
  };
  // The packets of one burst: what can be seen before decryption is looked at in all of them first,
  // so the window is still as the burst before has left it.
  std::vector<Opened> open(const std::vector<Received>& burst);

  // A newest packet tells that the peer has moved, if it comes as its SA wants it (RFC 7296 section
  // 2.23).
  bool tells_move(const Received& packet, const Opened& opened) const;

  // Takes a sequence number; false: there is none left.
  bool take_number();

  // The inner packet of an outer IP packet that the dataplane sent; nothing if a single byte is not
  // as this tunnel writes it.  What a sender may choose (IV, identification of what may be
  // fragmented) is taken from the packet, but must not come twice.
  // `cut`: it was sent in fragments, so that DF is clear whatever the tunnel's rule is.
  std::optional<Bytes> read(const Bytes& outer, bool cut = false);

  // Of the outer packet around an inner one of `inner` bytes.
  std::size_t outer_size(std::size_t inner) const;

 private:
  struct Admitted {
    std::string verdict;
    uint64_t number = 0;
  };
  Admitted admit(const Bytes& esp) const;
  uint64_t infer(uint32_t low) const;
  std::string replayed(uint64_t number) const;
  Opened finish(const Received& packet, uint64_t number);
  std::size_t header_size() const;
  Bytes outer_header(const Bytes& inner, const Bytes& identification, const Bytes& esp, bool cut)
      const;

  const TunnelSettings settings_;
  uint64_t top_;                // highest number received
  std::set<uint64_t> numbers_;  // received
  uint64_t last_out_;           // given out
  uint64_t read_ = 0;           // packets read
  std::set<Bytes> ivs_;
  std::set<Bytes> identifications_;
};

}  // namespace raven::dataplane::test
