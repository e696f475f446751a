// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ravenctl/trace_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "common/dpapi/client.h"
#include "common/process/program.h"
#include "ctrl/ravenctl/dataplane_views.h"
#include "ctrl/ravenctl/trace_view.h"

namespace raven::ctl {

TraceCommand::TraceCommand(CLI::App& app)
    : command_{*app.add_subcommand("trace", "The life of the next packets, stage by stage")} {
  command_.add_option("-n,--packets", packets_, "Stop after this many packets")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command_.add_option("-t,--time", seconds_, "Stop after this many seconds")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  command_.add_flag("-x,--hex", hex_, "Show the first bytes at each stage");
  add_filter_options(command_, *request_.mutable_filter());
}

int TraceCommand::run(const CommonOptions& options) {
  const Interrupt interrupt;
  dpapi::DataplaneClient dataplane{options.socket};
  request_.set_packets(packets_);
  request_.set_timeout_ms(seconds_ * 1000);
  uint64_t shown = 0, lost = 0, followed = 0;
  bool begun = false;
  const Status ended =
      dataplane.trace(request_, interrupt.token(), [&](const dpapi::v1::TraceEvent& event) {
        if (!std::exchange(begun, true)) std::fputs("tracing\n", stderr);
        for (const auto& packet : event.packets()) {
          ++shown;
          const std::string text =
              options.json ? json_line(packet) : trace_text(packet, shown, hex_) + "\n";
          std::fwrite(text.data(), 1, text.size(), stdout);
        }
        std::fflush(stdout);
        lost = event.lost();
        followed = event.followed();
      });
  if (!ended.ok()) return fail(ended.error());
  const std::string total =
      fmt::format("{} packets traced, {} looked at, {} lost to the trace\n", shown, followed, lost);
  std::fputs(total.c_str(), stderr);
  return process::kExitOk;
}

}  // namespace raven::ctl
