// SPDX-License-Identifier: Apache-2.0
#include "perf/secgw/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "dataplane/ipsec/suite.h"

namespace raven::perf {
namespace {

using dataplane::Algorithm;
using dataplane::CipherMode;
using dataplane::Direction;
using dataplane::SaConfig;

constexpr uint32_t kAroundInner = 256;  // headroom, Ethernet and ESP around an inner packet
constexpr uint32_t kBufferBytes = 2176, kJumboBufferBytes = 9472;  // headroom included
constexpr uint32_t kMemoryMb = 400;     // its two routing tables alone take 256
constexpr uint32_t kReplayWindow = 64;  // packets
constexpr uint32_t kSadCacheMin = 128;  // entries, ipsec-secgw's default

// aa:bb:cc, as ipsec-secgw reads keys.
std::string key_text(const Secret& key) {
  return fmt::format("{:02x}", fmt::join(key.expose(), ":"));
}

std::string cipher_text(const SaConfig& sa) {
  const dataplane::Suite& suite = dataplane::suite_of(sa.algorithm);
  switch (suite.mode) {
    case CipherMode::kGcm:
    case CipherMode::kChachaPoly:
      return fmt::format("aead_algo {} aead_key {}", suite.name, key_text(sa.key));
    case CipherMode::kCbcHmac:  // the key of the hash is as long as the hash
      return fmt::format(
          "cipher_algo aes-{}-cbc cipher_key {} auth_algo sha{}-hmac auth_key {}",
          suite.key_size * 8, key_text(sa.key), suite.integrity_key_size * 8,
          key_text(sa.integrity_key)
      );
  }
  return {};
}

std::string sa_text(const Tunnels& tunnels, unsigned i, Direction direction) {
  const SaConfig sa = tunnels.sa(i, 0, Side::kGateway, direction);
  return fmt::format(
      "sa {} {} {} mode {} src {} dst {}\n", direction == Direction::kInbound ? "in" : "out",
      sa.spi.value(), cipher_text(sa), tunnels.ipv6 ? "ipv6-tunnel" : "ipv4-tunnel",
      sa.outer.source.text(), sa.outer.destination.text()
  );
}

std::string policy_text(const Tunnels& tunnels, unsigned i, Direction direction) {
  const bool inbound = direction == Direction::kInbound;
  const std::string local = tunnels.local_prefix().text();
  const std::string remote = tunnels.remote_prefix(i).text();
  return fmt::format(
      "sp {} {} esp protect {} pri 1 src {} dst {} sport 0:65535 dport 0:65535\n",
      tunnels.ipv6 ? "ipv6" : "ipv4", inbound ? "in" : "out",
      tunnels.sa(i, 0, Side::kGateway, direction).spi.value(), inbound ? remote : local,
      inbound ? local : remote
  );
}

}  // namespace

Status check_supported(const Tunnels& tunnels, SecgwMode mode) {
  if (tunnels.vxlan) return Error{ErrorCode::kInvalid, "ipsec-secgw has no VXLAN"};
  if (tunnels.udp_encapsulated)
    return Error{ErrorCode::kInvalid, "ipsec-secgw encapsulates in UDP with inline hardware only"};
  if (tunnels.algorithm == Algorithm::kChacha20Poly1305 && mode == SecgwMode::kLegacy)
    return Error{ErrorCode::kInvalid, "ipsec-secgw has ChaCha20-Poly1305 with librte_ipsec only"};
  return {};
}

std::string secgw_config(const Tunnels& tunnels) {
  std::string text;
  for (const Direction direction : {Direction::kOutbound, Direction::kInbound})
    for (unsigned i = 0; i < tunnels.count; ++i) {
      text += policy_text(tunnels, i, direction);
      text += sa_text(tunnels, i, direction);
    }
  const std::string family = tunnels.ipv6 ? "ipv6" : "ipv4";
  const IpPrefix peers = IpPrefix::masked(tunnels.peer(0), tunnels.ipv6 ? 64 : 16);
  text += fmt::format("rt {} dst {} port {}\n", family, peers.text(), kUnprotectedPort);
  text +=
      fmt::format("rt {} dst {} port {}\n", family, tunnels.local_prefix().text(), kProtectedPort);
  return text;
}

std::vector<std::string> secgw_arguments(
    const Tunnels& tunnels, SecgwMode mode, SecgwMachine machine, const std::string& config_path
) {
  // The quicker of its two drivers, where that one has the algorithm.
  const bool gcm = dataplane::suite_of(tunnels.algorithm).mode == CipherMode::kGcm;
  const unsigned sad_cache = std::max(kSadCacheMin, std::bit_ceil(tunnels.count));
  const uint32_t buffer_bytes = machine.jumbo ? kJumboBufferBytes : kBufferBytes;
  const auto number = [](auto value) { return std::to_string(value); };
  std::vector<std::string> arguments = {
      "ipsec-secgw",
      "--lcores",
      fmt::format("0@{}", machine.cpu),
      "--no-pci",
      "--in-memory",
      "--no-telemetry",
      "--log-level=*:error",
      "-m",
      number(kMemoryMb),
      "--vdev",
      gcm ? "crypto_aesni_gcm0" : "crypto_aesni_mb0",
      "--",
      "-p",
      "0x3",
      "-u",
      "0x2",
      "-P",
      "-j",
      number(buffer_bytes),
      "--mtu",
      number(buffer_bytes - kAroundInner),
      "-s",
      number(kPacketBuffers),
      "-c",
      number(sad_cache),
      "--config",
      fmt::format("({},0,0),({},0,0)", kProtectedPort, kUnprotectedPort),
      "-f",
      config_path};
  if (mode == SecgwMode::kLibrary)
    arguments.insert(arguments.end(), {"-l", "-w", number(kReplayWindow)});
  return arguments;
}

}  // namespace raven::perf
