// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ravenctl/top_command.h"

#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "common/dpapi/client.h"
#include "common/process/program.h"
#include "ctrl/ravenctl/top_view.h"

namespace raven::ctl {
namespace {

constexpr char kClearScreen[] = "\x1b[H\x1b[2J\x1b[3J";

Result<TopSample> look(dpapi::DataplaneClient& dataplane) {
  TopSample sample;
  sample.at = BootClock::now();
  RAVEN_ASSIGN(sample.statistics, dataplane.statistics());
  RAVEN_ASSIGN(sample.status, dataplane.status());
  RAVEN_ASSIGN(sample.sas, dataplane.sas());
  RAVEN_ASSIGN(sample.drops, dataplane.drops());
  return sample;
}

// False: a stop was requested meanwhile.
bool wait_for(std::stop_token stop, std::chrono::duration<double> time) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock{mutex};
  changed.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

void show(const Top& top, bool json, bool first) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  std::string text = json ? top_json(top) : top_text(top);
  if (!json && terminal) text = kClearScreen + text;
  if (!json && !terminal && !first) text = "\n" + text;
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

TopCommand::TopCommand(CLI::App& app)
    : command_{*app.add_subcommand("top", "Rates of workers, ports, tunnels and drops, live")} {
  command_.add_option("-i,--interval", interval_seconds_, "Seconds between two tables")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command_.add_option("-n,--count", count_, "Stop after this many tables; 0: no limit")
      ->capture_default_str();
}

int TopCommand::run(const CommonOptions& options) {
  const Interrupt interrupt;
  dpapi::DataplaneClient dataplane{options.socket};
  Result<TopSample> before = look(dataplane);
  for (unsigned shown = 0; before.ok() && (count_ == 0 || shown < count_); ++shown) {
    const std::chrono::duration<double> interval{interval_seconds_};
    if (!wait_for(interrupt.token(), interval)) return process::kExitOk;
    Result<TopSample> now = look(dataplane);
    if (now.ok()) show(compare(*before, *now), options.json, shown == 0);
    before = std::move(now);
  }
  return before.ok() ? process::kExitOk : fail(before.error());
}

}  // namespace raven::ctl
