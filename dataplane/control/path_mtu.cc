// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/path_mtu.h"

#include <algorithm>
#include <utility>

namespace raven::dataplane {
namespace {

// Ethernet, common tunnels under it, and what IPv6 and IPv4 guarantee.
constexpr uint32_t kSearchSizes[] = {1500, 1400, PathMtu::kFloorV6, PathMtu::kFloorV4};
constexpr std::size_t kSearchProbes = 3;

std::vector<uint32_t> smaller_sizes(uint32_t current, uint32_t floor) {
  std::vector<uint32_t> sizes;
  for (const uint32_t size : kSearchSizes)
    if (size < current && size >= floor && sizes.size() < kSearchProbes) sizes.push_back(size);
  return sizes;
}

}  // namespace

uint32_t PathMtu::State::largest() const {
  return learned == 0 ? link_mtu : std::min(learned, link_mtu);
}

uint32_t PathMtu::State::floor() const {
  return peer.is_v4() ? kFloorV4 : kFloorV6;
}

void PathMtu::set_tunnels(const std::vector<uint32_t>& tunnels) {
  std::erase_if(states_, [&tunnels](const auto& item) {
    return std::ranges::find(tunnels, item.first) == tunnels.end();
  });
}

void PathMtu::set_path(uint32_t tunnel, const IpAddress& peer, uint32_t link_mtu) {
  State& state = states_[tunnel];
  if (state.peer != peer) state = State{};
  state.peer = peer;
  state.link_mtu = link_mtu;
}

uint32_t PathMtu::largest(uint32_t tunnel) const {
  return states_.at(tunnel).largest();
}

bool PathMtu::too_big(uint32_t tunnel, uint32_t claimed, Instant now) {
  const auto found = states_.find(tunnel);
  if (found == states_.end()) return false;
  State& state = found->second;
  const uint32_t before = state.largest();
  const uint32_t size = std::max(claimed, state.floor());
  if (size > before || (size == before && state.learned == 0)) return false;
  state.learned = size;
  state.learned_at = now;
  return size < before;
}

void PathMtu::probe_answered(uint32_t tunnel, uint32_t size) {
  const auto found = states_.find(tunnel);
  if (found != states_.end()) found->second.answered = std::max(found->second.answered, size);
}

PathMtu::Step PathMtu::step(uint32_t tunnel, bool up, Instant now) {
  const auto found = states_.find(tunnel);
  if (found == states_.end()) return {};
  State& state = found->second;
  if (state.searching) return now < state.search_until ? Step{} : end_search(state, now);
  const uint32_t answered = std::exchange(state.answered, 0);
  if (answered >= state.largest()) state.lost = 0;
  if (state.learned != 0 && answered >= state.link_mtu) {
    state.learned = 0;
    return {{}, true};
  }
  if (state.learned != 0 && now - state.learned_at >= kRaiseAfter)
    return raise_again(state, up, now);
  if (up && now >= state.next_check) return check(state, now);
  return {};
}

PathMtu::Step PathMtu::raise_again(State& state, bool up, Instant now) {
  state.learned_at = now;
  if (up) return {{state.link_mtu}, false};
  state.learned = 0;
  return {{}, true};
}

PathMtu::Step PathMtu::check(State& state, Instant now) {
  if (state.lost >= kLostMax) {
    state.searching = true;
    state.search_until = now + kSearchTime;
    return {smaller_sizes(state.largest(), state.floor()), false};
  }
  state.next_check = now + (state.lost == 0 ? kCheckInterval : kRetryInterval);
  ++state.lost;
  return {{state.largest()}, false};
}

// Nothing answered: the tunnel has other troubles than large packets.
PathMtu::Step PathMtu::end_search(State& state, Instant now) {
  const uint32_t answered = std::exchange(state.answered, 0);
  state.searching = false;
  state.lost = 0;
  state.next_check = now + kCheckInterval;
  if (answered == 0 || answered >= state.largest()) return {};
  state.learned = answered;
  state.learned_at = now;
  return {{}, true};
}

}  // namespace raven::dataplane
