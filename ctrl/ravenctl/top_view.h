// What `ravenctl top` shows: the difference between two samples of a dataplane, per second.
// SPDX-License-Identifier: Apache-2.0
//
// Pure: two samples in, rates and text out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/dpapi/dataplane.pb.h"

namespace raven::ctl {

// What the dataplane said at one moment.
struct TopSample {
  Instant at;
  dpapi::v1::StatusReply status;
  dpapi::v1::StatisticsReply statistics;
  dpapi::v1::SasReply sas;
  dpapi::v1::DropsReply drops;
};

struct TopRate {
  double packets = 0;  // per second
  double bits = 0;
};

struct TopWorker {
  uint32_t id = 0;
  uint32_t cpu = 0;
  bool alive = false;
  double busy = 0;  // part of its time, 0..1
  double packets = 0;
  double cycles_per_packet = 0;
  TopRate received, sent;  // by ports
};
struct TopPort {
  std::string name;
  bool up = false;
  TopRate received, sent;
  double punted = 0;
};
struct TopTunnel {
  std::string peer, pool, state;
  TopRate in, out;
  double rtt_ms = 0;      // 0: not known
  double probe_loss = 0;  // part of the probes of this interval, 0..1
};
struct TopDrop {
  std::string reason, stage;
  double packets = 0;
};

struct Top {
  std::string node, pool;
  double seconds = 0;      // between the two samples
  bool restarted = false;  // the dataplane was, in between: all rates are 0
  std::vector<TopWorker> workers;
  std::vector<TopPort> ports;
  std::vector<TopTunnel> tunnels;
  std::vector<TopDrop> drops;  // the most frequent first, none that is 0
};

Top compare(const TopSample& before, const TopSample& now);

std::string top_text(const Top& top);
std::string top_json(const Top& top);  // one line

}  // namespace raven::ctl
