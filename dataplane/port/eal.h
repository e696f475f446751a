// Eal: starts and stops DPDK's environment.  One per process.
// SPDX-License-Identifier: Apache-2.0
//
// First checks what the EAL reports badly: the error for missing hugepages says how many, and the
// command that reserves them.  Leaves no files behind (--in-memory or --no-huge, own prefix).
// Lcore 0 is the thread that calls start() (control); lcores 1..n are the workers.  Several may
// share a CPU.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "dataplane/settings.h"

namespace raven::dataplane {

class Eal {
 public:
  // Of the settings it uses: instance, memory, workers, and from the ports which drivers to load.
  // Errors: kUnavailable names what is missing on this machine and how to provide it.
  static Result<std::unique_ptr<Eal>> start(const Settings& settings);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  // The arguments that start() hands to rte_eal_init(), for logs and tests.
  static std::vector<std::string> arguments(const Settings& settings);

 private:
  Eal() = default;
};

// Is there enough memory in hugepages?  The error says how many are missing of which size.
Status check_hugepages(const MemorySettings& memory);

}  // namespace raven::dataplane
