// What charon has to be told so that its connections and SAs become the desired ones.  Pure.
// SPDX-License-Identifier: Apache-2.0
//
// A connection that has not changed is not loaded again, and charon leaves its SAs alone.  What is
// new goes in before what is old goes out.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "ctrl/gateway-agent/ike_plan.h"
#include "ctrl/ike/vici/client.h"

namespace raven::gateway_agent {

struct LoadedConnection {
  IkeConnection connection;
  Instant loaded_at;
  Instant initiated_at;  // the last time we asked charon to begin
};
using LoadedConnections = std::map<std::string, LoadedConnection>;

struct ConnectionChanges {
  std::vector<const IkeConnection*> load;  // point into `desired`
  std::vector<std::string> remove;         // names: only those with our prefix
};

// `loaded`: what we gave to this charon; `listed`: what it says it has.
ConnectionChanges diff_connections(
    const std::vector<IkeConnection>& desired, const LoadedConnections& loaded,
    const std::vector<std::string>& listed
);

// The IKE SAs that charon lists, by connection.  Points into what it is made of.
class IkeSas {
 public:
  IkeSas(const std::vector<vici::IkeSa>& sas);  // implicit: it is another view of the list
  IkeSas(std::vector<vici::IkeSa>&&) = delete;
  std::span<const vici::IkeSa* const> of(const IkeConnection& connection) const;

 private:
  std::vector<const vici::IkeSa*> sorted_;  // by connection
};

// The children that we should ask charon to begin now, because they are missing and not yet being
// made: charon begins by itself when a connection is loaded or lost, but not after a failure.
//
// All children of a peer are one pool (a responder calls each of them net-1), so their number
// counts.  The other side of the initiator helps only when there has been no IKE SA at all for a
// while: after a restart of its charon, whose peer may notice late.
std::vector<std::string> missing_children(
    const IkeConnection& connection, const LoadedConnection& loaded, const IkeSas& sas, Instant now
);

// The state of one peer, for status and metrics.
struct PeerKeys {
  bool established = false;
  unsigned children = 0;
};
PeerKeys keys_of(const IkeConnection& connection, const IkeSas& sas);

}  // namespace raven::gateway_agent
