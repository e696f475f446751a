// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/selector.h"

#include <algorithm>

namespace raven::agent_lite {

void Selector::set_gateways(const std::vector<std::string>& names) {
  names_ = names;
  std::erase_if(gateways_, [&](const auto& entry) {
    return std::ranges::find(names_, entry.first) == names_.end();
  });
  for (const std::string& name : names_) gateways_.try_emplace(name);
}

void Selector::on_probe_sent(const std::string& name) {
  const auto found = gateways_.find(name);
  if (found == gateways_.end()) return;
  Gateway& gateway = found->second;
  if (gateway.unanswered >= limits_.loss_max) {
    gateway.state = State::kDown;
    gateway.usable_since.reset();
  }
  ++gateway.unanswered;
}

void Selector::on_answer(const std::string& name, bool forwarding, Instant now) {
  const auto found = gateways_.find(name);
  if (found == gateways_.end()) return;
  Gateway& gateway = found->second;
  gateway.state = State::kUp;
  gateway.unanswered = 0;
  gateway.forwarding = forwarding;
  if (!forwarding)
    gateway.usable_since.reset();
  else if (!gateway.usable_since)
    gateway.usable_since = now;
}

std::optional<std::string> Selector::choose(Instant now) {
  if (names_.empty()) return current_ = std::nullopt;
  const auto in_use = current_ ? gateways_.find(*current_) : gateways_.end();
  const bool gone = in_use == gateways_.end();
  const bool leave = gone || must_leave(in_use->second);
  const std::string* better = first_usable(leave ? now : now - limits_.switch_back_delay);
  std::string next = gone ? names_.front() : *current_;
  if (better != nullptr) {
    const auto rank = [&](const std::string& name) { return std::ranges::find(names_, name); };
    if (leave || rank(*better) < rank(next)) next = *better;
  }
  if (current_ && *current_ != next) ++switches_;
  return current_ = next;
}

Selector::State Selector::state(const std::string& name) const {
  const auto found = gateways_.find(name);
  return found == gateways_.end() ? State::kUnknown : found->second.state;
}

// The most preferred gateway that has been usable since then or longer.
const std::string* Selector::first_usable(Instant since) const {
  for (const std::string& name : names_) {
    const Gateway& gateway = gateways_.at(name);
    if (gateway.usable() && *gateway.usable_since <= since) return &name;
  }
  return nullptr;
}

// One that has not been asked often enough yet is given its chance.
bool Selector::must_leave(const Gateway& gateway) const {
  return gateway.state == State::kDown || (gateway.state == State::kUp && !gateway.forwarding);
}

}  // namespace raven::agent_lite
