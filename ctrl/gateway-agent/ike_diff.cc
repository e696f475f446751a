// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/ike_diff.h"

#include <algorithm>
#include <set>
#include <string_view>

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
  std::set<std::string_view> wanted;
  const std::set<std::string_view> present(listed.begin(), listed.end());
  for (const IkeConnection& connection : desired) {
    wanted.insert(wanted.end(), connection.name);
    const auto known = loaded.find(connection.name);
    if (known == loaded.end() || !present.contains(connection.name) ||
        known->second.connection != connection)
      changes.load.push_back(&connection);
  }
  for (const std::string_view name : present)
    if (name.starts_with(kConnectionPrefix) && !wanted.contains(name))
      changes.remove.emplace_back(name);
  return changes;
}

IkeSas::IkeSas(const std::vector<vici::IkeSa>& sas) {
  for (const vici::IkeSa& sa : sas) sorted_.push_back(&sa);
  std::ranges::stable_sort(sorted_, {}, &vici::IkeSa::connection);
}

std::span<const vici::IkeSa* const> IkeSas::of(const IkeConnection& connection) const {
  return std::ranges::equal_range(sorted_, connection.name, {}, &vici::IkeSa::connection);
}

PeerKeys keys_of(const IkeConnection& connection, const IkeSas& sas) {
  PeerKeys keys;
  for (const vici::IkeSa* sa : sas.of(connection)) {
    keys.established |= sa->is_established();
    for (const vici::ChildSa& child : sa->children) keys.children += child.is_usable();
  }
  return keys;
}

std::vector<std::string> missing_children(
    const IkeConnection& connection, const LoadedConnection& loaded, const IkeSas& sas, Instant now
) {
  const Patience& patience = connection.peer.initiator ? kInitiator : kResponder;
  if (!connection.dialable() || now - loaded.loaded_at < patience.after_load ||
      now - loaded.initiated_at < patience.between_attempts)
    return {};
  std::set<std::string> names;
  for (const vici::IkeSa* sa : sas.of(connection)) {
    // Somebody is at it; and a responder leaves the children to the other side.
    if (!sa->is_established() || sa->is_creating_child || !connection.peer.initiator) return {};
    for (const vici::ChildSa& child : sa->children)
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
