// raven-controller: reads the settings, opens the cluster, runs the loop until SIGTERM.
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>
#include <random>

#include "common/base/log.h"
#include "common/process/program.h"
#include "common/process/signal_watch.h"
#include "ctrl/controller/controller.h"

namespace raven::controller {
namespace {

// Unique for each process: two that share a host name must not take each other for themselves.
std::string make_identity(const Settings& settings) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const std::string name = settings.identity.empty() ? host.data() : settings.identity;
  return fmt::format("{}_{:08x}", name, std::random_device{}());
}

Status run(const Settings& settings) {
  kube::ClusterOptions options;
  options.user_agent = "raven-controller";
  options.request_timeout = std::chrono::milliseconds{settings.request_timeout_ms};
  RAVEN_ASSIGN(const auto cluster, kube::open_cluster(settings.source, options));
  event::Loop loop;
  const process::SignalWatch signals{loop, [&loop] { loop.stop(); }};
  MetricTable metrics{kMetricRows};
  Controller controller{settings, make_identity(settings), *cluster, loop, metrics};
  metrics.on_collect([&](metrics::Sink<Metric>& sink) { controller.collect(sink); });
  RAVEN_ASSIGN(
      const auto endpoint,
      metrics::HttpEndpoint::start(
          settings.metrics_address, metrics, [&controller] { return controller.health(); }
      )
  );
  RAVEN_TRY(controller.start());
  log::info("controller", "runs with source {}", settings.source);
  loop.run();
  log::info("controller", "stops");
  controller.stop();
  return {};
}

}  // namespace
}  // namespace raven::controller

int main(int argc, char** argv) {
  using namespace raven;
  std::string source;
  process::Program program{"raven-controller", "Elects the gateway boxes of each site."};
  program.uses_settings<controller::Settings>();
  program.uses_metrics(controller::kMetricRows);
  program.option(
      "--source", &source, "Overrides the setting source, for example dir:PATH",
      raven::kube::check_source
  );
  if (const auto exit_code = program.parse(argc, argv)) return *exit_code;
  auto settings = program.load<controller::Settings>();
  if (!settings) return program.fail(settings.error());
  if (!source.empty()) settings->source = source;
  const Status done = controller::run(*settings);
  return done ? process::kExitOk : program.fail(done.error());
}
