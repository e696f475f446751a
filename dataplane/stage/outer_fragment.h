// Fragments of outer packets to this box: from the wire into Reassembly, and back as whole packets.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {

// A frame whose IP packet is a fragment for this box.  It waits in context.reassembly (of the
// worker that its identification names), goes to the kernel, or is dropped; with the last one the
// whole packet goes through classify_ip().  REQUIRES: the IP packet was parsed.
void collect_fragment(Context& context, rte_mbuf* packet);

// A frame with an IP packet for us or to be routed; in classify.cc.
// REQUIRES: context.receive_port and Meta::port are where it came in.
void classify_ip(Context& context, rte_mbuf* packet);

}  // namespace raven::dataplane::stage
