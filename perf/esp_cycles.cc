// esp_cycles: cycles per packet of the ESP library beside those of the cipher alone, from one run.
// SPDX-License-Identifier: Apache-2.0
//
//   esp_cycles [SAS]        AES-128-GCM and AES-256-GCM, SAS tunnels in turn (default 1)
//
// Encrypt is header, trailer, nonce and cipher; decrypt is replay check, cipher, ICV, padding and
// inner header.  The ceiling is intel-ipsec-mb over the same bytes, in the same loop, in turn with
// the others.  Cycles are those of the time stamp counter.  Pin it: taskset -c 1 esp_cycles.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "common/base/internet_checksum.h"
#include "dataplane/ipsec/cipher_key.h"
#include "dataplane/ipsec/esp_in.h"
#include "dataplane/ipsec/esp_out.h"
#include "perf/canary.h"

namespace raven::perf {
namespace {

using namespace dataplane;

constexpr std::size_t kPackets = 32;  // in flight, as a worker's burst
constexpr std::size_t kBufferSize = 2304;
constexpr std::size_t kHeadroom = 142;
constexpr int kRepetitions = 3000;
constexpr uint32_t kOuterHeader = 20;

SaConfig sa_config(Algorithm algorithm, Direction direction, uint32_t number) {
  SaConfig config;
  config.spi = Spi{1000 + number};
  config.direction = direction;
  config.tunnel_id = TunnelId{1};
  config.outer.source = IpAddress::v4(0xc0000201);
  config.outer.destination = IpAddress::v4(0xc0000202);
  config.algorithm = algorithm;
  config.key = Secret{suite_of(algorithm).keying_size()};
  return config;
}

// One algorithm with its SAs and buffers.
class Bench {
 public:
  Bench(CipherLibrary& library, Algorithm algorithm, unsigned sas)
      : library_{library},
        algorithm_{algorithm},
        out_{library, WorkerId{0}, 1},
        in_{library},
        memory_(kPackets * kBufferSize + 64) {
    for (unsigned i = 0; i < sas; ++i) {
      const auto outbound = sa_config(algorithm, Direction::kOutbound, i);
      const auto inbound = sa_config(algorithm, Direction::kInbound, i);
      outbound_.push_back(OutboundSa::create(outbound, WorkerId{0}, library).value());
      inbound_.push_back(InboundSa::create(inbound, WorkerId{0}, library).value());
    }
    const SaConfig config = sa_config(algorithm, Direction::kOutbound, 0);
    key_ = CipherKey::create(suite_of(algorithm), config.key, Secret{}, library).value();
  }

  void run(uint32_t size) {
    const Canary canary;
    std::vector<double> encrypt, decrypt, ceiling;
    for (int i = 0; i < kRepetitions; ++i) {
      if (!canary.is_quiet()) continue;
      write_packets(size);
      const uint64_t begin = __rdtsc();
      encrypt_all(size);
      const uint64_t encrypted = __rdtsc();
      decrypt_all();
      const uint64_t decrypted = __rdtsc();
      cipher_all(size);
      const uint64_t end = __rdtsc();
      if (!canary.is_quiet()) continue;
      encrypt.push_back(static_cast<double>(encrypted - begin) / kPackets);
      decrypt.push_back(static_cast<double>(decrypted - encrypted) / kPackets);
      ceiling.push_back(static_cast<double>(end - decrypted) / kPackets);
    }
    print(size, Spread::of(encrypt), Spread::of(decrypt), Spread::of(ceiling));
  }

 private:
  uint8_t* packet(std::size_t i) { return memory_.data() + i * kBufferSize + kHeadroom; }

  void write_packets(uint32_t size) {
    uint8_t header[20] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
    header[2] = static_cast<uint8_t>(size >> 8);
    header[3] = static_cast<uint8_t>(size);
    const uint16_t checksum = internet_checksum(header, sizeof(header));
    std::memcpy(header + 10, &checksum, sizeof(checksum));
    for (std::size_t i = 0; i < kPackets; ++i) std::memcpy(packet(i), header, sizeof(header));
  }

  void encrypt_all(uint32_t size) {
    for (std::size_t i = 0; i < kPackets; ++i)
      results_[i] = out_.prepare(*outbound_[i % outbound_.size()], {packet(i), size, 128, 512});
    if (out_.run() != 0) std::abort();
  }

  void decrypt_all() {
    for (std::size_t i = 0; i < kPackets; ++i) {
      const EspInInput input{results_[i].data + kOuterHeader, results_[i].size - kOuterHeader, 0};
      if (in_.prepare(*inbound_[i % inbound_.size()], input) != EspVerdict::kOk) std::abort();
    }
    in_.run();
    for (std::size_t i = 0; i < kPackets; ++i)
      if (in_.finish(i).verdict != EspVerdict::kOk) std::abort();
    in_.clear();
  }

  void cipher_all(uint32_t size) {
    alignas(16) static const uint8_t nonce[16] = {};
    const uint32_t length = (size + 2 + 3) & ~3u;
    IMB_MGR* manager = library_.manager();
    for (std::size_t i = 0; i < kPackets; ++i) {
      uint8_t* text = packet(i);
      gcm_context_data context;
      const auto run =
          algorithm_ == Algorithm::kAes128Gcm ? manager->gcm128_enc : manager->gcm256_enc;
      run(&key_->gcm(), &context, text, text, length, nonce, text - 16, 8, text + length, 16);
    }
  }

  void print(uint32_t size, Spread encrypt, Spread decrypt, Spread ceiling) const {
    std::printf(
        "%-12s %5u  %8.1f %8.1f  %8.1f  %5.2f %5.2f  [%.0f..%.0f]  %zu\n",
        std::string{suite_of(algorithm_).name}.c_str(), size, encrypt.median, decrypt.median,
        ceiling.median, encrypt.median / ceiling.median, decrypt.median / ceiling.median,
        encrypt.min, encrypt.max, encrypt.samples
    );
  }

  CipherLibrary& library_;
  Algorithm algorithm_;
  EspOut out_;
  EspIn in_;
  std::vector<uint8_t> memory_;
  std::vector<std::unique_ptr<OutboundSa>> outbound_;
  std::vector<std::unique_ptr<InboundSa>> inbound_;
  std::unique_ptr<const CipherKey> key_;
  EspOutResult results_[kPackets];
};

int run(int argc, char** argv) {
  const int sas = argc > 1 ? std::atoi(argv[1]) : 1;
  if (argc > 2 || sas < 1 || sas > 16384) {
    std::fprintf(stderr, "usage: esp_cycles [SAS], 1..16384\n");
    return 64;
  }
  auto library = CipherLibrary::create();
  if (!library.ok()) {
    std::fprintf(stderr, "esp_cycles: %s\n", library.error().message.c_str());
    return 69;
  }
  std::printf(
      "intel-ipsec-mb %s, %d SAs, bursts of %zu\n", (*library)->text().c_str(), sas, kPackets
  );
  std::puts("algorithm     size   encrypt  decrypt   ceiling  ratio  ratio  [encrypt]  samples");
  for (const Algorithm algorithm : {Algorithm::kAes128Gcm, Algorithm::kAes256Gcm}) {
    const auto bench = std::make_unique<Bench>(**library, algorithm, static_cast<unsigned>(sas));
    for (const uint32_t size : {64u, 256u, 512u, 1400u}) bench->run(size);
  }
  return 0;
}

}  // namespace
}  // namespace raven::perf

int main(int argc, char** argv) {
  return raven::perf::run(argc, argv);
}
