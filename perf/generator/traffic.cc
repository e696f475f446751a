// Frames for a gateway, from either side.
// SPDX-License-Identifier: Apache-2.0
#include "perf/generator/traffic.h"

#include <x86intrin.h>

#include <cassert>
#include <cstring>

#include "common/wire/raven.h"
#include "dataplane/ipsec/cipher_calls.h"
#include "dataplane/ipsec/cipher_key.h"
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"

namespace raven::perf {
namespace {

using namespace dataplane;

constexpr uint32_t kRoom = 128;  // in front of and behind an inner packet: enough for ESP
constexpr uint8_t kTtl = 64;
const IpAddress kNobody = IpAddress::v4(0xc0000207);  // 192.0.2.7, in no prefix

void write_ethernet(uint8_t* at, const MacAddress& to, const MacAddress& from, bool ipv6) {
  auto& header = *reinterpret_cast<wire::Ethernet*>(at);
  std::memcpy(header.destination, to.bytes.data(), 6);
  std::memcpy(header.source, from.bytes.data(), 6);
  header.type = Be16::from_host(ipv6 ? wire::kEtherIpv6 : wire::kEtherIpv4);
}

void write_ipv4(
    uint8_t* at, const IpAddress& from, const IpAddress& to, uint8_t protocol, uint32_t size
) {
  auto& ip = *reinterpret_cast<wire::Ipv4*>(at);
  ip = {};
  ip.version_ihl = 0x45;
  ip.total_length = Be16::from_host(static_cast<uint16_t>(size));
  ip.fragment = Be16::from_host(wire::Ipv4::kDontFragment);
  ip.ttl = kTtl;
  ip.protocol = protocol;
  std::memcpy(ip.source, from.bytes().data(), 4);
  std::memcpy(ip.destination, to.bytes().data(), 4);
  ip.checksum = checksum_of(at, sizeof(ip));
}

void write_ipv6(uint8_t* at, const IpAddress& from, const IpAddress& to, uint32_t size) {
  auto& ip = *reinterpret_cast<wire::Ipv6*>(at);
  ip = {};
  ip.version_class_flow = Be32::from_host(6u << 28);
  ip.payload_length = Be16::from_host(static_cast<uint16_t>(size - sizeof(ip)));
  ip.next_header = wire::kUdp;
  ip.hop_limit = kTtl;
  std::memcpy(ip.source, from.bytes().data(), 16);
  std::memcpy(ip.destination, to.bytes().data(), 16);
}

void write_udp(uint8_t* at, uint16_t source, uint16_t destination, uint32_t size) {
  auto& udp = *reinterpret_cast<wire::Udp*>(at);
  udp = {};
  udp.source_port = Be16::from_host(source);
  udp.destination_port = Be16::from_host(destination);
  udp.length = Be16::from_host(static_cast<uint16_t>(size));
}

// VXLAN around `size` bytes of inner packet; returns the bytes in front of it, from the outer IP
// header on.
uint32_t write_vxlan(uint8_t* at, const Tunnels& tunnels, uint32_t size) {
  constexpr uint32_t kAround =
      sizeof(wire::Ipv4) + sizeof(wire::Udp) + sizeof(wire::Vxlan) + sizeof(wire::Ethernet);
  write_ipv4(at, tunnels.node(), tunnels.gateway_lan(), wire::kUdp, kAround + size);
  at += sizeof(wire::Ipv4);
  const auto udp_size = static_cast<uint32_t>(kAround - sizeof(wire::Ipv4) + size);
  write_udp(at, 50000, kVxlanPort, udp_size);
  at += sizeof(wire::Udp);
  auto& vxlan = *reinterpret_cast<wire::Vxlan*>(at);
  vxlan = {};
  vxlan.flags = wire::Vxlan::kVniFlag;
  vxlan.vni_reserved = Be32::from_host(kVxlanVni << 8);
  at += sizeof(vxlan);
  write_ethernet(at, Tunnels::gateway_overlay_mac(), Tunnels::node_overlay_mac(), tunnels.ipv6);
  return kAround;
}

}  // namespace

Sizes imix() {
  return {64, 576, 64, 64, 576, 64, 1400, 64, 576, 64, 64, 576};
}

Traffic::Traffic(const Tunnels& tunnels, Work work, Flood flood)
    : tunnels_{tunnels}, work_{work}, flood_{flood} {}
Traffic::~Traffic() = default;

Result<std::unique_ptr<Traffic>> Traffic::create(
    const Tunnels& tunnels, Work work, unsigned worker, Flood flood
) {
  std::unique_ptr<Traffic> traffic{new Traffic{tunnels, work, flood}};
  RAVEN_ASSIGN(traffic->library_, CipherLibrary::create());
  RAVEN_TRY(traffic->make_sas(worker));
  traffic->esp_out_ = std::make_unique<EspOut>(*traffic->library_, WorkerId{0}, uint16_t{1});
  const auto operation =
      work == Work::kEncrypt ? CipherBurst::Operation::kEncrypt : CipherBurst::Operation::kDecrypt;
  traffic->cipher_ = std::make_unique<CipherBurst>(*traffic->library_, operation);
  return traffic;
}

Status Traffic::make_sas(unsigned worker) {
  for (unsigned i = 0; i < tunnels_.count; ++i) {
    const SaConfig config = tunnels_.sa(i, worker, Side::kPeer, Direction::kOutbound);
    RAVEN_ASSIGN(auto sa, OutboundSa::create(config, WorkerId{0}, *library_));
    sas_.push_back(std::move(sa));
    RAVEN_ASSIGN(
        auto key,
        CipherKey::create(suite_of(tunnels_.algorithm), config.key, config.integrity_key, *library_)
    );
    keys_.push_back(std::move(key));
  }
  return {};
}

unsigned Traffic::next_tunnel() {
  const unsigned tunnel = tunnel_;
  tunnel_ = tunnel_ + 1 == tunnels_.count ? 0 : tunnel_ + 1;
  return tunnel;
}

// UDP over IP, `size` bytes in all.  The payload is whatever lies there.
uint32_t Traffic::write_inner(uint8_t* at, unsigned tunnel, uint16_t size, bool spoofed) const {
  const bool to_peer = work_ == Work::kEncrypt;
  const IpAddress local = tunnels_.local_pod();
  const IpAddress remote = spoofed ? kNobody : tunnels_.remote_pod(tunnel);
  const IpAddress &from = to_peer ? local : remote, &to = to_peer ? remote : local;
  const uint32_t header = tunnels_.ipv6 ? sizeof(wire::Ipv6) : sizeof(wire::Ipv4);
  if (tunnels_.ipv6)
    write_ipv6(at, from, to, size);
  else
    write_ipv4(at, from, to, wire::kUdp, size);
  write_udp(at + header, 40000, 5000, size - header);
  return size;
}

void Traffic::write_plain(rte_mbuf* packet, unsigned tunnel, uint16_t size) const {
  uint8_t* at = bytes_of(packet);
  write_ethernet(at, Tunnels::gateway_mac(), Tunnels::node_mac(), tunnels_.ipv6);
  uint32_t offset = sizeof(wire::Ethernet);
  if (tunnels_.vxlan) {
    write_ethernet(at, Tunnels::gateway_mac(), Tunnels::node_mac(), false);
    offset += write_vxlan(at + offset, tunnels_, size);
  }
  set_size(packet, offset + write_inner(at + offset, tunnel, size, false));
}

void Traffic::write_esp(std::span<rte_mbuf* const> packets, const Sizes& sizes) {
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const unsigned tunnel = next_tunnel();
    uint8_t* inner = bytes_of(packets[i]) + kRoom;
    const bool spoofed = flood_.kind == FloodKind::kSpoof && flood_.hits(i);
    const uint32_t size = write_inner(inner, tunnel, sizes[i % sizes.size()], spoofed);
    const EspOutResult result = esp_out_->prepare(*sas_[tunnel], {inner, size, kRoom, kRoom});
    assert(result.verdict == EspVerdict::kOk);
    uint8_t* frame = result.data - sizeof(wire::Ethernet);
    write_ethernet(frame, Tunnels::gateway_mac(), Tunnels::router_mac(), tunnels_.ipv6);
    place(packets[i], frame, result.size + static_cast<uint32_t>(sizeof(wire::Ethernet)));
    if (esp_out_->size() < kBurstMax && i + 1 < packets.size()) continue;
    if (esp_out_->run() != 0) assert(false);
  }
}

void Traffic::write(std::span<rte_mbuf* const> packets, const Sizes& sizes) {
  for (rte_mbuf* packet : packets) rte_pktmbuf_reset(packet);
  if (work_ == Work::kDecrypt) {
    write_esp(packets, sizes);
    return flood_.spoil(packets);
  }
  for (std::size_t i = 0; i < packets.size(); ++i)
    write_plain(packets[i], next_tunnel(), sizes[i % sizes.size()]);
}

// Nothing but the library's calls.
void Traffic::run_gcm_alone() {
  const auto& calls = std::get<GcmCalls>(calls_of(tunnels_.algorithm));
  const aes_gcm_enc_dec_t run =
      library_->manager()->*(work_ == Work::kEncrypt ? calls.encrypt : calls.decrypt);
  gcm_context_data context;
  for (std::size_t i = 0; i < cipher_->size(); ++i) {
    const CipherSlot& slot = (*cipher_)[i];
    run(&slot.key->gcm(), &context, slot.text, slot.text, slot.size, slot.nonce, slot.aad, 8,
        slot.tag, slot.icv_size);
  }
}

double Traffic::ceiling_cycles(std::span<rte_mbuf* const> packets, const Sizes& sizes) {
  const Suite& suite = suite_of(tunnels_.algorithm);
  const uint32_t block_mask = suite.block_size - 1u;
  uint64_t cycles = 0;
  for (std::size_t i = 0; i < packets.size();) {
    cipher_->clear();
    for (; i < packets.size() && !cipher_->full(); ++i) {
      CipherSlot& slot = cipher_->next();
      slot.text = static_cast<uint8_t*>(packets[i]->buf_addr) + RTE_PKTMBUF_HEADROOM + 14;
      slot.size = (sizes[i % sizes.size()] + 2u + block_mask) & ~block_mask;
      slot.tag = slot.text + slot.size;
      slot.key = keys_[i % keys_.size()].get();
      slot.algorithm = tunnels_.algorithm;
      slot.icv_size = suite.icv_size;
      slot.aad_size = 8;
      cipher_->commit();
    }
    const uint64_t begin = __rdtsc();
    if (suite.mode == CipherMode::kGcm)
      run_gcm_alone();
    else
      static_cast<void>(cipher_->run());
    cycles += __rdtsc() - begin;
  }
  return static_cast<double>(cycles) / static_cast<double>(packets.size());
}

}  // namespace raven::perf
