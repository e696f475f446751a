// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ike/vici/client.h"

#include <fmt/format.h>

#include <algorithm>

namespace raven::vici {
namespace {

Error refusal(const std::string& command, const Message& answer) {
  return {
      ErrorCode::kInvalid, fmt::format("charon refused {}: {}", command, answer.text("errmsg"))};
}

ChildSa child_of(const Message& child) {
  return {
      .name = std::string{child.text("name")},
      .state = std::string{child.text("state")},
      .unique_id = child.number("uniqueid"),
      .bytes_in = child.number("bytes-in"),
      .bytes_out = child.number("bytes-out")};
}

bool has_task(const Message& ike, const char* task) {
  return std::ranges::count(ike.list("tasks-queued"), task) > 0 ||
         std::ranges::count(ike.list("tasks-active"), task) > 0;
}

IkeSa ike_of(std::string_view name, const Message& ike) {
  IkeSa sa{
      .connection = std::string{name},
      .state = std::string{ike.text("state")},
      .unique_id = ike.number("uniqueid"),
      .local_host = std::string{ike.text("local-host")},
      .remote_host = std::string{ike.text("remote-host")},
      .remote_id = std::string{ike.text("remote-id")},
      .established_seconds = ike.number("established"),
      .is_creating_child = has_task(ike, "CHILD_CREATE") || has_task(ike, "CHILD_REKEY"),
      .children = {}};
  for (const auto& [unused, child] : ike.section("child-sas").sections())
    sa.children.push_back(child_of(*child));
  return sa;
}

}  // namespace

Result<Client> Client::open(const std::string& socket_path, std::chrono::milliseconds deadline) {
  RAVEN_ASSIGN(Connection connection, Connection::open(socket_path, deadline));
  return Client{std::move(connection)};
}

Status Client::command(const std::string& name, const Message& arguments) {
  RAVEN_ASSIGN(const Message answer, connection_.request(name, arguments));
  if (answer.text("success") == "yes") return {};
  return refusal(name, answer);
}

Result<std::vector<Message>> Client::stream(const std::string& name, const std::string& event) {
  // Once: charon would send each event as often as it was registered.
  if (!registered_.contains(event)) RAVEN_TRY(connection_.register_event(event));
  registered_.insert(event);
  std::vector<Message> items;
  RAVEN_TRY(connection_.request(name, {}, [&](const Event& received) {
    if (received.name == event) items.push_back(received.content);
  }));
  return items;
}

Status Client::load_connection(const std::string& name, const Message& content) {
  return command("load-conn", Message{}.section(name, content));
}

Status Client::unload_connection(const std::string& name) {
  return command("unload-conn", Message{}.text("name", name));
}

Result<std::vector<std::string>> Client::list_connections() {
  RAVEN_ASSIGN(const Message answer, connection_.request("get-conns", {}));
  return answer.list("conns");
}

Status Client::load_psk(const std::string& id, const Secret& key, const List& owners) {
  const auto bytes = key.expose();
  Message message;
  message.text("id", id).text("type", "IKE").list("owners", owners);
  message.text("data", std::string{bytes.begin(), bytes.end()});
  Status status = command("load-shared", message);
  message.wipe();
  return status;
}

Status Client::unload_psk(const std::string& id) {
  return command("unload-shared", Message{}.text("id", id));
}

Result<std::vector<std::string>> Client::list_psks() {
  RAVEN_ASSIGN(const Message answer, connection_.request("get-shared", {}));
  return answer.list("keys");
}

Status Client::initiate(const std::string& connection, const std::string& child) {
  // A timeout of -1 does not wait for the outcome.
  return command(
      "initiate", Message{}.text("ike", connection).text("child", child).text("timeout", "-1")
  );
}

Status Client::terminate(const std::string& connection) {
  RAVEN_ASSIGN(
      const Message answer,
      connection_.request("terminate", Message{}.text("ike", connection).text("timeout", "-1"))
  );
  // "matches: 0" is reported as a failure, and is what we want.
  if (answer.text("success") == "yes" || answer.number("matches") == 0) return {};
  return refusal("terminate", answer);
}

Result<std::vector<IkeSa>> Client::list_sas() {
  RAVEN_ASSIGN(const std::vector<Message> items, stream("list-sas", "list-sa"));
  std::vector<IkeSa> sas;
  for (const Message& item : items)
    for (const auto& [name, ike] : item.sections()) sas.push_back(ike_of(name, *ike));
  return sas;
}

Result<Stats> Client::stats() {
  RAVEN_ASSIGN(const Message answer, connection_.request("stats", {}));
  const Message& ike_sas = answer.section("ikesas");
  return Stats{
      .plugins = answer.list("plugins"),
      .ike_sas = ike_sas.number("total"),
      .half_open_ike_sas = ike_sas.number("half-open")};
}

}  // namespace raven::vici
