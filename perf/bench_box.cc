// The tables of a measurement.
// SPDX-License-Identifier: Apache-2.0
#include "perf/bench_box.h"

#include <fmt/format.h>

#include "perf/generator/ring_ports.h"

namespace raven::perf {

using namespace dataplane;

namespace {

constexpr uint16_t kPathMtu = 9000;  // what is measured is never fragmented
constexpr uint16_t kPortMtu = 9216;

PortSettings port_settings(const char* name, const char* device, PortRole role) {
  PortSettings settings;
  settings.name = name;
  settings.devargs = device;
  settings.role = role;
  settings.mtu = 1500;
  return settings;
}

TableSettings limits(const BoxOptions& options) {
  const unsigned tunnels = options.tunnels.count + options.spare_tunnels + 1;
  return {
      .routes_max = tunnels + options.extra_routes,
      .sas_max = 2 * tunnels * options.tunnels.workers,
      .tunnels_max = tunnels,
      .adjacencies_max = 16};
}

}  // namespace

BenchBox::~BenchBox() {
  ports_.clear();
}

Result<std::unique_ptr<BenchBox>> BenchBox::create(const BoxOptions& options) {
  std::unique_ptr<BenchBox> box{new BenchBox{options}};
  RAVEN_ASSIGN(
      box->pool_, PacketPool::create("packets", options.buffers - 1, options.frame_bytes_max)
  );
  RAVEN_TRY(box->open_ports());
  for (unsigned worker = 0; worker < options.tunnels.workers; ++worker) {
    RAVEN_ASSIGN(auto mailbox, Mailbox::create(fmt::format("worker{}", worker), 1024));
    box->mailbox_list_.push_back(mailbox.get());
    box->mailboxes_.push_back(std::move(mailbox));
  }
  RAVEN_ASSIGN(box->kernel_, Mailbox::create("kernel", 1024));
  RAVEN_ASSIGN(box->quiescence_, Quiescence::create(options.tunnels.workers));
  box->tables_ = std::make_unique<Tables>(limits(options));
  box->writer_ = std::make_unique<TableWriter>(*box->tables_, *box->quiescence_);
  RAVEN_ASSIGN(box->library_, CipherLibrary::create_linked());
  RAVEN_TRY(box->make_tables());
  return box;
}

Status BenchBox::open_ports() {
  const PortSettings settings[] = {
      port_settings("lan", RingPorts::kLanDevice, PortRole::kLan),
      port_settings("wan", RingPorts::kWanDevice, PortRole::kWan)};
  for (uint16_t i = 0; i < 2; ++i) {
    RAVEN_ASSIGN(
        auto port, Port::open(settings[i], PortIndex{i}, options_.tunnels.workers, *pool_)
    );
    ports_.push_back(std::move(port));
  }
  return {};
}

Result<AdjacencyIndex> BenchBox::next_hop(const MacAddress& mac, const Port& port) {
  RAVEN_ASSIGN(const AdjacencyIndex index, writer_->add_adjacency());
  writer_->set_adjacency(index, Adjacency::make(mac, port.index()));
  return index;
}

Status BenchBox::make_tables() {
  RAVEN_ASSIGN(node_, next_hop(Tunnels::node_mac(), *ports_[0]));
  RAVEN_ASSIGN(router_, next_hop(Tunnels::router_mac(), *ports_[1]));
  for (unsigned i = 0; i < options_.tunnels.count; ++i) RAVEN_TRY(make_tunnel(i));
  writer_->publish_sad(sad_);
  writer_->publish_topology(topology(options_.extra_routes));
  publish_box_addresses();
  return {};
}

Status BenchBox::make_tunnel(unsigned i) {
  RAVEN_ASSIGN(const PoolIndex pool, writer_->add_pool());
  RAVEN_ASSIGN(const PeerIndex peer, writer_->add_peer(i + 1, pool));
  pools_.push_back(pool);
  writer_->set_peer_adjacency(peer, router_);
  writer_->set_peer_path_mtu(peer, kPortMtu, kPathMtu);
  writer_->select_peer(pool, peer);
  const unsigned workers = options_.tunnels.workers;
  for (unsigned worker = 0; worker < workers; ++worker) RAVEN_TRY(make_sas(i, worker, peer));
  std::vector<OutboundSa*> per_worker;
  for (unsigned worker = 0; worker < workers; ++worker)
    per_worker.push_back(outbound_[outbound_.size() - workers + worker].get());
  writer_->set_outbound(peer, per_worker, WorkerId{0});
  return {};
}

Status BenchBox::make_sas(unsigned i, unsigned worker, PeerIndex peer) {
  const WorkerId owner{static_cast<uint16_t>(worker)};
  const SaConfig in = options_.tunnels.sa(i, worker, Side::kGateway, Direction::kInbound);
  const SaConfig out = options_.tunnels.sa(i, worker, Side::kGateway, Direction::kOutbound);
  RAVEN_ASSIGN(auto inbound, InboundSa::create(in, owner, *library_));
  RAVEN_ASSIGN(auto outbound, OutboundSa::create(out, owner, *library_));
  sad_.push_back({.spi = in.spi.value(), .peer = peer, .worker = owner, .sa = inbound.get()});
  inbound_.push_back(std::move(inbound));
  outbound_.push_back(std::move(outbound));
  return {};
}

Status BenchBox::add_tunnel() {
  RAVEN_TRY(make_tunnel(static_cast<unsigned>(pools_.size())));
  writer_->publish_sad(sad_);
  writer_->reclaim();
  return {};
}

std::unique_ptr<const Topology> BenchBox::topology(unsigned extra) const {
  auto topology = std::make_unique<Topology>();
  const NodeIndex index = topology->nodes.add(node_spec(node_));
  topology->fib = Fib{routes(index, extra)};
  return topology;
}

NodeSpec BenchBox::node_spec(AdjacencyIndex adjacency) const {
  const Tunnels& tunnels = options_.tunnels;
  NodeSpec spec;
  spec.address = tunnels.node();
  spec.local_address = tunnels.gateway_lan();
  spec.encapsulation = tunnels.vxlan ? Encapsulation::kVxlan : Encapsulation::kDirect;
  spec.adjacency = adjacency;
  spec.overlay_mac = Tunnels::node_overlay_mac();
  spec.local_overlay_mac = Tunnels::gateway_overlay_mac();
  spec.mtu = kPortMtu;
  return spec;
}

std::vector<FibRow> BenchBox::routes(NodeIndex node, unsigned extra) const {
  const Tunnels& tunnels = options_.tunnels;
  std::vector<FibRow> rows = {{tunnels.local_prefix(), Target::node(node)}};
  for (unsigned i = 0; i < tunnels.count; ++i)
    rows.push_back({tunnels.remote_prefix(i), Target::remote(pools_[i])});
  for (unsigned i = 0; i < extra; ++i) {
    const IpAddress address = IpAddress::v4((100u << 24) + (i << 8));
    rows.push_back({IpPrefix::masked(address, 24), Target::remote(pools_[i % pools_.size()])});
  }
  return rows;
}

void BenchBox::publish_box_addresses() {
  const Tunnels& tunnels = options_.tunnels;
  auto box = std::make_unique<LocalBox>();
  box->add_address(tunnels.gateway_lan());
  box->add_address(tunnels.gateway());
  box->set_overlay_mac(Tunnels::gateway_overlay_mac());
  writer_->publish_box(std::move(box));
}

ContextSetup BenchBox::setup(unsigned worker) {
  ContextSetup setup;
  setup.worker = WorkerId{static_cast<uint16_t>(worker)};
  setup.worker_count = static_cast<uint16_t>(options_.tunnels.workers);
  setup.tables = tables_.get();
  setup.pool = pool_.get();
  setup.ports = ports_;
  setup.mailboxes = mailbox_list_;
  setup.kernel = kernel_.get();
  return setup;
}

}  // namespace raven::perf
