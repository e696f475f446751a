// raven-agent-lite: routes for the other sites on a node that is no gateway box.
// SPDX-License-Identifier: Apache-2.0
//
// SIGTERM ends the process and leaves everything in place, so that a rollout is no outage;
// --cleanup removes all of it.
#include "agent-lite/agent.h"
#include "agent-lite/leftovers.h"
#include "common/base/log.h"
#include "common/kube/cluster.h"
#include "common/process/instance_lock.h"
#include "common/process/program.h"
#include "common/process/signal_watch.h"

namespace raven::agent_lite {
namespace {

int clean_up(const process::Program& program, Host host, const Settings& settings) {
  if (settings.remove_raven_leftovers)
    for (const std::string& note : remove_raven_leftovers(host.kernel()))
      log::info("cleanup", "{}", note);
  for (const Report& report : {host.clean_up(), host.guard({})}) {
    log::info("cleanup", "{} changes", report.changes);
    if (!report.errors.empty()) return program.fail(report.errors.front());
  }
  return process::kExitOk;
}

int serve(const process::Program& program, const Settings& settings, bool cleanup_only) {
  auto lock = process::InstanceLock::take(settings.lock_file);
  if (!lock.ok()) return program.fail(lock.error());
  auto kernel = netlink::Kernel::open();
  if (!kernel.ok()) return program.fail(kernel.error());
  if (cleanup_only) return clean_up(program, Host{std::move(*kernel)}, settings);
  auto monitor = netlink::Monitor::open();
  if (!monitor.ok()) return program.fail(monitor.error());
  const auto node = site::node_name(settings);
  if (!node.ok()) return program.fail(node.error());

  Metrics metrics{kMetricRows};
  const auto cluster = kube::open_cluster(settings.source);
  if (!cluster.ok()) return program.fail(cluster.error());
  event::Loop loop;
  const process::SignalWatch signals{loop, [&] { loop.stop(); }};
  Agent agent{loop,      settings, metrics, Host{std::move(*kernel)}, std::move(*monitor),
              **cluster, *node};
  auto endpoint = metrics::HttpEndpoint::start(settings.metrics_address, metrics, [&] {
    return agent.health();
  });
  if (!endpoint.ok()) return program.fail(endpoint.error());
  if (const Status started = agent.start(); !started.ok()) return program.fail(started.error());
  log::info("main", "raven-agent-lite {} on node {}", RAVEN_VERSION, *node);
  loop.run();
  return process::kExitOk;
}

}  // namespace
}  // namespace raven::agent_lite

int main(int argc, char** argv) {
  using raven::agent_lite::Settings;
  raven::process::Program program{
      "raven-agent-lite", "Routes for the other sites on a node that is no gateway box."};
  std::string source;
  bool cleanup = false;
  program.option(
      "--source", &source, "Overrides the setting source, for example dir:PATH",
      raven::kube::check_source
  );
  program.flag(
      "--cleanup", &cleanup, "Remove all routes, rules and devices of this agent and exit"
  );
  program.uses_settings<Settings>();
  program.uses_metrics(raven::agent_lite::kMetricRows);
  if (const auto exit_code = program.parse(argc, argv)) return *exit_code;
  auto settings = program.load<Settings>();
  if (!settings.ok()) return program.fail(settings.error());
  if (!source.empty()) settings->source = source;
  return raven::agent_lite::serve(program, *settings, cleanup);
}
