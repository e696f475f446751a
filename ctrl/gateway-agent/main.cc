// raven-gateway-agent: reads the settings, opens what it needs, runs the loop until SIGTERM.
// SPDX-License-Identifier: Apache-2.0
//
// SIGTERM ends the process and leaves everything in place: the dataplane goes on forwarding, charon
// goes on re-keying, the routes stay.  Only the heartbeat Lease runs out.
#include "common/base/log.h"
#include "common/process/instance_lock.h"
#include "common/process/program.h"
#include "common/process/secret_memory.h"
#include "common/process/signal_watch.h"
#include "ctrl/gateway-agent/agent.h"
#include "ctrl/gateway-agent/psk.h"

namespace raven::gateway_agent {
namespace {

Result<std::unique_ptr<kube::Cluster>> open_source(const Settings& settings) {
  kube::ClusterOptions options;
  options.request_timeout = std::chrono::milliseconds{settings.request_timeout_ms};
  return kube::open_cluster(settings.source, options);
}

// A key that is weak is refused at once, not found out when the first tunnel fails.
Status check_key(const Settings& settings) {
  if (!settings.ike.enabled) return {};
  RAVEN_ASSIGN(const Secret key, load_psk(settings.ike.psk_file));
  return {};
}

Status run(const Settings& settings) {
  process::refuse_core_files();  // the key is in this memory
  RAVEN_ASSIGN(const auto lock, process::InstanceLock::take(settings.lock_file));
  RAVEN_TRY(check_key(settings));
  RAVEN_ASSIGN(const std::string node, site::node_name(settings));
  RAVEN_ASSIGN(netlink::Kernel kernel, netlink::Kernel::open());
  RAVEN_ASSIGN(
      netlink::Monitor monitor,
      netlink::Monitor::open(
          {.links = true, .addresses = true, .routes = false, .rules = false, .neighbours = false}
      )
  );
  RAVEN_ASSIGN(const auto cluster, open_source(settings));

  event::Loop loop;
  const process::SignalWatch signals{loop, [&loop] { loop.stop(); }};
  MetricTable metrics{kMetricRows};
  Agent agent{loop, settings, node, *cluster, std::move(kernel), std::move(monitor), metrics};
  metrics.on_collect([&](metrics::Sink<Metric>& sink) { agent.collect(sink); });
  RAVEN_ASSIGN(
      const auto endpoint,
      metrics::HttpEndpoint::start(
          settings.metrics_address, metrics, [&agent] { return agent.health(); }
      )
  );
  RAVEN_TRY(agent.start());
  log::info(
      "main", "raven-gateway-agent {} on {}, source {}", RAVEN_VERSION, node, settings.source
  );
  loop.run();
  log::info("main", "stops");
  agent.stop();
  return {};
}

}  // namespace
}  // namespace raven::gateway_agent

int main(int argc, char** argv) {
  using raven::gateway_agent::Settings;
  raven::process::Program program{
      "raven-gateway-agent",
      "Brings the Gateways of the cluster to the dataplane, charon and routes of a gateway box."};
  std::string source;
  program.option(
      "--source", &source, "Overrides the setting source, for example dir:PATH",
      raven::kube::check_source
  );
  program.uses_settings<Settings>();
  program.uses_metrics(raven::gateway_agent::kMetricRows);
  if (const auto exit_code = program.parse(argc, argv)) return *exit_code;
  auto settings = program.load<Settings>();
  if (!settings.ok()) return program.fail(settings.error());
  if (!source.empty()) settings->source = source;
  const raven::Status done = raven::gateway_agent::run(*settings);
  return done.ok() ? raven::process::kExitOk : program.fail(done.error());
}
