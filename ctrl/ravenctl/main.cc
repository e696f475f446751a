// ravenctl: reads the APIs of the other programs; changes nothing.
// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "common/base/log.h"
#include "common/dpapi/client.h"
#include "common/kube/cluster.h"
#include "common/kube/lease.h"
#include "common/model/names.h"
#include "common/process/program.h"
#include "ctrl/ravenctl/capture_command.h"
#include "ctrl/ravenctl/cluster_views.h"
#include "ctrl/ravenctl/dataplane_views.h"
#include "ctrl/ravenctl/top_command.h"
#include "ctrl/ravenctl/trace_command.h"

namespace raven::ctl {
namespace {

struct Options {
  std::string socket = dpapi::kDefaultSocket;
  std::string source;
  std::string output = "table";
  int timeout_seconds = 5;
  bool all = false;
  bool json() const { return output == "json"; }
  CommonOptions common() const { return {socket, json()}; }
};

int fail(const Error& error) {
  std::fprintf(stderr, "ravenctl: %s\n", error.message.c_str());
  return process::kExitUnavailable;
}

int print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return process::kExitOk;
}

// Prints an answer of the dataplane as JSON or with `render`.
template <class Answer, class Render>
int show(const Options& options, const Result<Answer>& answer, Render render) {
  if (!answer.ok()) return fail(answer.error());
  return print(options.json() ? json_text(*answer) : render(*answer));
}

// The objects of the cluster once every watch has listed, or an error after the timeout.
Result<ClusterObjects> read_cluster(const Options& options) {
  RAVEN_ASSIGN(auto cluster, kube::open_cluster(options.source));
  const auto gateways = cluster->watch({.kind = model::gateway_kind()});
  const auto leases = cluster->watch(
      {.kind = kube::lease_kind(),
       .name_space = std::string{model::kSystemNamespace},
       .label_selector = std::string{model::kHeartbeatLabel}}
  );
  const auto nodes = cluster->watch({.kind = model::node_kind()});
  std::mutex mutex;
  std::condition_variable changed;
  RAVEN_TRY(cluster->start([&] {
    const std::lock_guard lock{mutex};
    changed.notify_all();
  }));
  {
    std::unique_lock lock{mutex};
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::seconds{options.timeout_seconds};
    while (!cluster->synced() && changed.wait_until(lock, deadline) != std::cv_status::timeout) {
    }
  }
  cluster->stop();
  if (!cluster->synced())
    return Error{
        ErrorCode::kTimeout, options.source + ": no answer: " + cluster->health().last_error};
  return ClusterObjects{
      *cluster->snapshot(gateways), *cluster->snapshot(leases), *cluster->snapshot(nodes)};
}

int show_gateways(const Options& options) {
  if (options.source.empty()) {
    std::fprintf(stderr, "gateways: --source is required: cluster, kubeconfig:PATH or dir:PATH\n");
    return process::kExitUsage;
  }
  const auto objects = read_cluster(options);
  if (!objects.ok()) return fail(objects.error());
  if (options.json()) return print(gateways_json(*objects));
  return print(gateways_text(*objects) + problems_text(*objects));
}

// Of the cluster when a source is given, else of the dataplane of this box.
int show_status(const Options& options, dpapi::DataplaneClient& dataplane) {
  if (!options.source.empty()) return show_gateways(options);
  return show(options, dataplane.status(), status_text);
}

void add_options(CLI::App& app, Options& options) {
  app.add_option("--socket", options.socket, "Control socket of the dataplane")
      ->capture_default_str();
  app.add_option(
         "--source", options.source, "Read the cluster: cluster, kubeconfig:PATH or dir:PATH"
  )
      ->check(kube::check_source, "");
  app.add_option("-o,--output", options.output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.add_option("--timeout", options.timeout_seconds, "Seconds to wait for an answer")
      ->check(CLI::Range(1, 60))
      ->capture_default_str();
  app.add_flag("--all", options.all, "Also show counters that are zero");
  app.set_version_flag("--version", "ravenctl " RAVEN_VERSION);
  app.footer(
      "Options of ravenctl itself (--socket, --source, -o, --timeout, --all) may also follow the\n"
      "subcommand.  Exit codes: 0 ok, 64 usage, 69 no answer."
  );
  app.require_subcommand(1);
  app.fallthrough();
}

int run(int argc, char** argv) {
  CLI::App app{"Shows what Raven Gateway is doing, on this box and in the cluster.", "ravenctl"};
  Options options;
  add_options(app, options);
  auto* status = app.add_subcommand("status", "This box at a glance; with --source, the cluster");
  auto* gateways = app.add_subcommand("gateways", "Gateway boxes of all pools (needs --source)");
  auto* tunnels = app.add_subcommand("tunnels", "Tunnels of this box, with probes and round trips");
  auto* sas = app.add_subcommand("sas", "IPsec SAs of this box, without keys");
  auto* routes = app.add_subcommand("routes", "Prefixes and where they lead");
  auto* stats = app.add_subcommand("stats", "Counters");
  auto* drops = app.add_subcommand("drops", "Why packets were dropped");
  TopCommand top{app};
  TraceCommand trace{app};
  CaptureCommand capture{app};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? process::kExitOk : process::kExitUsage;
  }
  log::set_level(log::Level::kError);
  if (top.parsed()) return top.run(options.common());
  if (trace.parsed()) return trace.run(options.common());
  if (capture.parsed()) return capture.run(options.common());
  dpapi::DataplaneClient dataplane{options.socket, std::chrono::seconds{options.timeout_seconds}};
  if (status->parsed()) return show_status(options, dataplane);
  if (gateways->parsed()) return show_gateways(options);
  if (tunnels->parsed()) return show(options, dataplane.status(), tunnels_text);
  if (sas->parsed()) return show(options, dataplane.sas(), sas_text);
  if (routes->parsed()) return show(options, dataplane.routes(), routes_text);
  const auto with_all = [&options](auto render) {
    return [&options, render](const auto& answer) { return render(answer, options.all); };
  };
  if (stats->parsed()) return show(options, dataplane.statistics(), with_all(statistics_text));
  if (drops->parsed()) return show(options, dataplane.drops(), with_all(drops_text));
  return process::kExitUsage;
}

}  // namespace
}  // namespace raven::ctl

int main(int argc, char** argv) {
  return raven::ctl::run(argc, argv);
}
