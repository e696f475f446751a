// SPDX-License-Identifier: Apache-2.0
#include "common/process/program.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <map>

#include "common/base/log.h"

namespace raven::process {

struct Program::CommandLine {
  CLI::App app;
  bool check_config = false, print_sample = false, print_settings = false, print_metrics = false;
  std::string log_level = "info";
};

Program::Program(std::string name, std::string summary)
    : name_{std::move(name)}, summary_{std::move(summary)}, line_{std::make_unique<CommandLine>()} {
  line_->app.description(summary_);
  line_->app.name(name_);
  line_->app.set_version_flag("--version", name_ + " " RAVEN_VERSION);
  const std::string short_name = name_.rfind("raven-", 0) == 0 ? name_.substr(6) : name_;
  config_ = "/etc/raven-gateway/" + short_name + ".yaml";
}

Program::~Program() = default;

void Program::flag(const std::string& name, bool* value, const std::string& help) {
  line_->app.add_flag(name, *value, help);
}

void Program::option(
    const std::string& name, std::string* value, const std::string& help,
    std::function<std::string(const std::string&)> check
) {
  CLI::Option* option = line_->app.add_option(name, *value, help)->capture_default_str();
  if (check) option->check(std::move(check), "");
}

std::optional<int> Program::parse(int argc, char** argv) {
  CLI::App& app = line_->app;
  if (check_) {
    app.add_option("--config", config_, "Settings file (YAML)")->capture_default_str();
    app.add_flag(
        "--check-config", line_->check_config, "Check the settings file and exit (0 or 78)"
    );
    app.add_flag("--print-sample-config", line_->print_sample, "Print a commented settings file");
    app.add_flag("--print-settings", line_->print_settings, "Print all settings as Markdown");
  }
  if (!metric_rows_.empty())
    app.add_flag("--print-metrics", line_->print_metrics, "Print all metrics as Markdown");
  app.add_option("--log-level", line_->log_level, "error, warning, info or debug")
      ->check(CLI::IsMember({"error", "warning", "info", "debug"}))
      ->capture_default_str();
  app.footer(
      "Exit codes: 0 ok, 64 usage, 69 something needed is not there, 70 internal error,\n"
      "75 another instance is running, 78 wrong configuration."
  );
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  static const std::map<std::string, log::Level> kLevels{
      {"error", log::Level::kError},
      {"warning", log::Level::kWarning},
      {"info", log::Level::kInfo},
      {"debug", log::Level::kDebug}};
  log::set_level(kLevels.at(line_->log_level));
  if (line_->print_sample || line_->print_settings || line_->print_metrics)
    return run_print_options();
  if (line_->check_config) {
    const Status checked = check_();
    if (!checked) return fail(checked.error());
    std::printf("%s: ok\n", config_.c_str());
    return kExitOk;
  }
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t handled;
  sigemptyset(&handled);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&handled, signal);
  pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  return std::nullopt;
}

int Program::run_print_options() const {
  std::string text;
  if (line_->print_sample) text += sample_();
  if (line_->print_settings) text += settings_markdown_();
  if (line_->print_metrics) text += metrics::TableBase{metric_rows_}.markdown(name_);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

int Program::fail(const Error& error) const {
  std::fprintf(stderr, "%s: %s\n", name_.c_str(), error.message.c_str());
  switch (error.code) {
    case ErrorCode::kInvalid:
      return kExitConfig;
    case ErrorCode::kConflict:
      return kExitLocked;
    case ErrorCode::kNotFound:
    case ErrorCode::kDenied:
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
    case ErrorCode::kExhausted:
      return kExitUnavailable;
    default:
      return kExitInternal;
  }
}

}  // namespace raven::process
