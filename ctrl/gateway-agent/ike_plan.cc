// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/ike_plan.h"

#include <fmt/format.h>

#include "common/dpapi/sa_socket.h"

namespace raven::gateway_agent {
namespace {

using vici::List;
using vici::Message;

const char* yes_no(bool value) {
  return value ? "yes" : "no";
}

Message identity(const std::string& name) {
  return Message{}.text("auth", "psk").text("id", name);
}

// Route-based: any traffic fits, no policies; the dataplane decides by prefix.  The if_id tells
// the dataplane the tunnel, and keeps charon from taking equal children for duplicates.
Message child(const Peer& peer, unsigned number, const IkeSettings& settings) {
  const List any{"0.0.0.0/0", "::/0"};
  const std::string if_id = std::to_string(peer.tunnel_id << RAVEN_SA_TUNNEL_SHIFT | number);
  Message content;
  content.list("local_ts", any)
      .list("remote_ts", any)
      .list("esp_proposals", settings.esp_proposals);
  content.text("mode", "tunnel").text("policies", "no");
  content.text("if_id_in", if_id).text("if_id_out", if_id);
  content.text("replay_window", std::to_string(settings.replay_window));
  content.text("rekey_time", fmt::format("{}s", settings.child_rekey_s));
  // One side alone brings a lost child back: both doing so would double it.
  content.text("start_action", peer.initiator && peer.address ? "start" : "none");
  content.text("close_action", peer.initiator && peer.address ? "start" : "none");
  content.text("dpd_action", peer.initiator && peer.address ? "restart" : "clear");
  return content;
}

// A peer that begins may come from anywhere: the key and the identity decide.
List remote_addresses(const Peer& peer) {
  List addresses;
  if (peer.address) addresses.push_back(peer.address->text());
  if (!peer.initiator || !peer.address) addresses.push_back("%any");
  return addresses;
}

}  // namespace

std::string child_name(unsigned number) {
  return "net-" + std::to_string(number);
}

Message connection_content(
    const std::string& self, const IkeConnection& connection, const IkeSettings& settings
) {
  const Peer& peer = connection.peer;
  Message content;
  content.text("version", "2");
  content.list("local_addrs", {settings.local_address});
  content.list("remote_addrs", remote_addresses(peer));
  // The one UDP port that the sites open to each other carries IKE from the first packet on.
  content.text("local_port", std::to_string(settings.port));
  content.text("remote_port", std::to_string(peer.port));
  content.list("proposals", settings.ike_proposals);
  content.text("encap", yes_no(settings.udp_encapsulation));
  content.text("mobike", yes_no(settings.mobike));
  content.text("dpd_delay", fmt::format("{}s", settings.dead_peer_s));
  content.text("rekey_time", fmt::format("{}s", settings.ike_rekey_s));
  content.text("keyingtries", "0");
  content.text("unique", "replace");
  content.section("local", identity(self)).section("remote", identity(peer.name));
  Message all;
  for (unsigned number = 1; number <= connection.children; ++number)
    all.section(child_name(number), child(peer, number, settings));
  content.section("children", std::move(all));
  return content;
}

std::vector<IkeConnection> plan_ike(
    const std::vector<Peer>& peers, unsigned children, const IkeSettings& settings
) {
  std::vector<IkeConnection> connections;
  if (!settings.enabled) return connections;
  for (const Peer& peer : peers)
    connections.push_back({std::string{kConnectionPrefix} + peer.name, peer, children});
  return connections;
}

}  // namespace raven::gateway_agent
