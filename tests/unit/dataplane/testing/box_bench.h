// BoxBench: one gateway box without threads: packets in, verdicts and packets out.
// SPDX-License-Identifier: Apache-2.0
//
// The world of the tests.  Site A is the local pool, B and C are remote:
//
//   own pods 10.1.1.0/24, fd00:1:1::/64     (kernel, raven0)
//   node "vx" 10.9.0.11, pods 10.1.2.0/24, fd00:1:2::/64   (VXLAN)
//   node "di" 10.9.0.12, pods 10.1.3.0/24, fd00:1:3::/64   (direct)
//   box: LAN 10.9.0.1 / fd09::1, WAN 192.0.2.1 / 2001:db8::1, overlay MAC aa:0f:f0:09:00:01
//   pool B 10.2.0.0/16, fd00:2::/32 behind 198.51.100.2; pool C 10.3.0.0/16 without a path
//   10.4.0.0/16: prefix of a pool that is gone (drop)
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/inspect/inspection.h"
#include "dataplane/pipeline/pipeline.h"
#include "dataplane/table/table_writer.h"
#include "tests/unit/dataplane/testing/ring_port.h"

namespace raven::dataplane::test {

inline constexpr uint32_t kTunnelB = 7;
inline const Mac kNodeVxMac = "02:00:00:00:01:11";
inline const Mac kNodeDiMac = "02:00:00:00:01:12";
inline const Mac kRouterMac = "02:00:00:00:02:01";  // next hop on the WAN
inline const Mac kOverlayMac = "aa:0f:f0:09:00:01";
inline const Mac kNodeOverlayMac = "aa:0f:f0:09:00:0b";

struct BenchOptions {
  bool owned = true;
  bool one_port = false;  // LAN and WAN on port 0, role both
  bool udp_encapsulated = false;
  bool outer_v6 = false;
  bool with_outbound_sa = true;
  uint16_t path_mtu = 1400;   // of inner packets
  uint16_t outer_mtu = 1500;  // of outer ones
  uint32_t tfc_size = 0;      // of the outbound SA
  WorkerId worker{0};
};

class BoxBench {
 public:
  explicit BoxBench(const BenchOptions& options = {});
  ~BoxBench();  // checks that every packet is accounted for and every buffer is back

  Port& lan() { return *ports_.front(); }
  Port& wan() { return *ports_.back(); }
  Mac lan_mac() { return lan().mac().text(); }
  Mac wan_mac() { return wan().mac().text(); }

  // Runs the pipeline on frames received by a port, or on packets of the mailbox.
  void receive(Port& port, const std::vector<Bytes>& frames);
  void receive(Port& port, const std::vector<rte_mbuf*>& frames);
  void receive_lan(const Bytes& frame) { receive(lan(), {frame}); }
  void receive_wan(const Bytes& frame) { receive(wan(), {frame}); }
  void from_kernel(const Bytes& ip);              // raven0
  void from_tap(Port& port, const Bytes& frame);  // the TAP of an owned port
  // Runs the pipeline on what lies in the own mailbox.
  void take_mail();

  // For workers in threads of their own (the pipeline of this box is not run then).
  void deliver(Port& port, int queue, const Bytes& frame);
  void deliver(Port& port, int queue, rte_mbuf* packet);
  Quiescence& quiescence() { return *quiescence_; }
  // Lets these look at the packets from now on; null: nobody.
  void inspect(std::shared_ptr<Trace> trace, std::shared_ptr<Capture> capture = nullptr);
  // Publishes the same routes, SAs and addresses once more.
  void republish();

  // What came out since the last call.
  std::vector<Bytes> sent(Port& port);
  std::vector<Bytes> sent_lan() { return sent(lan()); }
  std::vector<Bytes> sent_wan() { return sent(wan()); }
  struct ToKernel {
    PortIndex port;
    Bytes packet;
  };
  std::vector<ToKernel> to_kernel();
  // Drop reasons since the last call, "ttl" -> 1.
  std::map<std::string, uint64_t> drops();
  // The same by stage, {"route", "ttl"} -> 1.  Both tell what is new since either was called.
  using StageDrops = std::map<std::pair<std::string, std::string>, uint64_t>;
  StageDrops drops_by_stage();

  // The far end of the tunnel.  open(): the inner packet of a frame that the box sent on the WAN;
  // seal(): the frame in which the far end sends an inner packet.
  Bytes open(const Bytes& frame);
  Bytes seal(const Bytes& inner);

  Context& context() { return *context_; }
  TableWriter& writer() { return *writer_; }
  Tables& tables() { return *tables_; }
  PacketPool& pool() { return *pool_; }
  std::vector<std::unique_ptr<Mailbox>>& mailboxes() { return mailboxes_; }
  PeerIndex peer() const { return peer_; }
  PoolIndex pool_b() const { return pool_b_; }
  AdjacencyIndex wan_adjacency() const { return router_; }
  InboundSa& inbound_sa() { return *inbound_; }

 private:
  void make_ports(const BenchOptions& options);
  void make_tables(const BenchOptions& options);
  std::unique_ptr<const Topology> topology() const;
  void make_sas(const BenchOptions& options);
  AdjacencyIndex next_hop(const Mac& mac, Port& port);

  std::unique_ptr<PacketPool> pool_;
  unsigned buffers_at_start_ = 0;
  std::vector<std::unique_ptr<RingPort>> ring_ports_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<std::unique_ptr<Mailbox>> mailboxes_;
  std::vector<Mailbox*> mailbox_list_;
  std::unique_ptr<Mailbox> kernel_;
  std::unique_ptr<Quiescence> quiescence_;
  std::unique_ptr<Tables> tables_;
  std::unique_ptr<TableWriter> writer_;
  Published<Inspection> inspection_{nullptr};
  std::unique_ptr<CipherLibrary> library_, far_library_;
  std::unique_ptr<Context> context_;
  PeerIndex peer_;
  PoolIndex pool_b_;
  AdjacencyIndex router_, node_vx_, node_di_;
  PoolIndex pool_c_;
  std::unique_ptr<InboundSa> inbound_, far_inbound_;
  std::unique_ptr<OutboundSa> outbound_, far_outbound_;
  std::unique_ptr<EspIn> far_in_;
  std::unique_ptr<EspOut> far_out_;
  bool udp_encapsulated_ = false;
  StageDrops drops_seen_;
};

// "10.1.2.5" -> the packet of a pod there to a pod of pool B, UDP, `payload` bytes.
Bytes pod_packet(
    const std::string& source, const std::string& destination, std::size_t payload = 32,
    uint8_t ttl = 64, bool dont_fragment = false
);

}  // namespace raven::dataplane::test
