// The ESP engines against OpenSSL: random bursts of all suites, with random damage.
// SPDX-License-Identifier: Apache-2.0
//
// One case is a burst of packets, each with an SA of its own, so that a damaged packet has
// neighbours that must not notice.
#include <gtest/gtest.h>

#include "tests/lib/random_cases.h"
#include "tests/unit/dataplane/ipsec/esp_pair.h"

namespace raven::dataplane::test {
namespace {

using raven::test::Random;
using raven::test::RandomCases;

constexpr uint64_t kPackets = 20'000;  // RAVEN_TEST_CASES in the release build: 1'000'000

enum class Damage { kNone, kFlip, kHighBits, kCut, kOtherKey };

Secret random_secret(Random& random, std::size_t size) {
  Secret secret{size};
  for (uint8_t& byte : secret.expose_writable()) byte = random.byte();
  return secret;
}

// By value: the same SA for both directions.
SaConfig random_sa(Random random, Direction direction) {
  const Suite& suite = kSuites[random.below(static_cast<uint32_t>(std::size(kSuites)))];
  SaConfig config = sa_config(direction, suite.algorithm);
  config.key = random_secret(random, suite.keying_size());
  config.integrity_key = random_secret(random, suite.integrity_key_size);
  config.spi = Spi{random.between(kSpiMin, UINT32_MAX - 1)};
  config.replay_window = random.between(kReplayWindowMin, 2048);
  config.esn = random.one_in(2);
  const uint64_t near_a_wrap = (uint64_t{random.below(4)} << 32) - 1 + random.below(4);
  const uint64_t any = random.next() >> random.below(64);
  config.last_sequence = random.one_in(2) ? near_a_wrap : any;
  if (config.last_sequence == UINT64_MAX) config.last_sequence = 0;
  if (!config.esn) config.last_sequence = static_cast<uint32_t>(config.last_sequence) % UINT32_MAX;
  return config;
}

Bytes random_inner(Random& random) {
  uint32_t size = random.between(40, random.one_in(8) ? 1500 : 200);
  if (random.one_in(256)) size = random.between(1500, 9000);
  return random.one_in(2) ? ipv4_packet(size) : ipv6_packet(size);
}

struct Packet {
  explicit Packet(Random random, Worker& worker)
      : config{random_sa(random, Direction::kInbound)},
        reference{reference_sa(config)},
        out{worker.outbound(random_sa(random, Direction::kOutbound))},
        in{worker.inbound(config)} {
    random.next();
    inner = random_inner(random);
    room = std::make_unique<Room>(inner, random.below(64));
    damage = random.one_in(2) ? Damage::kNone : static_cast<Damage>(random.below(5));
    if (damage == Damage::kHighBits && !config.esn) damage = Damage::kFlip;
    noise = random;
  }

  uint64_t sequence() const { return config.last_sequence + 1; }
  Bytes text() const {
    const uint8_t next_header = inner[0] >> 4 == 4 ? 4 : 41;
    return with_trailer(inner, next_header, suite_of(config.algorithm).block_size);
  }
  void do_damage();

  SaConfig config;
  ReferenceSa reference;
  std::unique_ptr<OutboundSa> out;
  std::unique_ptr<InboundSa> in;
  Bytes inner;
  std::unique_ptr<Room> room;
  Damage damage;
  Random noise{0};
  Bytes esp;
  EspVerdict early = EspVerdict::kOk;
};

void Packet::do_damage() {
  const Suite& suite = suite_of(config.algorithm);
  const Bytes iv(esp.begin() + kEspHeaderSize, esp.begin() + kEspHeaderSize + suite.iv_size);
  switch (damage) {
    case Damage::kNone:
      return;
    case Damage::kFlip: {
      const auto behind_header = static_cast<uint32_t>(esp.size() - kEspHeaderSize);
      esp[kEspHeaderSize + noise.below(behind_header)] ^=
          static_cast<uint8_t>(1 + noise.below(255));
      return;
    }
    case Damage::kHighBits:
      esp = reference_seal(reference, sequence() + (uint64_t{1} << 32), iv, text());
      return;
    case Damage::kCut:
      esp.erase(esp.end() - suite.block_size, esp.end());
      return;
    case Damage::kOtherKey: {
      ReferenceSa other = reference;
      other.key[noise.below(static_cast<uint32_t>(other.key.size()))] ^= 1;
      if (!other.integrity_key.empty()) other.integrity_key[0] ^= 0x80;
      esp = reference_seal(other, sequence(), iv, text());
      return;
    }
  }
}

class Burst {
 public:
  Burst(Random random, Worker& worker) : worker_{worker} {
    for (uint32_t left = random.between(1, 32); left > 0; --left)
      packets_.push_back(std::make_unique<Packet>(Random{random.next()}, worker));
  }
  std::size_t size() const { return packets_.size(); }

  void seal() {
    for (const auto& packet : packets_) {
      const EspOutResult result = worker_.out().prepare(
          *packet->out,
          {packet->room->data(), packet->room->size(), Room::kHeadroom, Room::kTailroom}
      );
      ASSERT_EQ(result.verdict, EspVerdict::kOk);
      results_.push_back(result);
    }
    ASSERT_EQ(worker_.out().run(), 0u);
    for (std::size_t i = 0; i < size(); ++i)
      packets_[i]->esp =
          without_outer(Bytes(results_[i].data, results_[i].data + results_[i].size));
  }

  // With our IV OpenSSL comes to the same bytes, and opens them.
  void compare_sealed() const {
    for (const auto& packet : packets_) {
      const Suite& suite = suite_of(packet->config.algorithm);
      const auto iv = packet->esp.begin() + kEspHeaderSize;
      const Bytes text = packet->text();
      ASSERT_EQ(
          to_hex(packet->esp),
          to_hex(reference_seal(
              packet->reference, packet->sequence(), Bytes(iv, iv + suite.iv_size), text
          ))
      ) << suite.name;
      ASSERT_EQ(reference_open(packet->reference, packet->sequence(), packet->esp), text);
    }
  }

  void open_and_compare() {
    for (const auto& packet : packets_) {
      packet->do_damage();
      packet->room = std::make_unique<Room>(packet->esp, packet->noise.below(64));
      ASSERT_EQ(
          worker_.in().prepare(*packet->in, {packet->room->data(), packet->room->size(), 0}),
          EspVerdict::kOk
      );
    }
    worker_.in().run();
    for (std::size_t i = 0; i < size(); ++i) compare_opened(*packets_[i], worker_.in().finish(i));
    worker_.in().clear();
  }

 private:
  static void compare_opened(const Packet& packet, const EspInResult& result) {
    const std::string_view name = suite_of(packet.config.algorithm).name;
    const auto text = reference_open(packet.reference, packet.sequence(), packet.esp);
    ASSERT_EQ(text.has_value(), packet.damage == Damage::kNone) << name;
    ASSERT_EQ(result.verdict, text.has_value() ? EspVerdict::kOk : EspVerdict::kIcv) << name;
    if (!text.has_value()) return;
    ASSERT_EQ(to_hex(Bytes(result.data, result.data + result.size)), to_hex(packet.inner)) << name;
  }

  Worker& worker_;
  std::vector<std::unique_ptr<Packet>> packets_;
  std::vector<EspOutResult> results_;
};

TEST(OpenSslDifferential, BurstsOfAllSuitesAreSealedAndOpenedAlike) {
  const RandomCases cases = RandomCases::from_environment(kPackets);
  Worker worker;
  uint64_t packets = 0;
  for (uint64_t index = cases.first; packets < cases.count; ++index) {
    SCOPED_TRACE(cases.repeat(index));
    Burst burst{Random{cases.seed, index}, worker};
    burst.seal();
    burst.compare_sealed();
    burst.open_and_compare();
    if (HasFatalFailure()) return;
    packets += burst.size();
    if (cases.alone) break;
  }
  RecordProperty("packets", std::to_string(packets));
}

}  // namespace
}  // namespace raven::dataplane::test
