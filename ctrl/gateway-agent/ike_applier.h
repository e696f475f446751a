// IkeApplier: keeps charon's connections, key and SAs as desired.
// SPDX-License-Identifier: Apache-2.0
//
// A charon that was restarted has lost everything: a new connection to it is taken as such, and all
// is loaded again.  Loading what charon has already disturbs no SA.
//
// Threading: one thread; pass() blocks on charon for as long as a few deadlines.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "common/base/secret.h"
#include "ctrl/gateway-agent/ike_diff.h"
#include "ctrl/gateway-agent/metrics.h"
#include "ctrl/gateway-agent/settings.h"
#include "ctrl/ike/vici/client.h"

namespace raven::gateway_agent {

class IkeApplier {
 public:
  // `self`: the name of this node.
  IkeApplier(std::string self, const IkeSettings& settings, MetricTable& metrics)
      : self_{std::move(self)}, settings_{settings}, metrics_{metrics} {}

  // Unset until the first plan: until then charon keeps what it has.
  void set_desired(std::vector<IkeConnection> desired) { desired_ = std::move(desired); }

  // Brings charon to the desired state.  An error of one connection does not stop the others; the
  // first one is returned.
  Status pass(Instant now);

  // Why the key in the file is not used; empty: it is.
  const std::string& key_problem() const { return key_problem_; }

  // Events of charon; unset while there is no connection.  For an event loop.
  std::optional<int> events_fd() const;
  // Reads them; an error means that charon is gone.
  Status read_events();

 private:
  Status connect();
  void disconnect();
  Status bring_to_desired(Instant now);
  Status load_key();
  Status load_connections(Instant now);
  Status remove_connections(const std::vector<std::string>& names);
  Status initiate_missing(Instant now);
  void show(const IkeSas& sas);

  const std::string self_;
  const IkeSettings& settings_;
  MetricTable& metrics_;
  std::optional<std::vector<IkeConnection>> desired_;
  std::optional<vici::Client> client_;
  std::optional<vici::Connection> events_;
  LoadedConnections loaded_;
  Secret loaded_key_;
  std::string key_problem_;
};

}  // namespace raven::gateway_agent
