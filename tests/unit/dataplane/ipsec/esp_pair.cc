// Engines, SAs and keys of packet tests.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dataplane/ipsec/esp_pair.h"

#include <cstdlib>

namespace raven::dataplane::test {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result.ok()) std::abort();
  return std::move(result).value();
}

Secret counting_secret(std::size_t size, uint8_t first) {
  Secret secret{size};
  for (uint8_t& byte : secret.expose_writable()) byte = first++;
  return secret;
}

}  // namespace

SaConfig sa_config(Direction direction, Algorithm algorithm) {
  const Suite& suite = suite_of(algorithm);
  SaConfig config;
  config.spi = Spi{0x1001};
  config.direction = direction;
  config.tunnel_id = TunnelId{7};
  config.outer.source = IpAddress::v4(0xc0000201);
  config.outer.destination = IpAddress::v4(0xc6336402);
  config.algorithm = algorithm;
  config.key = counting_secret(suite.keying_size(), 1);
  config.integrity_key = counting_secret(suite.integrity_key_size, 100);
  config.esn = false;
  config.replay_window = 64;
  return config;
}

ReferenceSa reference_sa(const SaConfig& config) {
  const Suite& suite = suite_of(config.algorithm);
  const auto key = config.key.expose();
  const auto integrity_key = config.integrity_key.expose();
  ReferenceSa sa;
  sa.cipher = suite.mode == CipherMode::kGcm          ? ReferenceCipher::kAesGcm
              : suite.mode == CipherMode::kChachaPoly ? ReferenceCipher::kChaCha20Poly1305
                                                      : ReferenceCipher::kAesCbcHmacSha2;
  sa.key.assign(key.begin(), key.begin() + suite.key_size);
  sa.salt.assign(key.begin() + suite.key_size, key.end());
  sa.integrity_key.assign(integrity_key.begin(), integrity_key.end());
  sa.spi = config.spi.value();
  sa.esn = config.esn;
  return sa;
}

Worker::Worker()
    : library_{must(CipherLibrary::create_linked())},
      out_{std::make_unique<EspOut>(*library_, WorkerId{0}, uint16_t{1})},
      in_{std::make_unique<EspIn>(*library_)} {}

Sealed Worker::seal(OutboundSa& sa, const Bytes& inner, uint32_t misalignment) {
  Room room{inner, misalignment};
  const EspOutResult result =
      out_->prepare(sa, {room.data(), room.size(), Room::kHeadroom, Room::kTailroom});
  if (result.verdict != EspVerdict::kOk) return {result.verdict, {}};
  if (out_->run() != 0) return {EspVerdict::kCipher, {}};
  return {EspVerdict::kOk, Bytes(result.data, result.data + result.size)};
}

Opened Worker::open(
    InboundSa& sa, const Bytes& esp, uint8_t outer_traffic_class, uint32_t misalignment
) {
  Room room{esp, misalignment};
  const EspVerdict early = in_->prepare(sa, {room.data(), room.size(), outer_traffic_class});
  if (early != EspVerdict::kOk) return {early, {}, false};
  in_->run();
  const EspInResult result = in_->finish(0);
  in_->clear();
  if (result.verdict != EspVerdict::kOk) return {result.verdict, {}, false};
  return {EspVerdict::kOk, Bytes(result.data, result.data + result.size), result.newest};
}

std::unique_ptr<OutboundSa> Worker::outbound(const SaConfig& config) {
  return must(OutboundSa::create(config, WorkerId{0}, *library_));
}

std::unique_ptr<InboundSa> Worker::inbound(const SaConfig& config) {
  return must(InboundSa::create(config, WorkerId{0}, *library_));
}

Bytes without_outer(const Bytes& packet, std::size_t size) {
  return Bytes(packet.begin() + static_cast<std::ptrdiff_t>(size), packet.end());
}

}  // namespace raven::dataplane::test
