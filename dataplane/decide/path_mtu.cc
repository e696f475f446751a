// SPDX-License-Identifier: Apache-2.0
#include "dataplane/decide/path_mtu.h"

#include <algorithm>
#include <set>
#include <utility>

namespace raven::dataplane {
namespace {

// What paths usually carry: the plateaus of RFC 1191 section 7, and Ethernet under the common
// tunnels (PPPoE, IP in IP, GRE, WireGuard, other ESP).
constexpr uint32_t kPlateaus[] = {9000, 8166, 4352, 2002, 1500, 1492, 1480, 1460,
                                  1440, 1420, 1400, 1360, 1280, 1006, 576};

uint32_t plateau_below(uint32_t size) {
  for (const uint32_t plateau : kPlateaus)
    if (plateau < size) return plateau;
  return 0;
}

// The first round: between `low` and `high`, neither of them included.
std::vector<uint32_t> common_sizes(uint32_t low, uint32_t high, uint32_t hint) {
  std::vector<uint32_t> sizes{std::begin(kPlateaus), std::end(kPlateaus)};
  sizes.push_back(high - 1);
  sizes.push_back(hint);
  std::erase_if(sizes, [=](uint32_t size) { return size <= low || size >= high; });
  std::ranges::sort(sizes, std::ranges::greater{});
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

// Later rounds: spread over the gap.
std::vector<uint32_t> sizes_between(uint32_t low, uint32_t high) {
  const uint32_t step =
      std::max(PathMtu::kGranularity, (high - low) / (PathMtu::kSizesOfRound + 1));
  std::vector<uint32_t> sizes;
  for (uint32_t size = low + step; size < high; size += step) sizes.push_back(size);
  std::ranges::reverse(sizes);
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
  const std::set<uint32_t> kept{tunnels.begin(), tunnels.end()};
  std::erase_if(states_, [&kept](const auto& item) { return !kept.contains(item.first); });
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

bool PathMtu::too_big(uint32_t tunnel, uint32_t claimed, uint32_t quoted) {
  const auto found = states_.find(tunnel);
  if (found == states_.end() || claimed >= quoted) return false;
  State& state = found->second;
  const uint32_t said = claimed != 0 ? claimed : plateau_below(std::min(quoted, state.largest()));
  const uint32_t size = std::max(said, state.floor());
  if (size >= state.largest()) return false;
  state.claim = state.claim == 0 ? size : std::min(state.claim, size);
  return true;
}

void PathMtu::probe_answered(uint32_t tunnel, uint32_t size) {
  const auto found = states_.find(tunnel);
  if (found != states_.end()) found->second.answered = std::max(found->second.answered, size);
}

void PathMtu::probe_refused(uint32_t tunnel) {
  const auto found = states_.find(tunnel);
  if (found == states_.end()) return;
  State& state = found->second;
  if (state.search) {
    state.search->tries = 0;
  } else if (state.lost > 0) {
    --state.lost;
    state.next_check = {};
  }
}

PathMtu::Step PathMtu::step(uint32_t tunnel, bool up, Instant now) {
  const auto found = states_.find(tunnel);
  if (found == states_.end()) return {};
  State& state = found->second;
  const uint32_t answered = std::exchange(state.answered, 0);
  const uint32_t claim = std::exchange(state.claim, 0);
  if (state.search) return up ? go_on(state, answered, now) : end_search(state, false, now);
  if (answered >= state.largest()) state.lost = 0;
  if (claim != 0) return hear(state, claim, up, now);
  if (state.learned != 0 && now - state.learned_at >= kRaiseAfter)
    return raise_again(state, up, now);
  if (up && now >= state.next_check) return check(state, now);
  return {};
}

PathMtu::Step PathMtu::hear(State& state, uint32_t claim, bool up, Instant now) {
  if (!up) {
    state.learned = claim;
    state.believed = true;
    state.learned_at = now;
    return {{}, true};
  }
  if (now < state.next_claim) return {};
  state.next_claim = now + kClaimInterval;
  return start_search(state, 0, state.largest() + 1, claim, now);
}

PathMtu::Step PathMtu::raise_again(State& state, bool up, Instant now) {
  state.learned_at = now;
  if (up) return start_search(state, state.largest(), state.link_mtu + 1, 0, now);
  state.learned = 0;
  state.believed = false;
  return {{}, true};
}

PathMtu::Step PathMtu::check(State& state, Instant now) {
  if (state.believed) return start_search(state, 0, state.link_mtu + 1, state.learned, now);
  if (state.lost >= kLostMax) return start_search(state, 0, state.largest(), 0, now);
  state.next_check = now + (state.lost == 0 ? kCheckInterval : kRetryInterval);
  ++state.lost;
  return {{state.largest()}, false};
}

PathMtu::Step PathMtu::start_search(
    State& state, uint32_t low, uint32_t high, uint32_t hint, Instant now
) {
  const uint32_t below = std::max(low, state.floor() - 1);
  state.search = Search{low, high, common_sizes(below, high, hint)};
  return send(state, false, now);
}

// Of what is to be probed in this round, what has no answer yet.
PathMtu::Step PathMtu::send(State& state, bool changed, Instant now) {
  Search& search = *state.search;
  std::erase_if(search.sizes, [&search](uint32_t size) { return size <= search.low; });
  if (search.sizes.empty()) return end_search(state, changed, now);
  ++search.tries;
  search.until = now + kAnswerTime;
  return {search.sizes, changed};
}

PathMtu::Step PathMtu::go_on(State& state, uint32_t answered, Instant now) {
  Search& search = *state.search;
  search.low = std::max(search.low, answered);
  const bool all = search.low >= search.sizes.front();
  if (!all && now < search.until) return {};
  const bool changed = settle(state, now);
  if (!all && search.tries < kTries) return send(state, changed, now);
  // Nothing at all answered: the tunnel has other troubles than large packets.
  if (search.low == 0) return end_search(state, changed, now);
  for (const uint32_t size : search.sizes)
    if (size > search.low) search.high = std::min(search.high, size);
  if (search.low + kGranularity >= search.high) return end_search(state, changed, now);
  search.sizes = sizes_between(search.low, search.high);
  search.tries = 0;
  return send(state, changed, now);
}

// What is known to be carried holds from now on.
bool PathMtu::settle(State& state, Instant now) {
  const uint32_t before = state.largest(), low = state.search->low;
  if (low == 0) return false;
  state.believed = false;
  if (low == before) return false;
  state.learned = low >= state.link_mtu ? 0 : low;
  state.learned_at = now;
  return state.largest() != before;
}

PathMtu::Step PathMtu::end_search(State& state, bool changed, Instant now) {
  state.search.reset();
  state.lost = 0;
  state.next_check = now + kCheckInterval;
  return {{}, changed};
}

}  // namespace raven::dataplane
