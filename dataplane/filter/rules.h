// The nftables rules that keep the kernel from acting on what the dataplane has claimed.
// SPDX-License-Identifier: Apache-2.0
//
// On a shared port the kernel sees a copy of every frame.  Without these rules it would answer or
// forward tunnel traffic a second time, and forward clear text of remote prefixes.
// Pure: text in the language of nft(8).  One table per port, "netdev raven_<port>".
#pragma once

#include <string>
#include <vector>

#include "common/base/ip.h"

namespace raven::dataplane {

std::string table_of(const std::string& port);

// Makes the table for a shared port; safe when it is there already, and its sets keep their
// elements then, so that a restart leaves no gap.
std::string claim_rules(const std::string& port, const std::string& interface);

// Replace the sets in one step: our own addresses, and prefixes that only a tunnel may carry, with
// the part of them that is `open`.
std::string own_sets(const std::string& port, const std::vector<IpAddress>& own);
std::string remote_sets(
    const std::string& port, const std::vector<IpPrefix>& remote, const std::vector<IpPrefix>& open
);

// At a clean end: gives tunnel traffic back to the kernel.  The drops of remote prefixes stay, so
// that nothing goes out in clear while no dataplane runs.
std::string release_rules(const std::string& port);

// An owned port on top of a kernel interface: the kernel gets none of its frames.
std::string isolate_rules(const std::string& port, const std::string& interface);

}  // namespace raven::dataplane
