// PathControl: what the engine asks of a packet path.  The seam that lets it be tested without
// ports and workers; PacketPath implements it.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/result.h"
#include "dataplane/stage/counters.h"
#include "dataplane/stage/moved_peers.h"
#include "dataplane/stage/too_big.h"
#include "dataplane/table/table_writer.h"

namespace raven::dataplane {

// What became of a probe.
enum class ProbeSend {
  kSent,
  kNoKeys,   // the tunnel has no outbound SA
  kRefused,  // no packet buffer was free, or the worker's inbox was full
};

class PathControl {
 public:
  virtual ~PathControl() = default;

  virtual TableWriter& writer() = 0;
  virtual Tables& tables() = 0;
  virtual uint16_t port_mtu(PortIndex port) const = 0;  // bytes

  virtual unsigned worker_count() const = 0;
  virtual const WorkerCounters& counters(WorkerId worker) const = 0;

  // A peer that was seen to send from another address; nothing: none since the last call.
  virtual std::optional<MovedPeer> take_moved_peer() = 0;
  // A router that did not pass on a packet of ours; nothing: none since the last call.
  virtual std::optional<TooBig> take_too_big() = 0;

  // Puts a probe request into the tunnel of `peer`, by the worker that owns its SA.  The answer
  // appears in PeerSlot::probe_answer with the same sequence.
  virtual ProbeSend send_probe(PeerIndex peer, uint32_t sequence) = 0;
  // The same, padded to an inner packet of `inner_size` bytes so that it takes an outer one of
  // `outer_size`.  The answer appears in PeerSlot::padded_answer.
  virtual ProbeSend send_padded_probe(PeerIndex peer, uint16_t outer_size, uint32_t inner_size) = 0;
};

}  // namespace raven::dataplane
