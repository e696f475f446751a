// ravenctl top: rates of workers, ports, tunnels and drops, repeatedly.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctrl/ravenctl/live_options.h"

namespace raven::ctl {

class TopCommand {
 public:
  explicit TopCommand(CLI::App& app);
  bool parsed() const { return command_.parsed(); }
  // The exit code.
  int run(const CommonOptions& options);

 private:
  CLI::App& command_;
  double interval_seconds_ = 1;
  unsigned count_ = 0;
};

}  // namespace raven::ctl
