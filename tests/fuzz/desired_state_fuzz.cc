// The gRPC desired state: the message, dataplane/decide/desired.h, and the tables made of it.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "dataplane/decide/desired.h"
#include "dataplane/decide/topology.h"
#include "tests/fuzz/fuzz.h"

namespace raven::dataplane {
namespace {

using fuzz::require;

bool overlaps_any(const std::vector<IpPrefix>& prefixes, const IpPrefix& prefix) {
  return std::ranges::any_of(prefixes, [&](const IpPrefix& p) { return p.overlaps(prefix); });
}

// What is left after the checks can be routed without a second thought.
void check_prefixes(const Desired& state) {
  std::vector<IpPrefix> ours = state.own_prefixes;
  for (const LocalNode& node : state.nodes) {
    ours.push_back(IpPrefix::host(node.address));
    ours.insert(ours.end(), node.prefixes.begin(), node.prefixes.end());
  }
  std::vector<IpPrefix> others;
  for (const RemotePool& pool : state.pools) {
    require(pool.name != state.pool, "the local pool is not remote");
    for (const IpPrefix& prefix : pool.prefixes) {
      require(prefix.length() != 0, "nobody takes all traffic");
      require(!overlaps_any(ours, prefix), "no tunnel takes traffic of the local pool");
      require(!overlaps_any(others, prefix), "no prefix leads to two pools");
    }
    others.insert(others.end(), pool.prefixes.begin(), pool.prefixes.end());
  }
}

// A remote prefix never goes to the kernel, which might send it in clear.
void check_routes(const Desired& state) {
  std::map<std::string, PoolIndex> pools;
  for (std::size_t i = 0; i < state.pools.size(); i += 2)
    pools.emplace(state.pools[i].name, PoolIndex{static_cast<uint16_t>(i)});
  const std::vector<NodeHop> hops(state.nodes.size());
  const auto topology = build_topology(state, pools, hops);
  for (const RemotePool& pool : state.pools) {
    const auto slot = pools.find(pool.name);
    const Target wanted = slot == pools.end() ? Target::drop() : Target::remote(slot->second);
    for (const IpPrefix& prefix : pool.prefixes) {
      require(topology->fib.lookup(prefix.address()) == wanted, "a prefix leads to its pool");
      require(!overlaps_any(state.blocked.holes, prefix), "no hole lets it leave in clear");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  google::protobuf::SetLogHandler(nullptr);
  dpapi::v1::DesiredState message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  const CheckedDesired checked = check_desired(message);
  const Desired& state = checked.state;
  check_prefixes(state);
  check_routes(state);
  require(state.prefix_count() >= state.remote_prefixes().size(), "all prefixes are counted");
  for (const ItemError& error : checked.errors)
    require(!error.item.empty() && !error.reason.empty(), "what is left out is named");
  const CheckedDesired again = check_desired(message);
  require(state == again.state && checked.errors == again.errors, "twice gives the same");
  std::vector<IpAddress> addresses;
  for (const IpPrefix& prefix : state.own_prefixes) addresses.push_back(prefix.address());
  require(build_box(state, addresses) != nullptr, "a box can be made of it");
  return 0;
}

}  // namespace raven::dataplane
