// ICMP errors about flows between two pools, sent by a router that belongs to neither.
// SPDX-License-Identifier: Apache-2.0
//
// RFC 4301 section 6: such an error may use a tunnel when the packet that it quotes would match the
// tunnel's selectors the other way round.  Without it path MTU discovery of pods would end at
// the first router between gateway and node.
#pragma once

#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {

// True if the packet, whose source was found to be of no pool (`from`), is such an error.
// REQUIRES: Meta::target is where its destination is.
bool is_flow_error(const Context& context, rte_mbuf* packet, Target from);

}  // namespace raven::dataplane::stage
