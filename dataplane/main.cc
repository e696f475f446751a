// raven-dataplane: the packet path of a gateway box.  Load, validate, build, run, drain.
// SPDX-License-Identifier: Apache-2.0
#include <future>

#include "common/base/log.h"
#include "common/metrics/http_endpoint.h"
#include "common/process/instance_lock.h"
#include "common/process/program.h"
#include "common/process/secret_memory.h"
#include "common/process/signal_watch.h"
#include "dataplane/filter/port_filter.h"
#include "dataplane/mirror/adjacency_slots.h"
#include "dataplane/port/eal.h"
#include "dataplane/server/server.h"
#include "dataplane/telemetry/collector.h"

namespace raven::dataplane {
namespace {

// Keys are in this memory.
void protect_memory() {
  process::refuse_core_files();
  if (const Status locked = process::lock_memory(); !locked.ok())
    log::warning("dataplane", "{}", locked.error().message);
}

Result<process::InstanceLock> take_lock(const Settings& settings) {
  return process::InstanceLock::take(
      settings.state_dir + "/dataplane-" + settings.instance + ".lock"
  );
}

std::vector<KernelPort> kernel_ports(const PacketPath& path) {
  std::vector<KernelPort> ports;
  for (const auto& port : path.ports())
    ports.push_back({port->index(), port->settings().kernel_interface, 0, port->mtu()});
  return ports;
}

metrics::Health health_of(event::Loop& loop, const Engine& engine) {
  const auto done = std::make_shared<std::promise<bool>>();
  auto alive = done->get_future();
  loop.post([done, &engine] { done->set_value(engine.view().watch.all_alive()); });
  if (alive.wait_for(std::chrono::seconds{1}) != std::future_status::ready)
    return {false, "the control thread does not answer"};
  return alive.get() ? metrics::Health{} : metrics::Health{false, "a worker does not move"};
}

// On every way out the workers end before the engine frees the SAs they use.
struct WorkersEnd {
  PacketPath& path;
  ~WorkersEnd() { path.stop(); }
};

Status run(const Settings& settings) {
  RAVEN_ASSIGN(const auto lock, take_lock(settings));
  RAVEN_ASSIGN(const auto filter, PortFilter::install(settings.ports, settings.cluster_cidrs));
  RAVEN_ASSIGN(const auto eal, Eal::start(settings));
  RAVEN_ASSIGN(const auto path, PacketPath::create(settings));
  event::Loop loop;
  TableAdjacencySlots slots{path->writer(), path->tables()};
  RAVEN_ASSIGN(const auto mirror, Mirror::start(loop, kernel_ports(*path), slots));
  RAVEN_ASSIGN(const auto engine, Engine::start(loop, settings, *path, *mirror, *filter));
  metrics::Table<Metric> table{kMetricRows};
  collect_from(loop, {*engine, *path, *mirror}, table);
  RAVEN_ASSIGN(
      const auto endpoint,
      metrics::HttpEndpoint::start(
          settings.metrics_address, table, [&] { return health_of(loop, *engine); }
      )
  );
  RAVEN_TRY(path->start());
  const WorkersEnd workers_end{*path};
  RAVEN_ASSIGN(
      const auto server,
      ControlServer::start(loop, settings.sockets, *engine, *path, *mirror, table)
  );
  const process::SignalWatch signals{loop, [&loop] { loop.stop(); }};
  log::info(
      "dataplane", "ready: {} ports, {} workers", settings.ports.size(), settings.workers.count
  );
  loop.run();
  log::info("dataplane", "draining");
  path->stop();
  filter->release();
  return {};
}

}  // namespace
}  // namespace raven::dataplane

int main(int argc, char** argv) {
  using namespace raven;
  process::Program program{"raven-dataplane", "Encrypts and forwards traffic between sites."};
  program.uses_settings<dataplane::Settings>();
  program.uses_metrics(dataplane::kMetricRows);
  if (const auto exit_code = program.parse(argc, argv)) return *exit_code;
  const auto settings = program.load<dataplane::Settings>();
  if (!settings) return program.fail(settings.error());
  dataplane::protect_memory();
  const Status ended = dataplane::run(*settings);
  return ended.ok() ? process::kExitOk : program.fail(ended.error());
}
