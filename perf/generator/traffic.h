// Traffic: writes the frames that are offered to a gateway, and tells what the cipher alone needs
// for the same bytes.
// SPDX-License-Identifier: Apache-2.0
//
// Encrypt: plain frames of pods of the site to the pods behind tunnel 0, 1, 2...  Decrypt: the ESP
// packets of those peers, with live sequence numbers, so that a replay window has real work.
// Threading: one thread.  Nothing here is measured.
#pragma once

#include <rte_mbuf.h>

#include <memory>
#include <span>
#include <vector>

#include "dataplane/ipsec/cipher_burst.h"
#include "dataplane/ipsec/cipher_library.h"
#include "dataplane/ipsec/esp_out.h"
#include "perf/generator/flood.h"
#include "perf/generator/tunnels.h"

namespace raven::dataplane {
class CipherKey;
}

namespace raven::perf {

enum class Work : uint8_t { kEncrypt, kDecrypt };

// Inner IP packet sizes in bytes, used in turn.
using Sizes = std::vector<uint16_t>;
// 7 x 64, 4 x 576, 1 x 1400, mixed.
Sizes imix();

class Traffic {
 public:
  ~Traffic();
  // For the SAs that `worker` of the gateway owns.
  static Result<std::unique_ptr<Traffic>> create(
      const Tunnels& tunnels, Work work, unsigned worker, Flood flood = {}
  );

  // Fills all packets anew with the next frames: tunnels in turn, sizes in turn.
  void write(std::span<rte_mbuf* const> packets, const Sizes& sizes);

  // TSC cycles per packet of the cipher alone over the payloads of `packets`, which are what a
  // gateway made of written ones (or, for decrypt, as written): same bytes, same place.
  double ceiling_cycles(std::span<rte_mbuf* const> packets, const Sizes& sizes);

 private:
  Traffic(const Tunnels& tunnels, Work work, Flood flood);
  Status make_sas(unsigned worker);
  uint32_t write_inner(uint8_t* at, unsigned tunnel, uint16_t size, bool spoofed) const;
  void write_plain(rte_mbuf* packet, unsigned tunnel, uint16_t size) const;
  void write_esp(std::span<rte_mbuf* const> packets, const Sizes& sizes);
  unsigned next_tunnel();
  void run_gcm_alone();

  const Tunnels tunnels_;
  const Work work_;
  const Flood flood_;
  std::unique_ptr<dataplane::CipherLibrary> library_;
  std::vector<std::unique_ptr<dataplane::OutboundSa>> sas_;
  std::vector<std::unique_ptr<const dataplane::CipherKey>> keys_;
  std::unique_ptr<dataplane::EspOut> esp_out_;
  std::unique_ptr<dataplane::CipherBurst> cipher_;
  unsigned tunnel_ = 0;
};

}  // namespace raven::perf
