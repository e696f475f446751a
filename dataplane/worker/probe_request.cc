// Building of probe requests.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/probe_request.h"

#include <rte_cycles.h>

#include <algorithm>
#include <cstring>

#include "common/wire/probe.h"
#include "common/wire/raven.h"
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/meta.h"
#include "dataplane/packet/wire.h"
#include "dataplane/port/packet_pool.h"

namespace raven::dataplane {
namespace {

struct Request {
  wire::Ipv4 ip;
  wire::Udp udp;
  ProbePayload payload;
};

void write(rte_mbuf* packet, PeerIndex peer, uint32_t tunnel_id, uint64_t sequence) {
  set_size(packet, sizeof(Request));
  auto& request = *rte_pktmbuf_mtod(packet, Request*);
  request = {};
  request.ip.version_ihl = 0x45;
  request.ip.total_length = Be16::from_host(sizeof(Request));
  request.ip.fragment = Be16::from_host(wire::Ipv4::kDontFragment);
  request.ip.ttl = 64;
  request.ip.protocol = wire::kUdp;
  const Be32 source = Be32::from_host(kProbeTunnelSource);
  const Be32 destination = Be32::from_host(kProbeTunnelDestination);
  std::memcpy(request.ip.source, &source, sizeof(source));
  std::memcpy(request.ip.destination, &destination, sizeof(destination));
  request.ip.checksum = checksum_of(&request.ip, sizeof(request.ip));
  request.udp.source_port = Be16::from_host(kProbePort);
  request.udp.destination_port = Be16::from_host(kProbePort);
  request.udp.length = Be16::from_host(sizeof(Request) - sizeof(wire::Ipv4));
  request.payload.magic = Be32::from_host(kProbeMagic);
  request.payload.version = 1;
  request.payload.type = static_cast<uint8_t>(ProbeType::kRequest);
  request.payload.sequence = Be64::from_host(sequence);
  request.payload.sent_cookie = Be64::from_host(rte_rdtsc());

  Meta& info = meta(packet);
  info.entry = Entry::kEspOut;
  info.origin = Origin::kSelf;
  info.family = 4;
  info.peer = peer;
  info.tunnel_id = tunnel_id;
  info.trace_session = 0;
}

}  // namespace

void write_probe_request(rte_mbuf* packet, PeerIndex peer, uint32_t tunnel_id, uint32_t sequence) {
  write(packet, peer, tunnel_id, sequence);
}

void write_padded_probe_request(
    rte_mbuf* packet, PeerIndex peer, uint32_t tunnel_id, uint16_t outer_size, uint32_t inner_size
) {
  write(packet, peer, tunnel_id, uint64_t{outer_size} << kProbeSizeShift);
  const uint32_t room = rte_pktmbuf_tailroom(packet);
  const uint32_t wanted = inner_size > sizeof(Request) ? inner_size - uint32_t{sizeof(Request)} : 0;
  const uint32_t padding = std::min(wanted, room > kTailroom ? room - kTailroom : 0u);
  std::memset(bytes_of(packet) + sizeof(Request), 0, padding);
  set_size(packet, uint32_t{sizeof(Request)} + padding);
}

}  // namespace raven::dataplane
