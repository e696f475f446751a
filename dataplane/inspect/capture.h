// Capture: copies of packets at chosen points of the packet path.
// SPDX-License-Identifier: Apache-2.0
//
// Two points are on the wire (rx, tx), two beside encryption (clear-out before it, clear-in after
// decryption), one at the end of what is dropped.  Only bytes of packets are copied: keys are out
// of reach. Threading: rings are written by their worker, read by control.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>

#include "dataplane/inspect/filter.h"
#include "dataplane/inspect/record_ring.h"
#include "dataplane/inspect/stage_run.h"
#include "dataplane/packet/counter.h"

namespace raven::dataplane {

enum class CapturePoint : uint8_t {
  kReceive,
  kTransmit,
  kClearOut,
  kClearIn,
  kDrop,
};
inline constexpr std::size_t kCapturePoints = 5;
std::string_view capture_point_name(CapturePoint point);

// Where a copy was taken.  Frames of different ports, and frames and bare IP packets, are told
// apart, as file formats want them.
struct CapturePlace {
  CapturePoint point = CapturePoint::kReceive;
  PortIndex port{kNoIndex};  // of kReceive and kTransmit
  Layer layer = Layer::kEthernet;

  static constexpr std::size_t kCount = 2 * kPortsMax + 4;
  std::size_t index() const;  // < kCount
  bool operator==(const CapturePlace&) const = default;
};

struct CaptureOptions {
  Filter filter;
  std::array<bool, kCapturePoints> points{};
  uint32_t snap_length = 65535;
  uint64_t packets = 0;              // ends by itself after so many; 0: never
  std::size_t ring_bytes = 1 << 22;  // of each worker, a power of two
};

// Precedes the bytes of a packet.
struct CaptureRecord {
  uint64_t tsc = 0;
  uint32_t size = 0;  // of the packet; `kept` bytes of it follow
  uint32_t kept = 0;
  uint32_t spi = 0;  // 0: none, or not known here
  CapturePlace place;
  PeerIndex peer = kNoPeer;
  WorkerId worker{0};
  std::optional<Drop> drop;  // point drop; or right after this point
};

class Capture {
 public:
  Capture(const CaptureOptions& options, unsigned workers);

  // Worker: around each stage.
  void before(const Context& context, const StageRun& run);
  void after(const Context& context, const StageRun& run);

  // Control.  False: no further packet now.
  template <class Take>  // (const CaptureRecord&, const uint8_t* bytes)
  bool read(Take take);
  bool done() const { return limited_ && left_.load(std::memory_order_relaxed) <= 0; }
  uint64_t taken(std::size_t place) const;  // of CapturePlace::index()
  uint64_t lost(std::size_t place) const;   // matched, but found no room

 private:
  struct alignas(64) Desk {
    explicit Desk(std::size_t ring_bytes) : ring{ring_bytes} {}
    RecordRing ring;
    std::array<Counter, CapturePlace::kCount> taken, lost;
    // Of the packets of the present stage.
    std::array<CaptureRecord*, kBurst> open{};
    std::array<uint32_t, kBurst> spi{};
  };
  // What is known besides the bytes.
  struct Facts {
    CapturePlace place;
    PeerIndex peer = kNoPeer;
    uint32_t spi = 0;
    std::optional<Drop> drop;
  };

  bool wants(CapturePoint point) const { return options_.points[static_cast<std::size_t>(point)]; }
  Desk& desk_of(const Context& context) { return desks_[context.setup.worker.value()]; }
  bool matches(rte_mbuf* packet, const Headers& headers, const Facts& facts) const;
  CaptureRecord* take(const Context& context, rte_mbuf* packet, Facts facts);
  void take_received(const Context& context, const StageRun& run);
  void take_early(const Context& context, const StageRun& run, CapturePoint point);
  bool take_one_of_the_rest();
  static void settle(const StageRun& run, Desk& desk, std::size_t i);
  void take_decrypted(const Context& context, const StageRun& run);
  void take_dropped(const Context& context, const StageRun& run);

  const CaptureOptions options_;
  const bool limited_;
  std::atomic<int64_t> left_;
  std::deque<Desk> desks_;  // by WorkerId
};

template <class Take>
bool Capture::read(Take take) {
  const auto give = [&take](std::span<const uint8_t> record) {
    CaptureRecord head;
    std::memcpy(static_cast<void*>(&head), record.data(), sizeof(head));
    take(head, record.data() + sizeof(head));
  };
  for (Desk& desk : desks_)
    if (desk.ring.read(give)) return true;
  return false;
}

}  // namespace raven::dataplane
