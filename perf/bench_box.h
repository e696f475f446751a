// BenchBox: one gateway with the tables of a measurement: what control would have made, without it.
// SPDX-License-Identifier: Apache-2.0
//
// Ports, tables and SAs are the product's; only who fills them differs.  Threading: built by the
// main thread, then a worker uses setup().
#pragma once

#include <memory>
#include <vector>

#include "dataplane/stage/context.h"
#include "dataplane/table/table_writer.h"
#include "perf/generator/tunnels.h"

namespace raven::perf {

struct BoxOptions {
  Tunnels tunnels;
  unsigned extra_routes = 0;   // beside one prefix per tunnel
  unsigned spare_tunnels = 0;  // room for add_tunnel()
  unsigned buffers = 8192;
  unsigned frame_bytes_max = 2048;
};

class BenchBox {
 public:
  // Opens the ports that RingPorts has made, one queue pair for each worker.
  static Result<std::unique_ptr<BenchBox>> create(const BoxOptions& options);
  ~BenchBox();

  // For a Worker or a Context; its cipher_library is still to be set.
  dataplane::ContextSetup setup(unsigned worker = 0);
  dataplane::Quiescence& quiescence() { return *quiescence_; }
  dataplane::PacketPool& pool() { return *pool_; }
  dataplane::TableWriter& writer() { return *writer_; }

  // The routes with `extra` more prefixes, as control would build them off the path.
  std::unique_ptr<const dataplane::Topology> topology(unsigned extra) const;
  // One more tunnel: its SAs are made and published as control does it.
  Status add_tunnel();

 private:
  explicit BenchBox(const BoxOptions& options) : options_{options} {}
  Status open_ports();
  Status make_tables();
  Status make_tunnel(unsigned i);
  Status make_sas(unsigned i, unsigned worker, dataplane::PeerIndex peer);
  void publish_box_addresses();
  Result<dataplane::AdjacencyIndex> next_hop(const MacAddress& mac, const dataplane::Port& port);
  dataplane::NodeSpec node_spec(dataplane::AdjacencyIndex adjacency) const;
  std::vector<dataplane::FibRow> routes(dataplane::NodeIndex node, unsigned extra) const;

  const BoxOptions options_;
  std::unique_ptr<dataplane::PacketPool> pool_;
  std::vector<std::unique_ptr<dataplane::Port>> ports_;
  std::unique_ptr<dataplane::Mailbox> kernel_;
  std::vector<std::unique_ptr<dataplane::Mailbox>> mailboxes_;
  std::vector<dataplane::Mailbox*> mailbox_list_;
  std::unique_ptr<dataplane::Quiescence> quiescence_;
  std::unique_ptr<dataplane::Tables> tables_;
  std::unique_ptr<dataplane::TableWriter> writer_;
  std::unique_ptr<dataplane::CipherLibrary> library_;
  std::vector<std::unique_ptr<dataplane::InboundSa>> inbound_;
  std::vector<std::unique_ptr<dataplane::OutboundSa>> outbound_;
  std::vector<dataplane::SadEntry> sad_;
  std::vector<dataplane::PoolIndex> pools_;
  dataplane::AdjacencyIndex node_, router_;
};

}  // namespace raven::perf
