// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/ike_diff.h"

#include <algorithm>
#include <set>

namespace raven::gateway_agent {
namespace {

using std::chrono::seconds;

// How long charon may take to begin by itself after a load, and the pause between two attempts of
// ours.  The side that does not begin waits for the other one first.
struct Patience {
  seconds after_load, between_attempts;
};
constexpr Patience kInitiator{seconds{1}, seconds{3}};
constexpr Patience kResponder{seconds{10}, seconds{10}};

}  // namespace

ConnectionChanges diff_connections(
    const std::vector<IkeConnection>& desired, const LoadedConnections& loaded,
    const std::vector<std::string>& listed
) {
  ConnectionChanges changes;
  std::set<std::string> wanted;
  const std::set<std::string> present(listed.begin(), listed.end());
  for (const IkeConnection& connection : desired) {
    wanted.insert(connection.name);
    const auto known = loaded.find(connection.name);
    if (known == loaded.end() || !present.contains(connection.name) ||
        !(known->second.content == connection.content))
      changes.load.push_back(&connection);
  }
  for (const std::string& name : present)
    if (name.starts_with(kConnectionPrefix) && !wanted.contains(name))
      changes.remove.push_back(name);
  return changes;
}

PeerKeys keys_of(const IkeConnection& connection, const std::vector<vici::IkeSa>& sas) {
  PeerKeys keys;
  for (const vici::IkeSa& sa : sas) {
    if (sa.connection != connection.name) continue;
    keys.established |= sa.is_established();
    for (const vici::ChildSa& child : sa.children) keys.children += child.is_usable();
  }
  return keys;
}

std::vector<std::string> missing_children(
    const IkeConnection& connection, const LoadedConnection& loaded,
    const std::vector<vici::IkeSa>& sas, Instant now
) {
  const Patience& patience = connection.initiator ? kInitiator : kResponder;
  if (!connection.dialable || now - loaded.loaded_at < patience.after_load ||
      now - loaded.initiated_at < patience.between_attempts)
    return {};
  std::set<std::string> names;
  for (const vici::IkeSa& sa : sas) {
    if (sa.connection != connection.name) continue;
    // Somebody is at it; and a responder leaves the children to the other side.
    if (!sa.is_established() || sa.is_creating_child || !connection.initiator) return {};
    for (const vici::ChildSa& child : sa.children)
      if (child.is_usable()) names.insert(child.name);
  }
  const unsigned have = keys_of(connection, sas).children;
  std::vector<std::string> missing;
  for (unsigned number = 1; number <= connection.children; ++number)
    if (have + missing.size() < connection.children && !names.contains(child_name(number)))
      missing.push_back(child_name(number));
  return missing;
}

}  // namespace raven::gateway_agent
