// Feeder: source and sink of a gateway, in the gateway's own thread: two ports made of rings.
// SPDX-License-Identifier: Apache-2.0
//
// Frames wait, completely written, in the receive ring of the source port; what the gateway sends
// collects in the transmit ring of the sink port.  A receive callback on the source port notices
// when a round is over (nothing left to receive, everything sent), and only there, outside of the
// measured time, results are taken and the next round is written.  What remains in the measured
// time of source and sink is the passing of pointers through two rings; `io` mode measures that
// alone.  Polls that find nothing while nothing moves are waiting, not work, and are not counted.
//
// A flood is dropped on the way: its buffers come anew from the pool for each round, there is no
// ceiling beside it, and only the legitimate packets of the round must arrive.
//
// The gateway is whatever polls these ports: it needs to know nothing of this.
// Threading: create() before the gateway's loop runs, all else in that loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "perf/canary.h"
#include "perf/generator/ring_ports.h"
#include "perf/generator/traffic.h"

struct rte_mempool;
struct rte_ring;

namespace raven::perf {

// One measured passage of all packets through the gateway.
struct Round {
  double cycles_per_packet = 0;
  double ceiling_cycles_per_packet = 0;
  unsigned slowness_percent = 0;  // of the slowest canary around it
  bool quiet = false;             // no neighbour disturbed it
};

class Feeder {
 public:
  // Source is receive queue `queue`; the packets are for the SAs of `worker` and arrive on that
  // worker's transmit queue.  `ports` must outlive this object.
  static Result<std::unique_ptr<Feeder>> create(
      const RingPorts& ports, const Tunnels& tunnels, Work work, unsigned queue, unsigned worker,
      Flood flood = {}
  );
  ~Feeder();

  // After the gateway has configured and started its ports: takes `packets` buffers of its pool and
  // installs the callback.  `on_idle` is called in the gateway's thread whenever no round runs; it
  // starts the next one with begin_round() or returns without.
  Status attach(rte_mempool* pool, unsigned packets, std::function<void()> on_idle);

  unsigned capacity() const { return static_cast<unsigned>(buffers_.size()); }
  // Writes `packets` frames and starts the clock when on_idle() returns.
  void begin_round(unsigned packets, const Sizes& sizes);
  // Of the last round.  Error: packets were lost, with their number.
  Result<Round> result() const;

  uint16_t source_port() const { return source_id_; }

 private:
  Feeder() = default;
  static uint16_t on_receive(
      uint16_t port, uint16_t queue, rte_mbuf** packets, uint16_t count, uint16_t room, void* self
  );
  void poll_empty();
  void note_waiting(uint64_t now, unsigned arrived);
  void end_round(uint64_t now);
  bool take_buffers(unsigned packets);
  void finish_flood(std::span<void* const> arrived);

  Flood flood_;
  rte_mempool* pool_ = nullptr;
  std::unique_ptr<Traffic> traffic_;
  std::unique_ptr<Canary> canary_;
  rte_ring* source_ = nullptr;  // the gateway receives from it
  rte_ring* sink_ = nullptr;    // the gateway sends into it
  uint16_t source_id_ = 0;
  uint16_t source_queue_ = 0;
  std::vector<rte_mbuf*> buffers_;  // in random order, as in a pool that has been in use
  std::size_t next_buffer_ = 0;
  std::function<void()> on_idle_;

  // The round under way.
  std::vector<rte_mbuf*> in_round_;
  Sizes sizes_;
  unsigned offered_ = 0, expected_ = 0, lost_ = 0;
  unsigned empty_polls_ = 0, arrived_before_ = 0;
  uint64_t empty_poll_tsc_ = 0, waiting_cycles_ = 0;
  uint64_t begin_tsc_ = 0;
  bool running_ = false;
  unsigned slowness_before_ = 0;
  Round last_;
};

}  // namespace raven::perf
