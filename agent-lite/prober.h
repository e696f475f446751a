// Prober: asks the gateways of the local site over the LAN whether they forward, and keeps the
// Selector informed.
// SPDX-License-Identifier: Apache-2.0
//
// The request is answered by the packet path of the gateway (common/wire/probe.h).  An answer
// counts when it comes from the gateway's address and repeats a recent sequence number, which
// begins at a random value.
//
// Threading: the loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent-lite/metrics.h"
#include "agent-lite/selector.h"
#include "agent-lite/settings.h"
#include "common/base/ip.h"
#include "common/base/unique_fd.h"
#include "common/event/loop.h"

namespace raven::agent_lite {

class Prober {
 public:
  struct Target {
    std::string name;
    IpAddress address;
    bool operator==(const Target&) const = default;
  };

  // `changed` is called when another gateway is to be used than before.
  Prober(
      event::Loop& loop, const ProbeSettings& settings, Metrics& metrics,
      std::function<void()> changed
  );
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // By preference.  Does not call `changed`.
  void set_targets(std::vector<Target> targets);

  const std::optional<std::string>& current() const { return selector_.current(); }

 private:
  struct Probe {
    uint64_t sequence = 0;  // last one sent
    uint64_t answered = 0;  // last one answered
    Instant sent_at;
  };

  void round();
  void send(const Target& target);
  void receive(int fd);
  bool accept(const void* payload, std::size_t size, const IpAddress& sender);
  const Target* target_at(const IpAddress& address) const;
  void choose();
  void export_states();
  Result<int> socket_for(IpFamily family);

  event::Loop& loop_;
  Metrics& metrics_;
  std::function<void()> changed_;
  uint32_t loss_max_;
  Selector selector_;
  std::vector<Target> targets_;
  std::map<std::string, Probe> probes_;
  std::map<IpFamily, UniqueFd> sockets_;
  uint64_t sequence_;
  event::TimerId timer_;
};

}  // namespace raven::agent_lite
