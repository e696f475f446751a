// Client: the VICI commands that Raven Gateway uses, typed.
// SPDX-License-Identifier: Apache-2.0
//
// Threading and errors as Connection; a command that charon refuses gives kInvalid with charon's
// reason.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "common/base/secret.h"
#include "ctrl/ike/vici/connection.h"

namespace raven::vici {

struct ChildSa {
  std::string name = {};   // of its configuration
  std::string state = {};  // INSTALLED, REKEYING, ...
  uint64_t unique_id = 0;
  uint64_t bytes_in = 0, bytes_out = 0;

  // It carries traffic, also while its successor is being made.
  bool is_usable() const { return state == "INSTALLED" || state == "REKEYING"; }
};

struct IkeSa {
  std::string connection = {};
  std::string state = {};  // CONNECTING, ESTABLISHED, ...
  uint64_t unique_id = 0;
  std::string local_host = {}, remote_host = {}, remote_id = {};
  uint64_t established_seconds = 0;
  bool is_creating_child = false;  // an exchange for a new child runs or waits
  std::vector<ChildSa> children = {};

  bool is_established() const { return state == "ESTABLISHED" || state == "REKEYING"; }
};

struct Stats {
  std::vector<std::string> plugins;
  uint64_t ike_sas = 0, half_open_ike_sas = 0;
};

class Client {
 public:
  static Result<Client> open(
      const std::string& socket_path = kDefaultSocket,
      std::chrono::milliseconds deadline = std::chrono::seconds{3}
  );

  // False after an error of the connection itself: make a new client.
  bool is_open() const { return connection_.is_open(); }

  // Adds or replaces a connection.  charon leaves established SAs of it alone.
  Status load_connection(const std::string& name, const Message& content);
  Status unload_connection(const std::string& name);
  Result<std::vector<std::string>> list_connections();

  // Adds or replaces the pre-shared key of these identities.
  Status load_psk(const std::string& id, const Secret& key, const List& owners);
  Status unload_psk(const std::string& id);
  Result<std::vector<std::string>> list_psks();

  // Asks for the SA and returns at once: list_sas() shows what becomes of it.
  Status initiate(const std::string& connection, const std::string& child);
  // Closes every IKE SA of the connection with its children.  None being there is no error.
  Status terminate(const std::string& connection);

  Result<std::vector<IkeSa>> list_sas();
  Result<Stats> stats();

 private:
  explicit Client(Connection connection) : connection_{std::move(connection)} {}
  // A command that answers with "success" and perhaps "errmsg".
  Status command(const std::string& name, const Message& arguments);
  // A command that sends one `event` for each item.
  Result<std::vector<Message>> stream(const std::string& name, const std::string& event);

  Connection connection_;
  std::set<std::string> registered_;
};

}  // namespace raven::vici
