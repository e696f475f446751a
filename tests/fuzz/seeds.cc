// Writes the first inputs of the fuzz targets, made by the builders of the unit tests.
// SPDX-License-Identifier: Apache-2.0
//
//   fuzz_seeds FOLDER      one folder per target below it
//
// scripts/fuzz.sh --minimize adds those of them to the kept corpus that reach something new.
#include <linux/netlink.h>

#include <filesystem>
#include <fstream>

#include "common/dpapi/dataplane.pb.h"
#include "common/netlink/codec.h"
#include "common/wire/probe.h"
#include "common/wire/raven.h"
#include "ctrl/ike/vici/message.h"
#include "tests/fuzz/seed_texts.h"
#include "tests/unit/dataplane/sa/sa_messages.h"
#include "tests/unit/dataplane/testing/packet_builder.h"

namespace raven::fuzz {
namespace {

using namespace dataplane::test;
using namespace dataplane;

std::string folder;

void write(const std::string& target, const Bytes& bytes) {
  static int number = 0;
  std::filesystem::create_directories(folder + "/" + target);
  std::ofstream file{folder + "/" + target + "/seed-" + std::to_string(number++), std::ios::binary};
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
}
void write(const std::string& target, std::string_view text) {
  write(target, Bytes{text.begin(), text.end()});
}

Bytes with_size(uint8_t first, const Bytes& bytes) {
  return Bytes{first, static_cast<uint8_t>(bytes.size() >> 8), static_cast<uint8_t>(bytes.size())} +
         bytes;
}

Bytes extension(uint8_t next, uint8_t type = 0, uint8_t left = 0) {
  return {next, 0, type, left, 0, 0, 0, 0};
}

const Mac kMac = "02:00:00:00:00:01";
const Bytes kEsp = from_hex("0000100100000001") + filled(40);
const Bytes kSyn =
    tcp({.flags = 2, .options = from_hex("020405b40101080a00000001000000000000")}, "10.1.1.5",
        "10.2.0.9");

Bytes probe(ProbeType type = ProbeType::kRequest) {
  ProbePayload payload{};
  payload.magic = Be32::from_host(kProbeMagic);
  payload.version = 1;
  payload.type = static_cast<uint8_t>(type);
  const auto* raw = reinterpret_cast<const uint8_t*>(&payload);
  return udp(kProbePort, kProbePort, Bytes{raw, raw + sizeof(payload)});
}

void write_ip() {
  for (const Bytes& options :
       {Bytes{}, from_hex("01010100"),
        from_hex("830704c0000201"
                 "00"),
        from_hex("890704c000020100"), from_hex("0704ff0082040000")})
    write(
        "ipv4", ipv4({.source = "10.1.1.5", .destination = "10.2.0.9", .options = options}, kSyn)
    );
  write(
      "ipv4", ipv4(
                  {.source = "10.1.1.5",
                   .destination = "10.2.0.9",
                   .more_fragments = true,
                   .fragment_offset = 1480},
                  filled(40)
              )
  );
  const auto v6 = [](uint8_t next, const Bytes& payload) {
    write(
        "ipv6",
        ipv6({.source = "fd00:1:1::5", .destination = "fd00:2::9", .next_header = next}, payload)
    );
  };
  v6(17, udp(1, 2, filled(8)));
  v6(59, {});
  v6(0, extension(60) + extension(43) + Bytes{17, 0, 4, 0, 0, 0, 0, 0} + udp(1, 2, {}));
  v6(43, extension(17, 2, 1) + udp(1, 2, {}));
  v6(44, extension(17, 0, 1) + udp(1, 2, {}));
  v6(44, extension(17, 5, 0x69) + udp(1, 2, {}));
  v6(60, extension(60) + extension(60) + extension(60) + extension(60) + extension(60) +
             extension(60) + extension(60) + extension(60) + extension(60) + extension(59));
}

void write_outer() {
  for (const uint8_t options : Bytes{0, 1, 4, 8, 16}) {
    write("demux", Bytes{options} + kEsp);
    const auto bits = static_cast<uint8_t>(options | 2);
    write("demux", Bytes{bits} + udp(4500, 4500, kEsp));
    write("demux", Bytes{bits} + udp(500, 4500, Bytes(4) + filled(28)));
    write("demux", Bytes{bits} + udp(4500, 4500, {0xff}));
    write("demux", Bytes{bits} + udp(500, 500, filled(28)));
    write("demux", Bytes{bits} + udp(50000, 4472, vxlan(filled(60))));
    write("demux", Bytes{bits} + probe());
  }
}

// IP packets between all sides of the bench (box_bench.h), and with all protocols.
std::vector<Bytes> inner_packets() {
  std::vector<Bytes> packets;
  const char* pods[] = {"10.1.1.5", "10.1.2.5", "10.1.3.5", "10.2.0.7", "10.3.0.7", "10.4.0.7"};
  for (const char* from : pods)
    for (const char* to : pods)
      if (from != to)
        packets.push_back(ipv4({.source = from, .destination = to}, udp(1, 2, filled(20))));
  const char* pods6[] = {"fd00:1:1::5", "fd00:1:2::5", "fd00:1:3::5", "fd00:2::7"};
  for (const char* from : pods6)
    for (const char* to : pods6)
      if (from != to)
        packets.push_back(ipv6({.source = from, .destination = to}, udp(1, 2, filled(20))));
  packets.push_back(ipv4({.source = "10.1.1.5", .destination = "10.2.0.9", .protocol = 6}, kSyn));
  packets.push_back(ipv4({.source = "10.2.0.7", .destination = "10.1.3.5", .ttl = 1}, kSyn));
  packets.push_back(ipv4({.source = "10.2.0.7", .destination = "10.1.1.5", .tos = 2}, kSyn));
  packets.push_back(ipv4({.source = "169.254.82.1", .destination = "169.254.82.2"}, probe()));
  packets.push_back(
      ipv4({.source = "169.254.82.2", .destination = "169.254.82.1"}, probe(ProbeType::kReply))
  );
  for (const bool df : {false, true})
    packets.push_back(ipv4(
        {.source = "10.1.1.5",
         .destination = "10.2.0.9",
         .dont_fragment = df,
         .options = from_hex("0704ff0082040000")},
        filled(1400)
    ));
  return packets;
}

void write_inner() {
  for (const Bytes& packet : inner_packets()) {
    Bytes text = packet;
    uint8_t pad = 0;
    while (text.size() % 16 != 14) text.push_back(++pad);
    const uint8_t next = packet[0] >> 4 == 4 ? 4 : 41;
    text = text + Bytes{pad, next};
    write("inner", Bytes{0} + text);
    write("inner", Bytes{0x33} + text);
    const Bytes frame = ethernet("aa:0f:f0:09:00:01", "aa:0f:f0:09:00:0b", packet);
    write("vxlan", Bytes{1} + vxlan(frame));
    write("frame", Bytes{0} + with_size(2, packet) + with_size(4, packet) + with_size(3, frame));
    const Bytes outer =
        ipv4({.source = "10.9.0.11", .destination = "10.9.0.1"}, udp(50000, 4472, vxlan(frame)));
    write("frame", Bytes{3} + with_size(4, outer) + with_size(5, packet));
  }
  write("inner", Bytes{1} + filled(14) + Bytes{0, 59});
  for (const int error : {-1, 1, 2}) {
    const Bytes text =
        ipv4({.source = "10.2.0.7", .destination = "10.1.3.5", .length_error = error}, filled(20));
    write("inner", Bytes{0} + text + from_hex("010203040506") + Bytes{6, 4});
    write("inner", Bytes{1} + text + filled(6) + Bytes{0, 4});
  }
  write(
      "frame",
      Bytes{1} + with_size(4, ipv4({.source = "10.9.0.11", .destination = "10.9.0.1"}, probe()))
  );
}

// What the kernel sends by an owned port.
void write_tap_frames() {
  const Bytes v4 = ipv4({.source = "10.1.1.5", .destination = "10.2.0.9"}, filled(8));
  const Bytes v6 = ipv6({.source = "fd00:1:1::5", .destination = "fd00:2::9"}, filled(8));
  const Bytes own = ipv4({.source = "192.0.2.1", .destination = "198.51.100.9"}, filled(8));
  const auto write_frame = [](uint16_t type, const Bytes& payload) {
    write("frame", Bytes{0} + with_size(3, ethernet(kMac, kMac, type, payload)));
  };
  for (const Bytes& ip : {v4, v6, own}) {
    const Bytes type = ip[0] >> 4 == 4 ? Bytes{8, 0} : Bytes{0x86, 0xdd};
    write("frame", Bytes{0} + with_size(3, ethernet(kMac, kMac, ip)));
    write_frame(0x8100, Bytes{0, 7} + type + ip);
    write_frame(0x88a8, Bytes{0, 7, 0x81, 0} + Bytes{0, 7} + type + ip);
  }
  write_frame(0x8100, {0});
  write_frame(0x8100, from_hex("0007810000078100000708004500"));
  write_frame(0x0806, filled(28));
}

void write_icmp_and_tcp() {
  for (int bits = 0; bits < 128; bits += 1)
    for (const uint8_t type : Bytes{0, 1, 3, 8, 11, 128, 129, 135})
      if (bits % 8 == type % 8 || bits >= 96)
        write("icmp", Bytes{static_cast<uint8_t>(bits)} + icmp(type, 0, filled(24)));
  for (const uint8_t side : Bytes{0, 1, 2, 3}) {
    write("tcp_options", Bytes{side} + kSyn);
    for (const char* options : {"020405b4", "0101010204ffff00", "01020405b4030307", "02", "0203aa"})
      write(
          "tcp_options",
          Bytes{side} + tcp({.flags = 0x12, .options = from_hex(options)}, "10.1.1.5", "10.2.0.9")
      );
  }
}

// Pieces as reassembly_fuzz.cc reads them.
void write_fragments() {
  const auto piece = [](unsigned at, uint8_t size, uint8_t flags) {
    return Bytes{static_cast<uint8_t>(at >> 8), static_cast<uint8_t>(at), size, flags};
  };
  for (const uint8_t options : Bytes{0x70, 0x71, 0x72, 0x73}) {
    const Bytes start{options};
    write("reassembly", start + piece(0, 30, 1) + piece(30, 20, 0x61) + piece(50, 200, 0x20));
    write("reassembly", start + piece(50, 200, 0) + piece(0, 30, 1) + piece(30, 20, 1));
    write("reassembly", start + piece(0, 30, 1) + piece(20, 30, 1) + piece(50, 200, 0));
    write("reassembly", start + piece(0, 30, 1) + piece(0, 30, 1) + piece(8191, 255, 0));
    write("reassembly", start + piece(0, 2, 3) + filled(16) + piece(2, 4, 0x0c));
    // IKE: the kernel's, whatever the order.  VXLAN: nobody's.
    const Bytes ike = udp(500, 4500, Bytes(8)), vxlan_start = udp(500, 4472, filled(8));
    write("reassembly", start + piece(0, 2, 3) + ike + piece(2, 4, 1) + piece(6, 4, 0));
    write("reassembly", start + piece(6, 4, 0) + piece(2, 4, 1) + piece(0, 2, 3) + ike);
    write("reassembly", start + piece(0, 2, 3) + vxlan_start + piece(2, 4, 0));
    Bytes many = start;
    for (unsigned i = 0; i < 20; ++i) many = many + piece(i * 2, 2, 1);
    write("reassembly", many);
  }
}

Bytes body_of(const void* message, std::size_t size, uint8_t operation) {
  const auto* bytes = static_cast<const uint8_t*>(message);
  return Bytes{operation} + Bytes{bytes + sizeof(raven_sa_header), bytes + size};
}

void write_sa_messages() {
  const raven_sa_hello hello = make_hello(9, RAVEN_SA_CHANNEL_RPC);
  const raven_sa_hello events = make_hello(9, RAVEN_SA_CHANNEL_EVENTS);
  const raven_sa_add in = good_add(RAVEN_SA_IN, 0x1001), out = good_add(RAVEN_SA_OUT, 0x2001);
  raven_sa_update update{};
  update.id = in.id;
  update.new_src = in.id.dst;
  update.new_dst = in.id.src;
  update.udp_encap = 1;
  raven_sa_lookup lookup{};
  lookup.id = in.id;
  raven_sa_add cbc = out;
  cbc.encryption = RAVEN_SA_ENCR_AES_CBC;
  cbc.integrity = RAVEN_SA_AUTH_HMAC_SHA2_256_128;
  cbc.encryption_key_size = 16;
  cbc.integrity_key_size = 32;
  const Bytes start = body_of(&hello, sizeof(hello), RAVEN_SA_HELLO);
  const Bytes add = body_of(&in, sizeof(in), RAVEN_SA_ADD);
  write("sa_socket", body_of(&events, sizeof(events), RAVEN_SA_HELLO));
  write(
      "sa_socket", start + add + body_of(&out, sizeof(out), RAVEN_SA_ADD) +
                       body_of(&update, sizeof(update), RAVEN_SA_UPDATE) +
                       body_of(&lookup, sizeof(lookup), RAVEN_SA_QUERY) +
                       body_of(&lookup, sizeof(lookup), RAVEN_SA_DELETE) + Bytes{RAVEN_SA_FLUSH}
  );
  write("sa_socket", start + body_of(&cbc, sizeof(cbc), RAVEN_SA_ADD) + add + add);
  const auto* raw = reinterpret_cast<const uint8_t*>(&hello);
  write("sa_socket", with_size(0, Bytes{raw, raw + sizeof(hello)}));
}

// Edits as journal_fuzz.cc reads them, of each part of a slot and of the header.
void write_journal() {
  write("journal", Bytes{1});
  write("journal", Bytes{4, 1, 1});
  write("journal", Bytes{4, 0, 1});
  write("journal", Bytes{0} + filled(200));
  write("journal", Bytes{2, 255, 0, 60, 4, 1, 0, 0, 0});
  for (uint8_t slot = 0; slot < 4; ++slot)
    for (uint16_t at = 0; at < 340; at = static_cast<uint16_t>(at + 2)) {
      const Bytes place{slot, static_cast<uint8_t>(at >> 8), static_cast<uint8_t>(at)};
      write("journal", Bytes{1} + place + Bytes{2, 0xff, 0xff});
      write("journal", Bytes{1} + place + Bytes{2, 1, 0});
    }
}

void write_desired_state() {
  dpapi::v1::DesiredState state;
  state.set_generation(3);
  state.set_node_name("a-gw-1");
  state.set_pool("a");
  state.add_own_prefixes("10.1.1.0/24");
  state.add_own_prefixes("fd00:1:1::/64");
  state.add_own_prefixes("10.8.0.0/15");  // holds what the first of the pools claims
  state.set_overlay_address("240.9.0.1");
  for (const char* name : {"vx", "di"}) {
    dpapi::v1::LocalNode& node = *state.add_local_nodes();
    node.set_name(name);
    node.set_address(name[0] == 'v' ? "10.9.0.11" : "fd09::c");
    node.add_prefixes(name[0] == 'v' ? "10.1.2.0/24" : "10.1.3.0/24");
    if (name[0] == 'd') node.set_encapsulation(dpapi::v1::LocalNode::DIRECT);
  }
  for (const char* pool : {"b", "c", "d"}) {
    dpapi::v1::Peer& peer = *state.add_peers();
    peer.set_name(std::string{pool} + "-gw");
    peer.set_pool(pool);
    peer.set_tunnel_id(static_cast<uint32_t>(pool[0]) % 100);
    dpapi::v1::RemotePool& remote = *state.add_remote_pools();
    remote.set_name(pool);
    remote.add_prefixes("10." + std::to_string(pool[0] == 'd' ? 1 : pool[0] % 10) + ".0.0/16");
    remote.add_prefixes("0.0.0.0/0");
    remote.add_gateways(peer.name());
    remote.add_gateways("nobody");
  }
  write("desired_state", state.SerializeAsString());
}

template <class Object>
Bytes datagram(const Object& object) {
  const netlink::Message message = netlink::put_request(object);
  const auto* raw = reinterpret_cast<const uint8_t*>(message.raw());
  return {raw, raw + message.raw()->nlmsg_len};
}

void write_netlink() {
  const IpAddress v4 = IpAddress::v4(0x0a010203), v6 = *IpAddress::parse("fd00::1");
  netlink::Route route;
  route.destination = IpPrefix::masked(v4, 16);
  route.link = 3;
  route.gateway = v4;
  route.preferred_source = v4;
  route.mtu = 1400;
  netlink::Route blackhole;
  blackhole.destination = IpPrefix::masked(v6, 64);
  blackhole.type = netlink::RouteType::kBlackhole;
  const MacAddress mac{{2, 0, 0, 0, 0, 1}};
  const Bytes all = datagram(route) + datagram(blackhole) +
                    datagram(netlink::Address{3, v4, 24, netlink::AddressScope::kGlobal}) +
                    datagram(netlink::Address{3, v6, 64, netlink::AddressScope::kLink}) +
                    datagram(netlink::Rule{IpFamily::kV4, 100, 9027, 200, 1, 1, false}) +
                    datagram(netlink::Neighbour{3, v6, mac, netlink::kNeighbourReachable}) +
                    datagram(netlink::FdbEntry{3, mac, v4, netlink::kNeighbourPermanent});
  write("netlink", all);
  netlink::Link link{.index = 4, .name = "raven0", .kind = "vxlan", .mtu = 1450, .mac = mac};
  link.vxlan = netlink::Vxlan{200, 4472, false};
  const netlink::Message created = netlink::link_create_request(link);
  const auto* raw = reinterpret_cast<const uint8_t*>(created.raw());
  Bytes numbered{raw, raw + created.raw()->nlmsg_len};
  numbered[20] = 4;  // the kernel's messages have the index that a request leaves open
  write("netlink", numbered);
  // A route whose last attribute holds one byte, where four are read.
  Bytes cut = datagram(blackhole) + Bytes{5, 0, 6, 0, 9};
  cut[0] = static_cast<uint8_t>(cut.size());
  write("netlink", cut);
}

void write_vici() {
  vici::Message child, sa, message;
  child.text("state", "INSTALLED").text("bytes-in", "4711").list("local-ts", {"0.0.0.0/0", "::/0"});
  sa.text("version", "2").section("child-sas", vici::Message{}.section("net-1", child));
  message.section("raven-b", sa).text("success", "yes").list("keys", {}).text("bytes", "12");
  write("vici", *message.encode());
}

void write_texts() {
  for (const SeedText& seed : kSeedTexts) write(seed.target, seed.text);
  // A line that is too long, whole in the first chunk.
  const std::string list = R"({"metadata":{"resourceVersion":"5"},"items":[]})";
  write("watch", "\xff" + list + "\n{\"type\":\"" + std::string(240, 'A') + "\"}\n");
}

}  // namespace
}  // namespace raven::fuzz

int main(int count, char** arguments) {
  if (count != 2) return 64;
  using namespace raven::fuzz;
  folder = arguments[1];
  write_ip();
  write_outer();
  write_inner();
  write_tap_frames();
  write_icmp_and_tcp();
  write_fragments();
  write_sa_messages();
  write_journal();
  write_desired_state();
  write_netlink();
  write_vici();
  write_texts();
  return 0;
}
