// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/settings.h"

namespace raven::agent_lite {

void ProbeSettings::describe(settings::Schema<ProbeSettings>& s) {
  s.field(
       "interval_ms", &ProbeSettings::interval_ms,
       "Time between probes of each gateway of the local site."
  )
      .range(10, 60'000)
      .unit("ms");
  s.field(
       "loss_max", &ProbeSettings::loss_max,
       "A gateway that leaves so many probes in a row unanswered is down."
  )
      .range(1, 100)
      .unit("probes");
  s.field(
       "switch_back_delay_ms", &ProbeSettings::switch_back_delay_ms,
       "How long a better gateway must have been up before a working one is left for it."
  )
      .range(0, 600'000)
      .unit("ms");
}

void Settings::describe(settings::Schema<Settings>& s) {
  s.base<AgentSettings>();
  s.choice(
      "encapsulation", &Settings::encapsulation, {"vxlan", "direct"},
      "How packets reach the gateway: in VXLAN (always works), or as they are (nodes and gateways "
      "share one Ethernet segment that accepts foreign addresses)."
  );
  s.field(
       "wan_mtu", &Settings::wan_mtu, "MTU of the gateway's WAN side; 0: as the LAN of this node."
  )
      .range(0, 65'535)
      .unit("bytes");
  s.field(
       "tunnel_overhead", &Settings::tunnel_overhead,
       "What the tunnel adds to a packet on the WAN.  88 covers ESP in UDP over IPv6."
  )
      .range(0, 500)
      .unit("bytes");
  s.field("probe", &Settings::probe, "Liveness of the gateways, measured from this node.");
  s.field(
       "resync_interval_s", &Settings::resync_interval_s,
       "Time between full comparisons with the kernel when no change is reported."
  )
      .range(1, 3600)
      .unit("s");
  s.field(
      "remove_raven_leftovers", &Settings::remove_raven_leftovers,
      "Remove what OpenYurt Raven's own agent left on this node."
  );
}

}  // namespace raven::agent_lite
