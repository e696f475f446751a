// worker_bench: cycles per packet of the shipped worker loop.
// SPDX-License-Identifier: Apache-2.0
//
//   worker_bench encrypt|decrypt [--mode worker|io|stages] ...      (--help has them all)
//
// The world is that of generator/tunnels.h, the commands those of generator/session.h.
//   worker   the worker's own loop: receive, all stages, transmit, counters, quiescent points
//   io       source and sink alone: what to subtract
//   stages   the same stages with a clock between them
#include <rte_launch.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <optional>

#include "dataplane/port/eal.h"
#include "dataplane/worker/worker.h"
#include "perf/bench_box.h"
#include "perf/generator/session.h"
#include "perf/stage_loop.h"

namespace raven::perf {
namespace {

using namespace dataplane;

enum class Mode : uint8_t { kWorker, kIo, kStages };

struct Arguments {
  Work work = Work::kEncrypt;
  Mode mode = Mode::kWorker;
  BoxOptions box;
  bool jumbo = false;
  unsigned cpu = 1;
  bool hugepages = true;
};

const std::map<std::string, Work> kWorks = {
    {"encrypt", Work::kEncrypt}, {"decrypt", Work::kDecrypt}};
const std::map<std::string, Mode> kModes = {
    {"worker", Mode::kWorker}, {"io", Mode::kIo}, {"stages", Mode::kStages}};

std::map<std::string, Algorithm> algorithms() {
  std::map<std::string, Algorithm> names;
  for (const Suite& suite : all_suites()) names.emplace(suite.name, suite.algorithm);
  return names;
}

void describe(CLI::App& app, Arguments& arguments) {
  Tunnels& tunnels = arguments.box.tunnels;
  app.add_option("work", arguments.work, "encrypt or decrypt")
      ->required()
      ->transform(CLI::CheckedTransformer(kWorks));
  app.add_option("--mode", arguments.mode, "worker, io or stages")
      ->transform(CLI::CheckedTransformer(kModes));
  app.add_option("--algorithm", tunnels.algorithm, "aes-128-gcm, ...")
      ->transform(CLI::CheckedTransformer(algorithms()));
  app.add_option("--sas", tunnels.count, "tunnels in turn")
      ->check(CLI::Range(1u, unsigned{Tunnels::kMax}));
  app.add_option("--routes", arguments.box.extra_routes, "beside one for each tunnel");
  app.add_flag("--udp", tunnels.udp_encapsulated, "ESP in UDP");
  app.add_flag("--ipv6", tunnels.ipv6, "outer and inner IPv6");
  app.add_flag("--vxlan", tunnels.vxlan, "VXLAN on the LAN side");
  app.add_flag("--jumbo", arguments.jumbo, "buffers for frames of 9216 bytes");
  app.add_option("--cpu", arguments.cpu, "of the worker");
  app.add_flag("!--no-huge", arguments.hugepages, "ordinary pages");
}

Settings eal_settings(const Arguments& arguments) {
  Settings settings;
  settings.instance = "perf";
  settings.workers.count = 1;
  settings.workers.cpus = {arguments.cpu};
  settings.memory.hugepages = arguments.hugepages;
  settings.memory.size_mb = arguments.jumbo ? 256 : 128;
  PortSettings port;
  port.devargs = "net_ring_lan";
  settings.ports.push_back(port);
  return settings;
}

// What the worker's thread runs, and how it ends.
struct Gateway {
  std::function<void()> run;
  std::function<void()> stop;
  std::function<std::string()> extra;
};

Gateway worker_gateway(Worker& worker) {
  return {[&worker] { worker.run(); }, [&worker] { worker.stop(); }, {}};
}

Gateway loop_gateway(std::function<void()> run_once, std::function<std::string()> extra) {
  auto stopped = std::make_shared<bool>(false);
  return {
      [run_once = std::move(run_once), stopped] {
        while (!*stopped) run_once();
      },
      [stopped] { *stopped = true; }, std::move(extra)};
}

int run_gateway(void* gateway) {
  static_cast<Gateway*>(gateway)->run();
  return 0;
}

Status measure(const Arguments& arguments) {
  RAVEN_ASSIGN(const auto eal, Eal::start(eal_settings(arguments)));
  RAVEN_ASSIGN(const auto ports, RingPorts::create(1));
  RAVEN_ASSIGN(
      const auto feeder, Feeder::create(*ports, arguments.box.tunnels, arguments.work, 0, 0)
  );
  RAVEN_ASSIGN(const auto box, BenchBox::create(arguments.box));
  RAVEN_ASSIGN(auto library, CipherLibrary::create());
  ContextSetup setup = box->setup();
  setup.cipher_library = library.get();

  std::optional<Worker> worker;
  std::unique_ptr<StageLoop> stages;
  Gateway gateway;
  if (arguments.mode == Mode::kWorker) {
    worker.emplace(setup, std::move(library), IdleMode::kPoll, box->quiescence());
    gateway = worker_gateway(*worker);
  } else if (arguments.mode == Mode::kStages) {
    stages = std::make_unique<StageLoop>(setup);
    gateway = loop_gateway([&] { stages->run_once(); }, [&] { return stages->take_json(); });
  } else {
    const bool encrypt = arguments.work == Work::kEncrypt;
    Port &from = *setup.ports[encrypt ? 0 : 1], &to = *setup.ports[encrypt ? 1 : 0];
    gateway = loop_gateway([&from, &to] { pass_on(from, to); }, {});
  }
  Session session{*feeder, gateway.stop, gateway.extra};
  const unsigned buffers = arguments.box.buffers / 2;
  RAVEN_TRY(feeder->attach(box->pool().raw(), buffers, [&session] { session.on_idle(); }));
  if (rte_eal_remote_launch(run_gateway, &gateway, 1) != 0)
    return Error{ErrorCode::kInternal, "start the worker's thread"};
  // rte_eal_wait_lcore() alone spins, perhaps on the core that is measured.
  while (rte_eal_get_lcore_state(1) == RUNNING) ::usleep(10000);
  rte_eal_wait_lcore(1);
  return {};
}

int run(int argc, char** argv) {
  CLI::App app{"Cycles per packet of the shipped worker loop; commands on stdin."};
  Arguments arguments;
  describe(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  if (arguments.jumbo) arguments.box.frame_bytes_max = 9216;
  const Status status = measure(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "worker_bench: %s\n", status.error().message.c_str());
  return 69;
}

}  // namespace
}  // namespace raven::perf

int main(int argc, char** argv) {
  return raven::perf::run(argc, argv);
}
