// Selector: which gateway of the local site carries our traffic, decided from probe answers.
// SPDX-License-Identifier: Apache-2.0
//
// Free of I/O and clocks.  A gateway is usable while it answers and says that it forwards.
// - The one in use is left at once when it is down or stops forwarding, for the most preferred
//   usable one.  When none is usable it stays: a wrong guess would be no better.
// - A working one is left for a more preferred one only after that has been usable for a while, so
//   that a flapping gateway does not take the traffic with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace raven::agent_lite {

class Selector {
 public:
  enum class State : uint8_t { kUnknown, kUp, kDown };

  struct Limits {
    uint32_t loss_max = 3;
    std::chrono::milliseconds switch_back_delay{5000};
  };
  explicit Selector(Limits limits) : limits_{limits} {}

  // The gateways by preference, the most preferred first.  What is known of those that stay is
  // kept.
  void set_gateways(const std::vector<std::string>& names);

  // Before each round of probes, once per gateway; then when one is answered.
  void on_probe_sent(const std::string& name);
  void on_answer(const std::string& name, bool forwarding, Instant now);

  // The gateway to use now; nothing when there is none at all.
  std::optional<std::string> choose(Instant now);

  const std::vector<std::string>& names() const { return names_; }
  State state(const std::string& name) const;
  const std::optional<std::string>& current() const { return current_; }
  // How often a gateway was left for another, the first choice not counted.
  uint64_t switches() const { return switches_; }

 private:
  struct Gateway {
    State state = State::kUnknown;
    uint32_t unanswered = 0;
    bool forwarding = false;
    std::optional<Instant> usable_since;
    bool usable() const { return usable_since.has_value(); }
  };

  const std::string* first_usable(Instant since) const;
  bool must_leave(const Gateway& gateway) const;

  Limits limits_;
  std::vector<std::string> names_;
  std::map<std::string, Gateway> gateways_;
  std::optional<std::string> current_;
  uint64_t switches_ = 0;
};

}  // namespace raven::agent_lite
