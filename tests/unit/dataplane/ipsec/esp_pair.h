// Both ends of an SA in one test: the engines of one worker, the SAs, and the oracle's view of the
// same keys.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "dataplane/ipsec/esp_in.h"
#include "dataplane/ipsec/esp_out.h"
#include "tests/unit/dataplane/ipsec/bytes.h"
#include "tests/unit/dataplane/ipsec/reference_esp.h"

namespace raven::dataplane::test {

// SPI 0x1001, tunnel 7, 192.0.2.1 -> 198.51.100.2, keys of consecutive bytes, no ESN.
SaConfig sa_config(Direction direction, Algorithm algorithm = Algorithm::kAes256Gcm);
// The keys of `config` as the oracle wants them.
ReferenceSa reference_sa(const SaConfig& config);

struct Sealed {
  EspVerdict verdict;
  Bytes packet;  // from the outer header on; empty unless kOk
};

struct Opened {
  EspVerdict verdict;
  Bytes inner;  // empty unless kOk
  bool newest;
};

// The ESP engines of a worker, packet by packet.
class Worker {
 public:
  Worker();
  Sealed seal(OutboundSa& sa, const Bytes& inner, uint32_t misalignment = 0);
  Opened open(
      InboundSa& sa, const Bytes& esp, uint8_t outer_traffic_class = 0, uint32_t misalignment = 0
  );

  std::unique_ptr<OutboundSa> outbound(const SaConfig& config);
  std::unique_ptr<InboundSa> inbound(const SaConfig& config);

  CipherLibrary& library() { return *library_; }
  EspOut& out() { return *out_; }
  EspIn& in() { return *in_; }

 private:
  std::unique_ptr<CipherLibrary> library_;
  std::unique_ptr<EspOut> out_;
  std::unique_ptr<EspIn> in_;
};

// ESP without the outer header of `size` bytes.
Bytes without_outer(const Bytes& packet, std::size_t size = 20);

}  // namespace raven::dataplane::test
