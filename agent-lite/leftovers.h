// What OpenYurt Raven's own agent leaves on a node, and how it is removed.
// SPDX-License-Identifier: Apache-2.0
//
// Removed: the chains RAVEN-MARK-CHAIN (mangle) and RAVEN-POSTROUTING (nat) with the rules that
// lead there, the sets raven-mark-set and raven-skip-nat-set, the device raven-wg0, rule 101 and
// table 9028, /etc/ipsec.d/raven.secrets.  raven0, table 9027 and rule 100 are taken over.
// Not touched: xfrm states and policies.  Those of libreswan do not show who made them; they
// end with its process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent-lite/command.h"
#include "common/netlink/kernel.h"

namespace raven::agent_lite {

// The commands that remove `chain` and the rules that jump to it, from the output of
// "TOOL -t TABLE -S".  None when there is no such chain.  Pure.
std::vector<Command> chain_removal(
    const std::string& tool, const std::string& table, const std::string& chain,
    std::string_view listing
);

// Returns one line for each thing that was removed, and for each that could not be.
std::vector<std::string> remove_raven_leftovers(netlink::Kernel& kernel);

}  // namespace raven::agent_lite
