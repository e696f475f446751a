// enter_route: an IP packet whose origin is known, on its way into the route stage.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {

// Parses the packet at the data pointer, cuts what is behind it, fills its Meta.  False: dropped.
// REQUIRES: Meta::origin is set (kTunnel: Meta::peer as well).
inline bool read_inner(Context& context, rte_mbuf* packet, HeaderChecksum checksum) {
  IpView view;
  const IpVerdict verdict = parse_ip(bytes_of(packet), packet->data_len, view, checksum);
  if (verdict != IpVerdict::kOk) [[unlikely]] {
    const bool malformed = verdict == IpVerdict::kMalformed;
    context.drop(packet, malformed ? Drop::kMalformed : Drop::kSourceRoute);
    return false;
  }
  Meta& info = meta(packet);
  info.family = view.family;
  info.l4_protocol = view.protocol;
  info.l4_offset = view.l4_offset;
  set_size(packet, view.size);
  return true;
}

inline void enter_route(Context& context, rte_mbuf* packet, HeaderChecksum checksum) {
  if (read_inner(context, packet, checksum)) context.to(Stage::kRoute, packet);
}

}  // namespace raven::dataplane::stage
