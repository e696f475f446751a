// One gateway box without threads.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dataplane/testing/box_bench.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "dataplane/packet/mbuf.h"
#include "tests/unit/dataplane/testing/eal_environment.h"

namespace raven::dataplane::test {
namespace {

constexpr uint32_t kSpiIn = 0x1001;
constexpr uint32_t kSpiOut = 0x2002;

template <class T>
T must(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.error().message;
    std::abort();
  }
  return std::move(result).value();
}

IpAddress address(const std::string& text) {
  return must(IpAddress::parse(text));
}
MacAddress mac(const std::string& text) {
  return must(MacAddress::parse(text));
}

FibRow row(const std::string& prefix, Target target) {
  return {must(IpPrefix::parse(prefix)), target};
}

SaConfig sa_config(Direction direction, uint32_t spi, bool from_box, const BenchOptions& options) {
  SaConfig config;
  config.spi = Spi{spi};
  config.direction = direction;
  config.tunnel_id = TunnelId{7};
  const char* box = options.outer_v6 ? "2001:db8::1" : "192.0.2.1";
  const char* peer = options.outer_v6 ? "2001:db8:ff::2" : "198.51.100.2";
  config.outer.source = address(from_box ? box : peer);
  config.outer.destination = address(from_box ? peer : box);
  if (options.udp_encapsulated) config.outer.source_port = config.outer.destination_port = 4500;
  config.algorithm = Algorithm::kAes128Gcm;
  const Bytes key = filled(20, static_cast<uint8_t>(spi));
  config.key = Secret{key};
  return config;
}

NodeSpec node_spec(const std::string& node_address, AdjacencyIndex adjacency, bool vxlan) {
  NodeSpec spec;
  spec.address = address(node_address);
  spec.local_address = address("10.9.0.1");
  spec.encapsulation = vxlan ? Encapsulation::kVxlan : Encapsulation::kDirect;
  spec.adjacency = adjacency;
  spec.overlay_mac = mac(kNodeOverlayMac);
  spec.local_overlay_mac = mac(kOverlayMac);
  return spec;
}

}  // namespace

BoxBench::BoxBench(const BenchOptions& options) : udp_encapsulated_{options.udp_encapsulated} {
  static unsigned number = 0;
  ++number;
  pool_ = must(PacketPool::create("bench" + std::to_string(number), 2047, 9000));
  buffers_at_start_ = pool_->available();
  make_ports(options);
  kernel_ = must(Mailbox::create("kernel" + std::to_string(number), 256));
  for (unsigned worker = 0; worker < 2; ++worker) {
    const std::string name = "mail" + std::to_string(number) + "_" + std::to_string(worker);
    mailboxes_.push_back(must(Mailbox::create(name, 1024)));
    mailbox_list_.push_back(mailboxes_.back().get());
  }
  quiescence_ = must(Quiescence::create(2));
  tables_ = std::make_unique<Tables>(test_settings().tables);
  writer_ = std::make_unique<TableWriter>(*tables_, *quiescence_);
  library_ = must(CipherLibrary::create_linked());
  far_library_ = must(CipherLibrary::create_linked());
  make_tables(options);
  make_sas(options);

  ContextSetup setup;
  setup.worker = options.worker;
  setup.worker_count = 2;
  setup.tables = tables_.get();
  setup.pool = pool_.get();
  setup.cipher_library = library_.get();
  setup.ports = ports_;
  setup.mailboxes = mailbox_list_;
  setup.kernel = kernel_.get();
  setup.inspection = &inspection_;
  context_ = std::make_unique<Context>(setup);
}

void BoxBench::make_ports(const BenchOptions& options) {
  std::vector<PortSettings> settings = test_settings().ports;
  if (options.one_port) {
    settings.pop_back();
    settings.front().role = PortRole::kBoth;
  }
  for (PortSettings& port : settings) {
    port.mode = options.owned ? PortMode::kOwned : PortMode::kShared;
    const PortIndex index{static_cast<uint16_t>(ports_.size())};
    ring_ports_.push_back(std::make_unique<RingPort>(port, index, 2, *pool_));
    ports_.push_back(ring_ports_.back()->take_port());
  }
}

AdjacencyIndex BoxBench::next_hop(const Mac& address_of, Port& port) {
  const AdjacencyIndex index = must(writer_->add_adjacency());
  writer_->set_adjacency(index, Adjacency::make(mac(address_of), port.index()));
  return index;
}

void BoxBench::make_tables(const BenchOptions& options) {
  pool_b_ = must(writer_->add_pool());
  pool_c_ = must(writer_->add_pool());
  peer_ = must(writer_->add_peer(kTunnelB, pool_b_));
  router_ = next_hop(kRouterMac, wan());
  writer_->set_peer_adjacency(peer_, router_);
  writer_->set_peer_path_mtu(peer_, options.outer_mtu, options.path_mtu);
  writer_->select_peer(pool_b_, peer_);

  node_vx_ = next_hop(kNodeVxMac, lan());
  node_di_ = next_hop(kNodeDiMac, lan());
  writer_->publish_topology(topology());

  auto box = std::make_unique<LocalBox>();
  for (const char* own : {"10.9.0.1", "fd09::1", "192.0.2.1", "2001:db8::1"})
    box->add_address(address(own));
  box->set_icmp_source(address("10.1.1.1"));
  box->set_icmp_source(address("fd00:1:1::1"));
  box->set_overlay_mac(mac(kOverlayMac));
  writer_->publish_box(std::move(box));
}

std::unique_ptr<const Topology> BoxBench::topology() const {
  auto topology = std::make_unique<Topology>();
  const NodeIndex vx = topology->nodes.add(node_spec("10.9.0.11", node_vx_, true));
  const NodeIndex di = topology->nodes.add(node_spec("10.9.0.12", node_di_, false));
  NodeSpec gateway = node_spec("10.9.0.13", node_vx_, true);
  gateway.gateway = true;
  topology->nodes.add(gateway);
  topology->fib = Fib{{
      row("10.1.1.0/24", Target::kernel()),
      row("fd00:1:1::/64", Target::kernel()),
      row("10.1.2.0/24", Target::node(vx)),
      row("fd00:1:2::/64", Target::node(vx)),
      row("10.1.3.0/24", Target::node(di)),
      row("fd00:1:3::/64", Target::node(di)),
      row("10.2.0.0/16", Target::remote(pool_b_)),
      row("fd00:2::/32", Target::remote(pool_b_)),
      row("10.3.0.0/16", Target::remote(pool_c_)),
      row("10.4.0.0/16", Target::drop()),
  }};
  return topology;
}

void BoxBench::republish() {
  writer_->publish_topology(topology());
  writer_->publish_box(std::make_unique<LocalBox>(*tables_->box.read()));
  const SadEntry entry = *tables_->sad.read()->find(kSpiIn);
  writer_->publish_sad({&entry, 1});
}

void BoxBench::inspect(std::shared_ptr<Trace> trace, std::shared_ptr<Capture> capture) {
  inspection_.publish(
      std::make_unique<const Inspection>(std::move(trace), std::move(capture)), *quiescence_
  );
}

void BoxBench::deliver(Port& port, int queue, const Bytes& frame) {
  ring_ports_[port.index().value()]->deliver(static_cast<unsigned>(queue), frame);
}

void BoxBench::deliver(Port& port, int queue, rte_mbuf* packet) {
  ring_ports_[port.index().value()]->deliver(static_cast<unsigned>(queue), packet);
}

void BoxBench::make_sas(const BenchOptions& options) {
  const WorkerId owner{0};
  inbound_ = must(
      InboundSa::create(sa_config(Direction::kInbound, kSpiIn, false, options), owner, *library_)
  );
  SaConfig outbound = sa_config(Direction::kOutbound, kSpiOut, true, options);
  outbound.tfc_size = options.tfc_size;
  outbound_ = must(OutboundSa::create(outbound, owner, *library_));
  far_inbound_ = must(InboundSa::create(
      sa_config(Direction::kInbound, kSpiOut, true, options), WorkerId{0}, *far_library_
  ));
  far_outbound_ = must(OutboundSa::create(
      sa_config(Direction::kOutbound, kSpiIn, false, options), WorkerId{0}, *far_library_
  ));
  far_in_ = std::make_unique<EspIn>(*far_library_);
  far_out_ = std::make_unique<EspOut>(*far_library_, WorkerId{0}, uint16_t{1});
  const SadEntry entry{.spi = kSpiIn, .peer = peer_, .worker = owner, .sa = inbound_.get()};
  writer_->publish_sad({&entry, 1});
  if (!options.with_outbound_sa) return;
  OutboundSa* const per_worker[] = {outbound_.get()};
  writer_->set_outbound(peer_, per_worker, owner);
}

BoxBench::~BoxBench() {
  for (const std::unique_ptr<RingPort>& port : ring_ports_) static_cast<void>(port->sent());
  static_cast<void>(to_kernel());
  EXPECT_EQ(context_->counters.entered(), context_->counters.left());
  ports_.clear();
  ring_ports_.clear();
  mailboxes_.clear();
  EXPECT_EQ(pool_->available(), buffers_at_start_) << "packet buffers were lost";
}

void BoxBench::receive(Port& port, const std::vector<Bytes>& frames) {
  std::vector<rte_mbuf*> packets;
  for (const Bytes& frame : frames) packets.push_back(make_packet(*pool_, frame));
  receive(port, packets);
}

void BoxBench::receive(Port& port, const std::vector<rte_mbuf*>& frames) {
  context_->load_tables();
  context_->receive_port = &port;
  for (rte_mbuf* frame : frames) context_->lane(Stage::kClassify).push(frame);
  context_->counters.ports[port.index().value()].received.add(frames.size());
  run_pipeline(*context_);
}

void BoxBench::from_kernel(const Bytes& ip) {
  rte_mbuf* packet = make_packet(*pool_, ip);
  meta(packet).entry = Entry::kKernelIp;
  meta(packet).port = kRaven0Port;
  EXPECT_TRUE(mailbox_list_[context_->setup.worker.value()]->send(packet));
  take_mail();
}

void BoxBench::from_tap(Port& port, const Bytes& frame) {
  rte_mbuf* packet = make_packet(*pool_, frame);
  meta(packet).entry = Entry::kKernelFrame;
  meta(packet).port = port.index();
  EXPECT_TRUE(mailbox_list_[context_->setup.worker.value()]->send(packet));
  take_mail();
}

void BoxBench::take_mail() {
  context_->load_tables();
  Lane& lane = context_->lane(Stage::kInbox);
  Mailbox& mailbox = *mailbox_list_[context_->setup.worker.value()];
  lane.count = static_cast<uint16_t>(mailbox.receive(lane.begin(), kBurst));
  context_->counters.from_inbox.add(lane.count);
  run_pipeline(*context_);
}

std::vector<Bytes> BoxBench::sent(Port& port) {
  return ring_ports_[port.index().value()]->sent();
}

std::vector<BoxBench::ToKernel> BoxBench::to_kernel() {
  std::vector<ToKernel> packets;
  rte_mbuf* packet;
  while (kernel_->receive(&packet, 1) == 1) {
    const PortIndex port = meta(packet).port;
    packets.push_back({port, take_bytes(packet)});
  }
  return packets;
}

std::map<std::string, uint64_t> BoxBench::drops() {
  std::map<std::string, uint64_t> named;
  for (const auto& [place_and_reason, count] : drops_by_stage())
    named[place_and_reason.second] += count;
  return named;
}

BoxBench::StageDrops BoxBench::drops_by_stage() {
  StageDrops all, since;
  const WorkerCounters* const counters = &context_->counters;
  for (const DropRow& row : drop_rows({&counters, 1}))
    all[{std::string{stage_name(row.place)}, std::string{drop_info(row.reason).name}}] =
        row.packets;
  for (const auto& [key, count] : all)
    if (count > drops_seen_[key]) since[key] = count - drops_seen_[key];
  drops_seen_ = std::move(all);
  return since;
}

Bytes BoxBench::open(const Bytes& frame) {
  const bool v4 = frame.at(14) >> 4 == 4;
  Bytes esp = slice(frame, 14 + (v4 ? 20u : 40u) + (udp_encapsulated_ ? 8u : 0u));
  esp.resize(esp.size() + 64);
  const auto size = static_cast<uint32_t>(esp.size() - 64);
  if (far_in_->prepare(*far_inbound_, {esp.data(), size, 0}) != EspVerdict::kOk) return {};
  far_in_->run();
  const EspInResult result = far_in_->finish(0);
  far_in_->clear();
  if (result.verdict != EspVerdict::kOk) return {};
  return Bytes(result.data, result.data + result.size);
}

Bytes BoxBench::seal(const Bytes& inner) {
  Bytes room(128 + inner.size() + 128);
  std::copy(inner.begin(), inner.end(), room.begin() + 128);
  const EspOutResult result = far_out_->prepare(
      *far_outbound_, {room.data() + 128, static_cast<uint32_t>(inner.size()), 128, 128}
  );
  EXPECT_EQ(result.verdict, EspVerdict::kOk);
  EXPECT_EQ(far_out_->run(), 0u);
  return ethernet(wan_mac(), kRouterMac, Bytes(result.data, result.data + result.size));
}

Bytes pod_packet(
    const std::string& source, const std::string& destination, std::size_t payload, uint8_t ttl,
    bool dont_fragment
) {
  const Bytes datagram = udp(40000, 5000, filled(payload));
  if (source.find(':') != std::string::npos)
    return ipv6({.source = source, .destination = destination, .hop_limit = ttl}, datagram);
  return ipv4(
      {.source = source,
       .destination = destination,
       .ttl = ttl,
       .dont_fragment = dont_fragment,
       .identification = 77},
      datagram
  );
}

}  // namespace raven::dataplane::test
