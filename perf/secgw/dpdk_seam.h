// The seam between ipsec-secgw and DPDK: the linker leads a few of its calls here (--wrap), so that
// its source stays as Debian ships it.
// SPDX-License-Identifier: Apache-2.0
//
// - Its two ports are the Feeder's rings, made as soon as the EAL is up.
// - Rings have no offloads.  They are announced and then left out, so that ipsec-secgw runs as with
//   a good NIC: it neither parses packet types nor computes outer checksums in software.
// - When both ports run, the Feeder starts, with buffers of ipsec-secgw's own pool.
#pragma once

#include <memory>

#include "perf/generator/session.h"

namespace raven::perf {

// What is to be offered to ipsec-secgw; set before its main() runs.
struct SecgwBench {
  Tunnels tunnels;
  Work work = Work::kEncrypt;
  std::unique_ptr<RingPorts> ports;
  std::unique_ptr<Feeder> feeder;
  std::unique_ptr<Session> session;
};

SecgwBench& secgw_bench();

}  // namespace raven::perf
