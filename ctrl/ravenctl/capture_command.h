// ravenctl capture: packets at points of the packet path, into a pcapng file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/base/result.h"
#include "ctrl/ravenctl/live_options.h"

namespace raven::ctl {

class CaptureCommand {
 public:
  explicit CaptureCommand(CLI::App& app);
  bool parsed() const { return command_.parsed(); }
  // The exit code.
  int run(const CommonOptions& options);

 private:
  Status write(const CommonOptions& options, int fd);

  CLI::App& command_;
  dpapi::v1::CaptureRequest request_;
  std::vector<std::string> points_;
  std::string file_ = "-";
  uint64_t packets_ = 0;
  unsigned seconds_ = 0;
  uint32_t snap_length_ = 0;
};

}  // namespace raven::ctl
