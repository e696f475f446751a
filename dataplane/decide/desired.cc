// The checks of a DesiredState.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/decide/desired.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/base/prefix_set.h"

namespace raven::dataplane {
namespace {

constexpr uint32_t kTunnelMax = (1u << 24) - 1;

// Unspecified, loopback, groups and class E, link-local (RFC 1812 section 5.3.7, RFC 4291).
const std::vector<IpPrefix>& martians() {
  static const std::vector<IpPrefix> kMartians = [] {
    std::vector<IpPrefix> all;
    for (const char* text :
         {"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8"})
      all.push_back(*IpPrefix::parse(text));
    return all;
  }();
  return kMartians;
}

bool meets_martians(const IpPrefix& prefix) {
  return std::ranges::any_of(martians(), [&prefix](const IpPrefix& martian) {
    return martian.overlaps(prefix);
  });
}

// Reads one message, collecting what is wrong instead of stopping at it.
class Checker {
 public:
  explicit Checker(const dpapi::v1::DesiredState& message) : message_{message} {}

  CheckedDesired run() {
    read_own();
    read_nodes();
    read_peers();
    read_pools();
    refuse_overlaps();
    block_refused();
    return std::move(out_);
  }

 private:
  void refuse(std::string item, std::string reason) {
    out_.errors.push_back({std::move(item), std::move(reason)});
  }

  template <class Texts>
  std::vector<IpPrefix> read_prefixes(const std::string& owner, const Texts& texts) {
    std::vector<IpPrefix> prefixes;
    std::set<IpPrefix> seen;
    for (const std::string& text : texts) {
      const std::string item = fmt::format("{} prefix {}", owner, text);
      Result<IpPrefix> prefix = IpPrefix::parse(text);
      if (!prefix.ok()) {
        refuse(item, prefix.error().message);
      } else if (prefix->length() == 0) {
        refuse(item, "a default route would take all traffic of the box: name the pool's prefixes");
      } else if (seen.insert(*prefix).second) {
        prefixes.push_back(*prefix);
      }
    }
    return prefixes;
  }

  void read_own() {
    Desired& state = out_.state;
    out_.generation = message_.generation();
    state.node_name = message_.node_name();
    state.pool = message_.pool();
    state.own_prefixes = read_prefixes("own", message_.own_prefixes());
    if (message_.overlay_address().empty()) return;
    Result<IpAddress> overlay = IpAddress::parse(message_.overlay_address());
    if (overlay.ok()) {
      state.overlay = *overlay;
    } else {
      refuse("overlay_address", overlay.error().message);
    }
  }

  void read_nodes() {
    std::set<std::string> names;
    std::set<IpAddress> addresses;
    for (const dpapi::v1::LocalNode& node : message_.local_nodes()) {
      const std::string item = "local_node " + node.name();
      Result<IpAddress> address = IpAddress::parse(node.address());
      if (!address.ok()) {
        refuse(item, address.error().message);
      } else if (!names.insert(node.name()).second || !addresses.insert(*address).second) {
        refuse(item, "name or address is used by another node of the list");
        std::ranges::copy(read_prefixes(item, node.prefixes()), std::back_inserter(unplaced_));
      } else {
        const bool vxlan = node.encapsulation() == dpapi::v1::LocalNode::VXLAN;
        out_.state.nodes.push_back(
            {node.name(), *address, read_prefixes(item, node.prefixes()), vxlan, node.gateway()}
        );
      }
    }
  }

  void read_peers() {
    std::map<uint32_t, std::string> holders;
    for (const dpapi::v1::Peer& peer : message_.peers()) {
      const std::string item = "peer " + peer.name();
      const uint32_t tunnel = peer.tunnel_id();
      if (tunnel == 0 || tunnel > kTunnelMax) {
        refuse(item, fmt::format("tunnel id {} is out of range 1..{}", tunnel, kTunnelMax));
      } else if (const auto [holder, fresh] = holders.emplace(tunnel, peer.name()); !fresh) {
        refuse(
            item, fmt::format(
                      "tunnel id {} belongs to peer {}: rename one of the two nodes", tunnel,
                      holder->second
                  )
        );
      } else if (!tunnel_of_.emplace(peer.name(), tunnel).second) {
        refuse(item, "name is used by another peer of the list");
      } else {
        out_.state.peers.push_back({peer.name(), peer.pool(), tunnel});
      }
    }
  }

  void read_pools() {
    std::set<std::string> names;
    for (const dpapi::v1::RemotePool& pool : message_.remote_pools()) {
      const std::string item = "remote_pool " + pool.name();
      if (pool.name() == out_.state.pool || !names.insert(pool.name()).second) {
        refuse(item, "is our own pool, or named twice");
        continue;
      }
      RemotePool checked{pool.name(), read_prefixes(item, pool.prefixes()), {}};
      std::erase_if(checked.prefixes, [&](const IpPrefix& prefix) {
        if (!meets_martians(prefix)) return false;
        refuse(fmt::format("{} prefix {}", item, prefix.text()), "holds addresses of no host");
        refused_.push_back(prefix);
        return true;
      });
      for (const std::string& gateway : pool.gateways()) {
        const auto tunnel = tunnel_of_.find(gateway);
        if (tunnel == tunnel_of_.end()) {
          refuse(item + " gateway " + gateway, "is not in the list of peers");
        } else {
          checked.gateways.push_back(tunnel->second);
        }
      }
      out_.state.pools.push_back(std::move(checked));
    }
  }

  // Every prefix with its holder; pool < 0: our own side.
  struct Claim {
    IpPrefix prefix;
    int pool;
    std::string holder;
  };

  std::vector<Claim> claims() const {
    const Desired& state = out_.state;
    std::vector<Claim> all;
    for (const IpPrefix& prefix : state.own_prefixes) all.push_back({prefix, -1, "this box"});
    for (const LocalNode& node : state.nodes) {
      all.push_back({IpPrefix::host(node.address), -1, "node " + node.name});
      for (const IpPrefix& prefix : node.prefixes) all.push_back({prefix, -1, "node " + node.name});
    }
    for (std::size_t i = 0; i < state.pools.size(); ++i)
      for (const IpPrefix& prefix : state.pools[i].prefixes)
        all.push_back({prefix, static_cast<int>(i), "pool " + state.pools[i].name});
    std::ranges::sort(all, {}, [](const Claim& c) { return std::pair{c.prefix, c.pool}; });
    return all;
  }

  // Sorted claims: a prefix comes after all that contain it, so that one pass with a stack of the
  // open ones finds every overlap.
  void refuse_overlaps() {
    const std::vector<Claim> all = claims();
    std::vector<const Claim*> open;
    std::set<const Claim*> refused;
    for (const Claim& claim : all) {
      while (!open.empty() && !open.back()->prefix.contains(claim.prefix)) open.pop_back();
      for (const Claim* outer : open) {
        if (outer->pool == claim.pool) continue;
        if (outer->pool >= 0) refuse_claim(*outer, claim, refused);
        if (claim.pool >= 0) refuse_claim(claim, *outer, refused);
      }
      open.push_back(&claim);
    }
    for (const Claim* claim : refused) {
      std::erase(out_.state.pools[static_cast<std::size_t>(claim->pool)].prefixes, claim->prefix);
      refused_.push_back(claim->prefix);
    }
  }

  // Our own side stays reachable whatever the agent says, and addresses of no host are the
  // kernel's: groups, neighbour discovery.
  void block_refused() {
    std::vector<IpPrefix> closed = read_prefixes("blocked", message_.blocked().prefixes());
    closed.insert(closed.end(), refused_.begin(), refused_.end());
    std::vector<IpPrefix> open = read_holes();
    open.insert(open.end(), martians().begin(), martians().end());
    open.insert(open.end(), unplaced_.begin(), unplaced_.end());
    for (const Claim& claim : claims())
      if (claim.pool < 0) open.push_back(claim.prefix);
    out_.state.blocked = block(closed, open);
  }

  // A hole in what a remote pool says to have would let its traffic leave in clear.
  std::vector<IpPrefix> read_holes() {
    std::vector<IpPrefix> remote = refused_;
    for (const RemotePool& pool : out_.state.pools)
      remote.insert(remote.end(), pool.prefixes.begin(), pool.prefixes.end());
    const PrefixSet remotes{std::move(remote)};
    std::vector<IpPrefix> holes = read_prefixes("hole", message_.blocked().holes());
    std::erase_if(holes, [&](const IpPrefix& hole) {
      if (!remotes.overlaps(hole)) return false;
      refuse("hole prefix " + hole.text(), "overlaps a prefix of a remote pool: it stays blocked");
      return true;
    });
    return holes;
  }

  void refuse_claim(const Claim& claim, const Claim& other, std::set<const Claim*>& refused) {
    if (!refused.insert(&claim).second) return;
    refuse(
        fmt::format("remote_{} prefix {}", claim.holder, claim.prefix.text()),
        fmt::format("overlaps {} of {}: not routed", other.prefix.text(), other.holder)
    );
  }

  const dpapi::v1::DesiredState& message_;
  CheckedDesired out_;
  std::map<std::string, uint32_t> tunnel_of_;
  std::vector<IpPrefix> refused_;
  std::vector<IpPrefix> unplaced_;  // of nodes that were refused: our own side all the same
};

}  // namespace

std::vector<IpPrefix> Desired::remote_prefixes() const {
  std::vector<IpPrefix> all = blocked.prefixes;
  for (const RemotePool& remote : pools)
    all.insert(all.end(), remote.prefixes.begin(), remote.prefixes.end());
  return all;
}

std::size_t Desired::prefix_count() const {
  std::size_t count = own_prefixes.size() + remote_prefixes().size();
  for (const LocalNode& node : nodes) count += node.prefixes.size();
  return count;
}

CheckedDesired check_desired(const dpapi::v1::DesiredState& message) {
  return Checker{message}.run();
}

}  // namespace raven::dataplane
