// SPDX-License-Identifier: Apache-2.0
#include "dataplane/decide/probe_turns.h"

#include <algorithm>
#include <set>
#include <utility>

namespace raven::dataplane {

void ProbeTurns::set_tunnels(const std::vector<TunnelId>& tunnels) {
  std::set<TunnelId> added{tunnels.begin(), tunnels.end()};
  const auto gone = [kept = added](TunnelId tunnel) { return !kept.contains(tunnel); };
  std::erase_if(waiting_, gone);
  std::erase_if(refused_, gone);
  for (const TunnelId tunnel : waiting_) added.erase(tunnel);
  for (const TunnelId tunnel : refused_) added.erase(tunnel);
  std::vector<TunnelId> first;
  std::ranges::copy_if(tunnels, std::back_inserter(first), [&added](TunnelId tunnel) {
    return added.contains(tunnel);
  });
  waiting_.insert(waiting_.begin(), first.begin(), first.end());
}

std::size_t ProbeTurns::due(Instant now) {
  const auto elapsed = std::min(now - std::exchange(last_, now).value_or(now), interval_);
  if (waiting_.empty()) return 0;
  owed_ += elapsed * static_cast<int64_t>(waiting_.size());
  const auto turns = static_cast<std::size_t>(owed_ / interval_);
  owed_ %= interval_;
  return std::min(turns, waiting_.size());
}

void ProbeTurns::take(Instant now, const std::function<bool(TunnelId)>& probe) {
  const std::size_t count = due(now);
  std::vector<TunnelId> turn = std::exchange(refused_, {});
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  turn.insert(turn.end(), waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  for (const TunnelId tunnel : turn) {
    if (probe(tunnel)) {
      waiting_.push_back(tunnel);
    } else {
      refused_.push_back(tunnel);
    }
  }
}

}  // namespace raven::dataplane
