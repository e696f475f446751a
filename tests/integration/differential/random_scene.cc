// Random boxes, and frames around random packets.
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/differential/random_scene.h"

#include <algorithm>

#include "tests/integration/differential/random_packets.h"

namespace raven::dataplane::test {
namespace {

using namespace world;
using Side = RandomPackets::Side;

constexpr uint32_t kSpiIn = 0x1001, kSpiOut = 0x2002;
constexpr uint64_t kNumbers32 = uint64_t{1} << 32;

ReferenceSa random_sa(Random& random, uint32_t spi) {
  ReferenceSa sa;
  static constexpr ReferenceCipher kCiphers[] = {
      ReferenceCipher::kAesGcm, ReferenceCipher::kAesGcm, ReferenceCipher::kChaCha20Poly1305,
      ReferenceCipher::kAesCbcHmacSha2};
  sa.cipher = random.pick(kCiphers);
  const bool chacha = sa.cipher == ReferenceCipher::kChaCha20Poly1305;
  const bool cbc = sa.cipher == ReferenceCipher::kAesCbcHmacSha2;
  static constexpr uint32_t kGcmKeys[] = {16, 24, 32}, kCbcKeys[] = {16, 32};
  sa.key = random.bytes(chacha ? 32 : cbc ? random.pick(kCbcKeys) : random.pick(kGcmKeys));
  if (!cbc) sa.salt = random.bytes(4);
  if (cbc) sa.integrity_key = random.bytes(sa.key.size() == 32 && random.one_in(2) ? 64 : 32);
  sa.spi = spi;
  sa.esn = random.one_in(2);
  return sa;
}

// Often just in front of a wrap of the low 32 bits, or at the beginning.
uint64_t random_number(Random& random, bool esn) {
  const uint64_t near_wrap = random.below(3) * kNumbers32 + UINT32_MAX - random.below(40);
  uint64_t number = random.one_in(4) ? 0 : random.one_in(2) ? near_wrap : random.next() >> 8;
  if (random.one_in(4)) number = random.below(5000);
  return esn ? number : number & UINT32_MAX;
}

BoxSettings random_box(Random& random) {
  BoxSettings box;
  static constexpr uint16_t kPathMtus[] = {1400, 1400, 1280, 576, 1438, 8500};
  static constexpr uint32_t kWindows[] = {64, 64, 65, 128, 1000, 1024, 4096, 32768};
  box.path_mtu =
      random.one_in(2) ? random.pick(kPathMtus) : static_cast<uint16_t>(random.between(576, 1500));
  box.outbound_sa = !random.one_in(32);
  box.router_known = !random.one_in(32);
  TunnelSettings& tunnel = box.tunnel;
  tunnel.in = random_sa(random, kSpiIn);
  tunnel.out = random_sa(random, kSpiOut);
  tunnel.last_in = random_number(random, tunnel.in.esn);
  tunnel.last_out = random_number(random, tunnel.out.esn);
  tunnel.window = random.pick(kWindows);
  const bool v6 = random.one_in(3);
  tunnel.local = v6 ? "2001:db8::1" : "192.0.2.1";
  tunnel.remote = v6 ? "2001:db8:ff::2" : "198.51.100.2";
  if (random.one_in(3)) {
    tunnel.local_port = 4500;
    tunnel.remote_port = random.one_in(2) ? uint16_t{4500} : uint16_t{61000};
  }
  if (random.one_in(3)) tunnel.dscp = static_cast<uint8_t>(random.below(64));
  tunnel.df = static_cast<ReferenceDf>(random.below(3));
  // The path MTU is what fits into the outer one.
  box.outer_mtu =
      static_cast<uint16_t>(ReferenceTunnel{tunnel}.outer_size(box.path_mtu) + random.below(4));
  return box;
}

class Traffic {
 public:
  Traffic(Random& random, const BoxSettings& box)
      : random_{random}, box_{box}, packets_{random, box.path_mtu}, next_{box.tunnel.last_in + 1} {}

  Burst burst(uint32_t size);

 private:
  Bytes frame(unsigned port);
  Bytes lan_frame();
  Bytes wan_frame();
  Bytes tap_frame(unsigned port);
  Bytes vxlan_frame();
  Bytes probe_frame();
  Bytes esp_frame(unsigned port);
  Bytes plain_frame(unsigned port, Side from, Side to);
  void disturb(Bytes& frame);
  std::vector<Bytes> cut(const Bytes& frame);
  Bytes frame_to_cut(unsigned port) {  // VXLAN does not come in pieces
    return port == 0 && random_.one_in(4) ? vxlan_frame() : esp_frame(port);
  }

  uint64_t number();
  Bytes text();
  Bytes esp();
  Bytes outer(const Bytes& esp);

  Random& random_;
  const BoxSettings& box_;
  RandomPackets packets_;
  uint64_t next_;  // number of the far end
  std::vector<uint64_t> used_;
};

uint64_t Traffic::number() {
  const uint64_t window = box_.tunnel.window;
  uint64_t number = next_;
  switch (random_.below(16)) {
    case 0:
    case 1:
      if (!used_.empty()) number = used_[random_.below(static_cast<uint32_t>(used_.size()))];
      break;
    case 2:
      number = next_ - std::min<uint64_t>(next_, random_.below(2 * static_cast<uint32_t>(window)));
      break;
    case 3:
      number = next_ - std::min<uint64_t>(next_, window + random_.below(4) - 1);
      break;
    case 4:
      number = next_ += random_.below(static_cast<uint32_t>(window));
      break;
    case 5:
      if (random_.one_in(8)) number = next_ += random_.next() >> random_.between(31, 60);
      break;
    case 6:
      if (random_.one_in(4)) number = next_ + kNumbers32;  // other high bits
      break;
    default:
      ++next_;
  }
  used_.push_back(number);
  return number;
}

// The plaintext of an ESP packet, trailer included.
Bytes Traffic::text() {
  const std::size_t block = box_.tunnel.in.salt.empty() ? 16 : 4;
  Bytes inner =
      random_.one_in(12) ? packets_.tunnel_probe() : packets_.packet(Side::kRemote, Side::kOwn);
  uint8_t next_header = !inner.empty() && inner[0] >> 4 == 6 ? 41 : 4;
  if (random_.one_in(12)) inner = inner + random_.bytes(random_.below(60));  // TFC padding
  if (random_.one_in(32)) inner = random_.bytes(random_.below(80));
  if (random_.one_in(32)) next_header = random_.one_in(2) ? uint8_t{59} : random_.byte();
  Bytes text = with_trailer(inner, next_header, block);
  if (random_.one_in(32)) text[text.size() - 2] = random_.byte();
  if (random_.one_in(32))
    text
        [text.size() - 1 -
         random_.below(static_cast<uint32_t>(std::min<std::size_t>(text.size(), 8)))] =
            random_.byte();
  return text;
}

Bytes Traffic::esp() {
  const ReferenceSa& sa = box_.tunnel.in;
  Bytes esp = reference_seal(sa, number(), random_.bytes(sa.salt.empty() ? 16 : 8), text());
  if (!random_.one_in(12)) return esp;
  const auto size = static_cast<uint32_t>(esp.size());
  switch (random_.below(4)) {
    case 0:
      esp.erase(esp.begin() + static_cast<std::ptrdiff_t>(random_.below(size)), esp.end());
      break;
    case 1:
      esp = esp + random_.bytes(random_.between(1, 20));
      break;
    case 2:
      if (random_.one_in(2)) std::fill_n(esp.begin(), 3, uint8_t{0});  // an SPI below 256
      esp[random_.below(8)] = random_.byte();
      break;
    default:
      esp[random_.below(size)] ^= static_cast<uint8_t>(1 + random_.below(255));
  }
  return esp;
}

Bytes Traffic::outer(const Bytes& esp) {
  const TunnelSettings& tunnel = box_.tunnel;
  Bytes payload = esp;
  uint8_t protocol = 50;
  if (random_.one_in(12) ? tunnel.local_port == 0 : tunnel.local_port != 0) {
    protocol = 17;
    if (random_.one_in(24))
      payload = random_.one_in(2) ? Bytes{0xff} : random_.bytes(random_.below(6));
    if (random_.one_in(24)) payload = Bytes{0, 0, 0, 0} + payload;
    payload = udp(tunnel.remote_port != 0 ? tunnel.remote_port : 4500, 4500, payload);
    if (random_.one_in(24)) payload[random_.below(8)] = random_.byte();
    if (random_.one_in(24)) payload = payload + random_.bytes(random_.below(9));
  }
  const uint8_t traffic_class = random_.one_in(2) ? random_.byte() : uint8_t{0};
  std::string source = tunnel.remote, destination = tunnel.local;
  if (random_.one_in(24)) destination = random_.pick(kOwnAddresses);
  if (random_.one_in(48)) destination = "192.0.2.77";
  const bool v4 = source.find(':') == std::string::npos;
  if (random_.one_in(24)) source = v4 ? "198.51.100.9" : "2001:db8:ff::9";
  if ((source.find(':') == std::string::npos) != (destination.find(':') == std::string::npos))
    source = destination.find(':') == std::string::npos ? "198.51.100.9" : "2001:db8:ff::9";
  if (destination.find(':') != std::string::npos)
    return ipv6(
        {.source = source,
         .destination = destination,
         .next_header = protocol,
         .traffic_class = traffic_class},
        payload
    );
  return ipv4(
      {.source = source,
       .destination = destination,
       .protocol = protocol,
       .ttl = random_.byte(),
       .tos = traffic_class,
       .dont_fragment = random_.one_in(2),
       .more_fragments = random_.one_in(48),
       .fragment_offset = static_cast<uint16_t>(random_.one_in(48) ? 8 * random_.below(200) : 0),
       .identification = static_cast<uint16_t>(random_.next()),
       .options = random_.one_in(24) ? packets_.ipv4_options() : Bytes{}},
      payload
  );
}

Bytes Traffic::esp_frame(unsigned port) {
  Bytes packet = outer(esp());
  if (random_.one_in(24)) packets_.damage(packet);
  return ethernet(box_.macs[port], kRouter, packet);
}

Bytes Traffic::plain_frame(unsigned port, Side from, Side to) {
  return ethernet(box_.macs[port], kNodeDi, packets_.packet(from, to));
}

Bytes Traffic::vxlan_frame() {
  // The other way round only from a gateway box of the pool.
  const bool passed_on = random_.one_in(6);
  const Bytes inner = passed_on ? packets_.packet(Side::kRemote, Side::kOwn)
                                : packets_.packet(Side::kOwn, Side::kRemote);
  Bytes inside = ethernet(random_.one_in(24) ? kNodeOverlay : kOverlay, kNodeOverlay, inner);
  if (random_.one_in(24)) set_u16(inside, 12, random_.one_in(2) ? 0x8100 : 0x0806);
  if (random_.one_in(48)) inside.resize(random_.below(20));
  const uint32_t vni = random_.one_in(24) ? random_.below(1 << 24) : 200;
  const uint8_t flags = random_.one_in(24) ? random_.byte() : uint8_t{0x08};
  Bytes datagram = udp(50000, 4472, test::vxlan(inside, vni, flags));
  if (random_.one_in(48)) datagram[random_.below(16)] = random_.byte();
  Bytes packet = ipv4(
      {.source = random_.one_in(24) ? "10.9.0.77" : random_.pick(kNodes),
       .destination = random_.one_in(24) ? "192.0.2.1" : "10.9.0.1",
       .options = random_.one_in(48) ? packets_.ipv4_options() : Bytes{}},
      datagram
  );
  if (random_.one_in(48)) packets_.damage(packet);
  return ethernet(box_.macs[0], kNodeVx, packet);
}

Bytes Traffic::probe_frame() {
  Bytes packet = ipv4(
      {.source = random_.one_in(8) ? "10.9.0.77" : random_.pick(kNodes), .destination = "10.9.0.1"},
      packets_.probe_datagram()
  );
  if (random_.one_in(12)) packets_.damage(packet);
  return ethernet(box_.macs[0], kNodeVx, packet);
}

Bytes Traffic::lan_frame() {
  switch (random_.below(16)) {
    case 0:
      return probe_frame();
    case 1:
      return plain_frame(0, Side::kAny, Side::kAny);
    case 2:
      return plain_frame(0, Side::kOwn, Side::kOwn);
    case 3:
    case 4:
      return esp_frame(0);
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
      return vxlan_frame();
    default:
      return plain_frame(0, Side::kOwn, Side::kRemote);
  }
}

Bytes Traffic::wan_frame() {
  switch (random_.below(16)) {
    case 0:
      return plain_frame(1, Side::kRemote, Side::kOwn);
    case 1:
      return plain_frame(1, Side::kAny, Side::kAny);
    default:
      return esp_frame(1);
  }
}

Bytes Traffic::frame(unsigned port) {
  const bool wan = box_.one_port ? random_.one_in(2) : port == 1;
  Bytes frame = wan ? (box_.one_port ? esp_frame(0) : wan_frame()) : lan_frame();
  if (random_.one_in(32)) disturb(frame);
  return frame;
}

void Traffic::disturb(Bytes& frame) {
  switch (random_.below(6)) {
    case 0:
      frame = ethernet("ff:ff:ff:ff:ff:ff", kNodeDi, slice(frame, 14));
      break;
    case 1:
      frame = ethernet("02:00:00:00:00:99", kNodeDi, slice(frame, 14));
      break;
    case 2:
      set_u16(frame, 12, random_.one_in(2) ? 0x0806 : static_cast<uint16_t>(random_.next()));
      break;
    case 3:
      frame.resize(random_.below(30));
      break;
    default:
      frame = frame + random_.bytes(random_.below(40));  // Ethernet padding
  }
}

Bytes Traffic::tap_frame(unsigned port) {
  Bytes frame = plain_frame(port, Side::kAny, random_.one_in(3) ? Side::kRemote : Side::kAny);
  for (uint32_t tags = random_.one_in(4) ? random_.between(1, 3) : 0; tags > 0; --tags)
    frame = slice(frame, 0, 12) +
            (random_.one_in(2) ? Bytes{0x81, 0, 0, 7} : Bytes{0x88, 0xa8, 0, 7}) + slice(frame, 12);
  if (random_.one_in(16)) frame.resize(random_.below(40));
  return frame;
}

// The frame in pieces, as a router would send them, or an attacker.
std::vector<Bytes> Traffic::cut(const Bytes& frame) {
  const Bytes ip = slice(frame, 14);
  const bool v4 = ip.size() >= 20 && ip[0] >> 4 == 4;
  const std::size_t header = v4 ? (ip[0] & 15u) * 4u : 40;
  if (ip.size() < header + 24) return {frame};
  const Bytes payload = slice(ip, header), identification = random_.bytes(4);
  std::vector<Bytes> pieces;
  for (std::size_t at = 0; at < payload.size();) {
    std::size_t size = 8 * random_.between(1, static_cast<uint32_t>(payload.size() / 8 / 2 + 1));
    if (pieces.size() == 4) size = payload.size();
    const bool more = at + size < payload.size();
    Bytes piece = slice(ip, 0, header);
    if (random_.one_in(24)) piece[1] = random_.byte();  // traffic class, or what it shares it with
    if (v4) {
      set_u16(piece, 4, u16_at(identification, 0));
      set_u16(piece, 6, static_cast<uint16_t>((more ? 0x2000u : 0u) | at / 8));
    } else {
      piece[6] = 44;
      piece = piece +
              Bytes{
                  ip[6], 0, static_cast<uint8_t>(at >> 8),
                  static_cast<uint8_t>((at & 0xf8) | (more ? 1 : 0))} +
              identification;
    }
    piece = piece + slice(payload, at, random_.one_in(32) ? size + 8 : size);
    set_u16(piece, v4 ? 2 : 4, static_cast<uint16_t>(piece.size() - (v4 ? 0u : 40u)));
    if (v4) fix_header_checksum(piece);
    if (!random_.one_in(24)) pieces.push_back(slice(frame, 0, 14) + piece);
    if (random_.one_in(24)) pieces.push_back(slice(frame, 0, 14) + piece);
    at += size;
  }
  for (std::size_t i = pieces.size(); i > 1; --i)
    if (random_.one_in(2))
      std::swap(pieces[i - 1], pieces[random_.below(static_cast<uint32_t>(i))]);
  return pieces;
}

Burst Traffic::burst(uint32_t size) {
  Burst burst{};
  const uint32_t choice = random_.below(16);
  if (choice == 0)
    burst.entry = box_.one_port || random_.one_in(2) ? Entry::kTap0 : Entry::kTap1;
  else if (choice < 4)
    burst.entry = Entry::kPods;
  else
    burst.entry = box_.one_port || choice < 10 ? Entry::kPort0 : Entry::kPort1;
  for (uint32_t i = 0; i < size; ++i) {
    if (burst.entry == Entry::kPods)
      burst.packets.push_back(packets_.packet(Side::kOwn, Side::kRemote));
    else if (choice == 0)
      burst.packets.push_back(tap_frame(burst.entry == Entry::kTap0 ? 0 : 1));
    else if (const unsigned port = burst.entry == Entry::kPort0 ? 0 : 1; random_.one_in(16))
      for (const Bytes& piece : cut(frame_to_cut(port))) burst.packets.push_back(piece);
    else
      burst.packets.push_back(frame(port));
  }
  return burst;
}

}  // namespace

std::size_t Scene::packets() const {
  std::size_t count = 0;
  for (const Burst& burst : bursts) count += burst.packets.size();
  return count;
}

Scene random_scene(Random random, bool shared, bool one_port, const Mac (&macs)[2]) {
  Scene scene;
  scene.box = random_box(random);
  scene.box.shared = shared;
  scene.box.one_port = one_port;
  std::copy(std::begin(macs), std::end(macs), scene.box.macs);
  // Who gets the last numbers depends on the order within a burst.
  const bool last_numbers = random.one_in(16);
  TunnelSettings& tunnel = scene.box.tunnel;
  const uint64_t last = tunnel.out.esn ? UINT64_MAX : UINT32_MAX;
  tunnel.last_out =
      last_numbers ? last - random.below(6) : std::min(tunnel.last_out, last - 10'000);
  if (random.one_in(4)) scene.foreign_buffers = random.next();
  Traffic traffic{random, scene.box};
  for (uint32_t left = random.between(1, 6); left > 0; --left)
    scene.bursts.push_back(traffic.burst(last_numbers ? 1 : random.between(1, 20)));
  if (last_numbers)
    for (int i = 0; i < 12; ++i) scene.bursts.push_back(traffic.burst(1));
  return scene;
}

}  // namespace raven::dataplane::test
