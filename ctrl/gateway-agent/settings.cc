// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/settings.h"

#include "ctrl/gateway-agent/public_ip.h"

namespace raven::gateway_agent {

void IkeSettings::describe(settings::Schema<IkeSettings>& s) {
  s.field(
      "enabled", &IkeSettings::enabled,
      "Configure charon.  false: keys come to the dataplane by other means, as in measurements."
  );
  s.field("socket", &IkeSettings::socket, "VICI socket of charon.");
  s.field(
       "psk_file", &IkeSettings::psk_file,
       "File with the key that all gateway boxes share, mode 0600: at least 32 random bytes, for "
       "example of `openssl rand -base64 48`.  There is no default; known and weak keys are "
       "refused."
  )
      .example("/etc/raven-gateway/psk/vpn-connection-psk");
  s.field(
      "local_address", &IkeSettings::local_address,
      "Source address of IKE and ESP; %any: as the route to the peer says."
  );
  s.field("port", &IkeSettings::port, "Our UDP port for IKE and ESP.").range(1, 65'535);
  s.field(
      "udp_encapsulation", &IkeSettings::udp_encapsulation,
      "Put ESP into UDP even without a NAT between the sites."
  );
  s.field("mobike", &IkeSettings::mobike, "Follow our own address when it changes (RFC 4555).");
  s.field("ike_proposals", &IkeSettings::ike_proposals, "Algorithms of IKE, best first.");
  s.field("esp_proposals", &IkeSettings::esp_proposals, "Algorithms of ESP, best first.");
  s.field("ike_rekey_s", &IkeSettings::ike_rekey_s, "Age at which an IKE SA is re-keyed.")
      .range(60, 86'400)
      .unit("s");
  s.field("child_rekey_s", &IkeSettings::child_rekey_s, "Age at which ESP keys are replaced.")
      .range(10, 86'400)
      .unit("s");
  s.field(
       "dead_peer_s", &IkeSettings::dead_peer_s,
       "Silence after which charon asks whether a peer is alive."
  )
      .range(1, 3'600)
      .unit("s");
  s.field("replay_window", &IkeSettings::replay_window, "Packets that may arrive out of order.")
      .range(kReplayWindowMin, kReplayWindowMax)
      .unit("packets");
}

void RouteSettings::describe(settings::Schema<RouteSettings>& s) {
  s.field("enabled", &RouteSettings::enabled, "Route this box's own traffic to the other sites.");
  s.field(
      "interface", &RouteSettings::interface, "Interface between the kernel and the dataplane."
  );
  s.field("mtu", &RouteSettings::mtu, "MTU of these routes; 0: that of the interface.")
      .range(0, 65'535)
      .unit("bytes");
}

void HeartbeatSettings::describe(settings::Schema<HeartbeatSettings>& s) {
  s.field("duration_s", &HeartbeatSettings::duration_s, "How long one renewal of the Lease counts.")
      .range(1, 600)
      .unit("s");
  s.field("period_ms", &HeartbeatSettings::period_ms, "Time between two renewals.")
      .range(100, 600'000)
      .unit("ms");
  s.check("period_ms", [](const HeartbeatSettings& heartbeat) {
    return heartbeat.period_ms * 2 > heartbeat.duration_s * 1'000
               ? "must be at most half of duration_s, so that one lost renewal is no failover"
               : "";
  });
}

static void add_checks(settings::Schema<Settings>& s) {
  // Here, not in the section: a section that is left out is not read, and so not checked.
  s.check("ike.psk_file", [](const Settings& settings) {
    return settings.ike.enabled && settings.ike.psk_file.empty()
               ? "is missing: name the file with the key"
               : "";
  });
  s.check("public_ip", [](const Settings& settings) {
    const auto source = PublicIpSource::parse(settings.public_ip);
    return source.ok() ? std::string{} : source.error().message;
  });
}

void Settings::describe(settings::Schema<Settings>& s) {
  s.base<AgentSettings>();
  s.field("dataplane_socket", &Settings::dataplane_socket, "Control socket of raven-dataplane.");
  s.field(
      "public_ip", &Settings::public_ip,
      "What to write into an empty publicIP of this box's endpoint: none, interface:NAME (its "
      "first global address) or an address."
  );
  s.choice(
      "node_encapsulation", &Settings::node_encapsulation, {"vxlan", "direct"},
      "How packets go to the plain nodes of this site; as `encapsulation` of raven-agent-lite."
  );
  s.field("ike", &Settings::ike, "Keys, negotiated by charon.");
  s.field("routes", &Settings::routes, "Kernel routes of this box itself.");
  s.field("heartbeat", &Settings::heartbeat, "Lease that says that this box forwards.");
  s.field(
       "debounce_ms", &Settings::debounce_ms, "Changes within this time are handled in one pass."
  )
      .range(0, 10'000)
      .unit("ms");
  s.field(
       "resync_s", &Settings::resync_s, "Time between full comparisons when no change is reported."
  )
      .range(1, 3'600)
      .unit("s");
  s.field(
       "request_timeout_ms", &Settings::request_timeout_ms,
       "Longest wait for an answer of the API server."
  )
      .range(100, 60'000)
      .unit("ms");
  add_checks(s);
}

}  // namespace raven::gateway_agent
