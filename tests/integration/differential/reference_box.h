// ReferenceBox: what a gateway box does with packets, as simply as it can be written.
// SPDX-License-Identifier: Apache-2.0
//
// The oracle of the differential test.  It knows the world of box_bench.h (addresses, prefixes,
// nodes) and the rules of the standards and of the documentation, and shares no code with the
// dataplane: one packet at a time, byte strings, linear searches, OpenSSL.
#pragma once

#include "tests/integration/differential/outcome.h"
#include "tests/integration/differential/reference_ip.h"
#include "tests/integration/differential/reference_reassembly.h"
#include "tests/integration/differential/reference_tunnel.h"
#include "tests/integration/differential/reference_world.h"
#include "tests/integration/differential/sent_pieces.h"

namespace raven::dataplane::test {

struct BoxSettings {
  bool shared = false;    // ports are the kernel's too
  bool one_port = false;  // LAN and WAN on port 0
  Mac macs[2];            // of the ports
  bool outbound_sa = true;
  bool router_known = true;
  uint16_t path_mtu = 1400;   // of inner packets
  uint16_t outer_mtu = 1500;  // of outer ones
  TunnelSettings tunnel;
};

class ReferenceBox {
 public:
  explicit ReferenceBox(const BoxSettings& settings)
      : settings_{settings}, tunnel_{settings.tunnel}, sent_pieces_{settings.outer_mtu} {}

  void receive(unsigned port, const std::vector<Bytes>& frames);  // one burst
  void from_pods(const Bytes& ip);                                // raven0
  void from_tap(unsigned port, const Bytes& frame);               // the kernel sends on a port
  void a_second_passes();

  // Where everything ended since the last call.
  Outcome take();
  // What the box sent on a port, as an Outcome names it; nothing: a fragment that is not the last.
  std::optional<End> read_sent(unsigned port, const Bytes& frame);

 private:
  enum class Origin { kWire, kVxlan, kPoolGateway, kTunnel, kKernel, kSelf };
  struct Way;  // of a routed packet

  // reference_box.cc: whose is it?
  void classify(unsigned port, const Bytes& frame);
  void classify_ip(unsigned port, const Bytes& frame);
  void collect(unsigned port, const Bytes& frame, const ReferenceIp& ip);
  void own(unsigned port, const Bytes& frame, const Bytes& bytes, const ReferenceIp& ip);
  void own_udp(unsigned port, const Bytes& frame, const Bytes& bytes, const ReferenceIp& ip);
  void natt(unsigned port, const Bytes& frame, const ReferenceTunnel::Received& packet);
  void vxlan(const Bytes& payload, const Bytes& outer_source);
  void lan_probe(const Bytes& frame, const Bytes& bytes, const ReferenceIp& ip);
  void tunnel_probe(const Bytes& bytes, const ReferenceIp& ip);
  void open_burst();
  void from_tunnel(const Bytes& inner);
  void punt(unsigned port, const Bytes& frame);
  bool lan_role(unsigned port) const { return port == 0; }
  std::optional<End> read_tunnel(const Bytes& outer, const End& otherwise);
  bool wan_is(unsigned port) const { return settings_.one_port ? port == 0 : port == 1; }

  // reference_route.cc: may it go there, and how?
  void enter_route(Origin origin, const Bytes& bytes);
  void route(
      Origin origin, const Bytes& bytes, const ReferenceIp& ip, unsigned port, const Bytes& frame
  );
  std::string judge(Origin origin, const ReferenceIp& ip, unsigned port) const;
  std::size_t mtu_towards(world::Kind kind) const;
  void forward(Origin origin, Bytes bytes, const ReferenceIp& ip);
  void fit(Origin origin, const Bytes& bytes, const ReferenceIp& ip, const Way& way);
  void cut(const Bytes& bytes, const ReferenceIp& ip, const Way& way);
  void send(const Bytes& bytes, const Way& way);
  void seal(const Bytes& bytes, bool may_cut);
  void reject(
      Origin origin, const Bytes& bytes, const ReferenceIp& ip, const std::string& reason,
      std::size_t mtu
  );

  const BoxSettings settings_;
  ReferenceTunnel tunnel_;
  SentPieces sent_pieces_;
  ReferenceReassembly reassembly_;
  std::vector<ReceivedFrame> wholes_;  // of this burst
  std::vector<ReferenceTunnel::Received> esp_burst_;
  std::map<Bytes, Bytes> vxlan_ports_;  // addresses of a flow -> UDP source port, as sent
  Outcome outcome_;
};

}  // namespace raven::dataplane::test
