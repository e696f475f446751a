// ravenctl trace: the life of the next packets that match.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctrl/ravenctl/live_options.h"

namespace raven::ctl {

class TraceCommand {
 public:
  explicit TraceCommand(CLI::App& app);
  bool parsed() const { return command_.parsed(); }
  // The exit code.
  int run(const CommonOptions& options);

 private:
  CLI::App& command_;
  dpapi::v1::TraceRequest request_;
  unsigned packets_ = 1;
  unsigned seconds_ = 10;
  bool hex_ = false;
};

}  // namespace raven::ctl
