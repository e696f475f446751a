// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/ike_applier.h"

#include <algorithm>

#include "common/base/log.h"
#include "ctrl/gateway-agent/psk.h"

namespace raven::gateway_agent {
namespace {

constexpr std::chrono::seconds kDeadline{3};
constexpr char kKeyId[] = "raven-gateway";
constexpr char kPlugin[] = "kernel-raven";

}  // namespace

Status IkeApplier::connect() {
  if (client_) return {};
  RAVEN_ASSIGN(vici::Client client, vici::Client::open(settings_.socket, kDeadline));
  RAVEN_ASSIGN(const vici::Stats stats, client.stats());
  if (std::ranges::count(stats.plugins, kPlugin) == 0)
    return Error{
        ErrorCode::kInvalid,
        "charon runs without the plugin kernel-raven, so its keys would not reach the dataplane: "
        "start it with configs/strongswan/strongswan.conf"};
  RAVEN_ASSIGN(vici::Connection events, vici::Connection::open(settings_.socket, kDeadline));
  for (const char* name : {"ike-updown", "child-updown"}) RAVEN_TRY(events.register_event(name));
  client_ = std::move(client);
  events_ = std::move(events);
  loaded_.clear();
  loaded_key_.wipe();
  metrics_.add(Metric::kCharonConnects);
  log::info("ike", "connected to charon at {}", settings_.socket);
  return {};
}

void IkeApplier::disconnect() {
  client_.reset();
  events_.reset();
}

std::optional<int> IkeApplier::events_fd() const {
  if (!events_) return std::nullopt;
  return events_->fd();
}

Status IkeApplier::read_events() {
  if (!events_) return {};
  Status read = events_->read_events([](const vici::Event& event) {
    log::debug("ike", "charon says {}", event.name);
  });
  if (!read.ok()) disconnect();
  return read;
}

// The file is read at each pass, so that a new key takes effect without a restart.  SAs that are
// up stay up; a key that is refused leaves the last good one in place.
Status IkeApplier::load_key() {
  auto read = load_psk(settings_.psk_file);
  key_problem_ = read.ok() ? "" : read.error().message;
  RAVEN_ASSIGN(Secret key, std::move(read));
  if (key.equals(loaded_key_)) return {};
  RAVEN_TRY(client_->load_psk(kKeyId, key, {}));
  loaded_key_ = std::move(key);
  log::info("ike", "loaded the key of {}", settings_.psk_file);
  return {};
}

Status IkeApplier::load_connections(Instant now) {
  RAVEN_ASSIGN(const std::vector<std::string> listed, client_->list_connections());
  const ConnectionChanges changes = diff_connections(*desired_, loaded_, listed);
  Status first;
  for (const IkeConnection* connection : changes.load) {
    Status loaded = client_->load_connection(
        connection->name, connection_content(self_, *connection, settings_)
    );
    if (loaded.ok()) {
      loaded_[connection->name] = {*connection, now, {}};
      log::info("ike", "loaded {}", connection->name);
    } else if (first.ok()) {
      first = std::move(loaded).error().with("load " + connection->name);
    }
    if (!client_->is_open()) return first;
  }
  RAVEN_TRY(remove_connections(changes.remove));
  return first;
}

Status IkeApplier::remove_connections(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    // Unloaded first: it cannot come up again while its SAs are closed.
    RAVEN_TRY(client_->unload_connection(name));
    RAVEN_TRY(client_->terminate(name));
    loaded_.erase(name);
    log::info("ike", "removed {}", name);
  }
  return {};
}

Status IkeApplier::initiate_missing(Instant now) {
  RAVEN_ASSIGN(const std::vector<vici::IkeSa> listed, client_->list_sas());
  const IkeSas sas{listed};
  show(sas);
  for (const IkeConnection& connection : *desired_) {
    const auto loaded = loaded_.find(connection.name);
    if (loaded == loaded_.end()) continue;
    const auto missing = missing_children(connection, loaded->second, sas, now);
    if (missing.empty()) continue;
    log::info(
        "ike", "{}: {} children are missing, initiating them", connection.name, missing.size()
    );
    loaded->second.initiated_at = now;
    for (const std::string& child : missing) {
      RAVEN_TRY(client_->initiate(connection.name, child));
      metrics_.add(Metric::kInitiations);
    }
  }
  return {};
}

void IkeApplier::show(const IkeSas& sas) {
  for (const Metric metric : {Metric::kIkeEstablished, Metric::kChildSas, Metric::kChildSasWanted})
    metrics_.clear(metric);
  for (const IkeConnection& connection : *desired_) {
    const PeerKeys keys = keys_of(connection, sas);
    metrics_.set(Metric::kIkeEstablished, {connection.peer.name}, keys.established ? 1 : 0);
    metrics_.set(Metric::kChildSas, {connection.peer.name}, keys.children);
    metrics_.set(Metric::kChildSasWanted, {connection.peer.name}, connection.children);
  }
}

Status IkeApplier::bring_to_desired(Instant now) {
  Status key = load_key();
  if (!key.ok() && loaded_key_.empty()) return key;
  Status connections = load_connections(now);
  if (!client_->is_open()) return connections;
  RAVEN_TRY(initiate_missing(now));
  return key.ok() ? connections : key;
}

Status IkeApplier::pass(Instant now) {
  if (!settings_.enabled) return {};
  RAVEN_TRY(connect());
  if (!desired_) return {};
  Status done = bring_to_desired(now);
  if (!client_->is_open()) disconnect();
  return done;
}

}  // namespace raven::gateway_agent
