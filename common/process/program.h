// Program: what every binary's command line has in common, and its exit codes.
// SPDX-License-Identifier: Apache-2.0
//
//   int main(int argc, char** argv) {
//     process::Program program{"raven-controller", "Elects the gateway boxes of each site."};
//     program.uses_settings<Settings>();
//     program.uses_metrics(kMetricRows);
//     if (const auto exit_code = program.parse(argc, argv)) return *exit_code;
//     auto settings = program.load<Settings>();
//     if (!settings) return program.fail(settings.error());
//     ...
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "common/metrics/metrics.h"
#include "common/settings/settings.h"

namespace raven::process {

// As in <sysexits.h>; docs/README.md lists them.
enum ExitCode {
  kExitOk = 0,
  kExitUsage = 64,        // the command line is wrong
  kExitUnavailable = 69,  // something that is needed is not there
  kExitInternal = 70,     // a bug, or a failure that is not the user's
  kExitLocked = 75,       // another instance is running
  kExitConfig = 78,       // the configuration is wrong
};

class Program {
 public:
  Program(std::string name, std::string summary);
  ~Program();

  // Own options, before parse().
  void flag(const std::string& name, bool* value, const std::string& help);
  // `check` returns why a value is refused, or "".
  void option(
      const std::string& name, std::string* value, const std::string& help,
      std::function<std::string(const std::string&)> check = {}
  );

  template <class Settings>
  void uses_settings() {
    sample_ = [this] { return settings::sample_yaml(title(), schema<Settings>()); };
    settings_markdown_ = [this] { return settings::markdown(name_, schema<Settings>()); };
    check_ = [this] {
      auto loaded = load<Settings>();
      return loaded ? Status{} : Status{std::move(loaded).error()};
    };
  }
  void uses_metrics(std::span<const metrics::Row> rows) { metric_rows_ = rows; }

  // Handles --help, --version, --check-config and the --print options.  A returned exit code
  // means: exit with it now.  Sets the log level and blocks the signals that SignalWatch handles.
  std::optional<int> parse(int argc, char** argv);

  // REQUIRES: parse().
  template <class Settings>
  Result<Settings> load() const {
    return settings::load_file<Settings>(config_);
  }
  const std::string& config_path() const { return config_; }

  // Prints the error in one line and returns the exit code for it: 78 for bad input, 75 for a lock
  // that another instance holds, 69 for what is not there, 70 otherwise.
  int fail(const Error& error) const;

 private:
  template <class Settings>
  static std::vector<settings::FieldInfo> schema() {
    return settings::schema_of<Settings>().fields();
  }
  std::string title() const { return name_ + ": " + summary_; }
  int run_print_options() const;

  struct CommandLine;
  std::string name_, summary_, config_;
  std::unique_ptr<CommandLine> line_;
  std::function<std::string()> sample_, settings_markdown_;
  std::function<Status()> check_;
  std::span<const metrics::Row> metric_rows_;
};

}  // namespace raven::process
