// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/differential/scene_runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "dataplane/worker/plain_packet.h"
#include "tests/integration/differential/foreign_buffers.h"

namespace raven::dataplane::test {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.error().message;
    std::abort();
  }
  return std::move(result).value();
}

CipherMode mode_of(ReferenceCipher cipher) {
  switch (cipher) {
    case ReferenceCipher::kAesGcm:
      return CipherMode::kGcm;
    case ReferenceCipher::kChaCha20Poly1305:
      return CipherMode::kChachaPoly;
    case ReferenceCipher::kAesCbcHmacSha2:
      return CipherMode::kCbcHmac;
  }
  std::abort();
}

Algorithm algorithm_of(const ReferenceSa& sa) {
  for (const Suite& suite : kSuites)
    if (suite.mode == mode_of(sa.cipher) && suite.key_size == sa.key.size() &&
        suite.integrity_key_size == sa.integrity_key.size())
      return suite.algorithm;
  ADD_FAILURE() << "no suite has these keys";
  std::abort();
}

SaConfig config_of(const TunnelSettings& tunnel, Direction direction) {
  const bool out = direction == Direction::kOutbound;
  const ReferenceSa& sa = out ? tunnel.out : tunnel.in;
  SaConfig config;
  config.spi = Spi{sa.spi};
  config.direction = direction;
  config.tunnel_id = TunnelId{7};
  config.outer.source = must(IpAddress::parse(out ? tunnel.local : tunnel.remote));
  config.outer.destination = must(IpAddress::parse(out ? tunnel.remote : tunnel.local));
  config.outer.source_port = out ? tunnel.local_port : tunnel.remote_port;
  config.outer.destination_port = out ? tunnel.remote_port : tunnel.local_port;
  config.algorithm = algorithm_of(sa);
  config.key = Secret{sa.key + sa.salt};
  config.integrity_key = Secret{sa.integrity_key};
  config.esn = sa.esn;
  config.replay_window = tunnel.window;
  config.last_sequence = out ? tunnel.last_out : tunnel.last_in;
  config.dscp = {!tunnel.dscp.has_value(), tunnel.dscp.value_or(0)};
  config.df = static_cast<DfRule>(tunnel.df);  // in the same order
  return config;
}

}  // namespace

SceneRunner::SceneRunner(bool shared, bool one_port)
    : shared_{shared},
      one_port_{one_port},
      bench_{{.owned = !shared, .one_port = one_port}},
      buffers_{bench_.pool().available()} {
  // As many ICMP errors as there are reasons for: their rate is another test's business.
  IcmpLimit& limit = bench_.context().icmp_limit;
  std::destroy_at(&limit);
  std::construct_at(&limit, 1u, uint64_t{1});  // a second is a cycle
}

Scene SceneRunner::scene(raven::test::Random random) {
  const Mac macs[2] = {bench_.lan_mac(), bench_.wan_mac()};
  return random_scene(random, shared_, one_port_, macs);
}

void SceneRunner::make_sas(const TunnelSettings& tunnel) {
  const CipherLibrary& library = *bench_.context().setup.cipher_library;
  auto in = must(InboundSa::create(config_of(tunnel, Direction::kInbound), WorkerId{0}, library));
  auto out =
      must(OutboundSa::create(config_of(tunnel, Direction::kOutbound), WorkerId{0}, library));
  const SadEntry entry{
      .spi = tunnel.in.spi, .peer = bench_.peer(), .worker = WorkerId{0}, .sa = in.get()};
  bench_.writer().publish_sad({&entry, 1});
  OutboundSa* const per_worker[] = {out.get()};
  bench_.writer().set_outbound(bench_.peer(), per_worker, WorkerId{0});
  bench_.writer().reclaim();  // no worker is online
  in_ = std::move(in);
  out_ = std::move(out);
}

void SceneRunner::set_up(const Scene& scene) {
  make_sas(scene.box.tunnel);
  TableWriter& writer = bench_.writer();
  if (!scene.box.outbound_sa) writer.set_outbound(bench_.peer(), {}, kNoWorker);
  const Adjacency router =
      Adjacency::make(must(MacAddress::parse(kRouterMac)), bench_.wan().index());
  writer.set_adjacency(bench_.wan_adjacency(), scene.box.router_known ? router : Adjacency{});
  writer.set_peer_path_mtu(bench_.peer(), scene.box.outer_mtu, scene.box.path_mtu);
}

// What the loop of a worker does between bursts.
void SceneRunner::release_fragments() {
  Context& context = bench_.context();
  context.reassembly.release(context.counters, context.lane(Stage::kPunt));
  run_pipeline(context);
}

void SceneRunner::a_second_passes() {
  Context& context = bench_.context();
  context.reassembly.expire(context.counters, UINT64_MAX);
}

// A worker copies what is not a plain buffer of its own before it works on it.
void SceneRunner::receive(Port& port, const Scene& scene, const std::vector<Bytes>& frames) {
  if (scene.foreign_buffers == 0) {
    bench_.receive(port, frames);
    return release_fragments();
  }
  ForeignBuffers buffers{bench_.pool()};
  std::vector<rte_mbuf*> packets;
  for (const Bytes& frame : frames) {
    raven::test::Random random{scene.foreign_buffers, internet_checksum(frame)};
    rte_mbuf* packet = buffers.make(frame, random);
    EXPECT_FALSE(is_plain(packet));
    packets.push_back(copy_plain(packet, bench_.pool()));
    ASSERT_NE(packets.back(), nullptr);
  }
  bench_.receive(port, packets);
  release_fragments();
  written_ = written_ || !buffers.unchanged();
}

void SceneRunner::let_in(const Scene& scene, const Burst& burst) {
  switch (burst.entry) {
    case Entry::kPort0:
      return receive(bench_.lan(), scene, burst.packets);
    case Entry::kPort1:
      return receive(bench_.wan(), scene, burst.packets);
    case Entry::kPods:
      for (const Bytes& packet : burst.packets) bench_.from_kernel(packet);
      return;
    case Entry::kTap0:
      for (const Bytes& packet : burst.packets) bench_.from_tap(bench_.lan(), packet);
      return;
    case Entry::kTap1:
      for (const Bytes& packet : burst.packets) bench_.from_tap(bench_.wan(), packet);
      return;
  }
}

void let_in(ReferenceBox& reference, const Burst& burst) {
  if (burst.entry == Entry::kPort0 || burst.entry == Entry::kPort1)
    return reference.receive(burst.entry == Entry::kPort0 ? 0 : 1, burst.packets);
  for (const Bytes& packet : burst.packets) {
    if (burst.entry == Entry::kPods)
      reference.from_pods(packet);
    else
      reference.from_tap(burst.entry == Entry::kTap0 ? 0 : 1, packet);
  }
}

Outcome SceneRunner::come_out(ReferenceBox& reference) {
  Outcome outcome;
  const unsigned ports = one_port_ ? 1 : 2;
  for (unsigned port = 0; port < ports; ++port)
    for (const Bytes& frame : bench_.sent(port == 0 ? bench_.lan() : bench_.wan()))
      if (const auto end = reference.read_sent(port, frame)) outcome.ends.push_back(*end);
  for (const BoxBench::ToKernel& packet : bench_.to_kernel()) {
    if (packet.port == kRaven0Port)
      outcome.end(Place::kRaven0, packet.packet);
    else
      outcome.end(packet.port.value() == 0 ? Place::kKernel0 : Place::kKernel1, packet.packet);
  }
  rte_mbuf* packet;
  while (bench_.mailboxes()[1]->receive(&packet, 1) == 1)
    outcome.end(Place::kWorker1, take_bytes(packet));
  for (unsigned port = 0; port < ports; ++port) {
    const uint64_t punted = bench_.context().counters.ports[port].punted.value();
    for (; shared_ && punted_[port] < punted; ++punted_[port])
      outcome.end(port == 0 ? Place::kKernel0 : Place::kKernel1, {});
  }
  while (const auto moved = bench_.context().moved_peers.take()) {
    const auto address = moved->address.bytes();
    outcome.end(
        Place::kMoved,
        Bytes(address.begin(), address.end()) +
            Bytes{static_cast<uint8_t>(moved->port >> 8), static_cast<uint8_t>(moved->port)}
    );
  }
  outcome.drops = bench_.drops();
  std::sort(outcome.ends.begin(), outcome.ends.end());
  return outcome;
}

std::string SceneRunner::compare(ReferenceBox& reference) {
  const Outcome actual = come_out(reference);
  const Outcome expected = reference.take();
  add(actual, tally_);
  if (std::exchange(written_, false)) return "a buffer that somebody else holds was written to";
  if (actual == expected) return {};
  return "expected\n" + expected.text() + "but was\n" + actual.text();
}

std::string SceneRunner::play(const Scene& scene) {
  set_up(scene);
  ReferenceBox reference{scene.box};
  std::string difference;
  for (std::size_t i = 0; i < scene.bursts.size() && difference.empty(); ++i) {
    let_in(scene, scene.bursts[i]);
    test::let_in(reference, scene.bursts[i]);
    difference = compare(reference);
  }
  a_second_passes();
  reference.a_second_passes();
  if (difference.empty()) difference = compare(reference);
  bench_.drops();  // nothing of this scene is left for the next one
  if (!difference.empty()) return difference;
  const WorkerCounters& counters = bench_.context().counters;
  if (counters.entered() != counters.left()) return "a packet did not end in one place";
  if (bench_.pool().available() != buffers_) return "packet buffers were lost";
  return {};
}

Scene SceneRunner::shrunk(Scene scene) {
  for (std::size_t burst = scene.bursts.size(); burst-- > 0;) {
    for (std::size_t packet = scene.bursts[burst].packets.size(); packet-- > 0;) {
      Scene less = scene;
      auto& packets = less.bursts[burst].packets;
      packets.erase(packets.begin() + static_cast<std::ptrdiff_t>(packet));
      if (!play(less).empty()) scene = less;
    }
  }
  std::erase_if(scene.bursts, [](const Burst& burst) { return burst.packets.empty(); });
  return scene;
}

std::string text_of(const Scene& scene) {
  static constexpr const char* kEntries[] = {"port 0", "port 1", "raven0", "TAP 0", "TAP 1"};
  const TunnelSettings& tunnel = scene.box.tunnel;
  std::string text = "path MTU " + std::to_string(scene.box.path_mtu) + ", " + tunnel.local +
                     " -> " + tunnel.remote + " port " + std::to_string(tunnel.local_port) +
                     ", in " + std::to_string(tunnel.last_in) + (tunnel.in.esn ? " ESN" : "") +
                     " window " + std::to_string(tunnel.window) + ", out " +
                     std::to_string(tunnel.last_out) + (tunnel.out.esn ? " ESN\n" : "\n");
  for (const Burst& burst : scene.bursts)
    for (const Bytes& packet : burst.packets)
      text +=
          std::string{"  "} + kEntries[static_cast<int>(burst.entry)] + " " + to_hex(packet) + "\n";
  return text;
}

}  // namespace raven::dataplane::test
