// worker_bench: cycles per packet of the shipped worker loop.
// SPDX-License-Identifier: Apache-2.0
//
//   worker_bench encrypt|decrypt [--mode worker|io|stages] ...      (--help has them all)
//
// The world is that of generator/tunnels.h, the commands those of generator/session.h.
//   worker   the worker's own loop: receive, all stages, transmit, counters, quiescent points
//   io       source and sink alone: what to subtract
//   stages   the same stages with a clock between them
#include <fmt/format.h>
#include <rte_launch.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <optional>

#include "dataplane/inspect/inspection.h"
#include "dataplane/port/eal.h"
#include "dataplane/worker/worker.h"
#include "perf/bench_box.h"
#include "perf/generator/session.h"
#include "perf/stage_loop.h"

namespace raven::perf {
namespace {

using namespace dataplane;

enum class Mode : uint8_t { kWorker, kIo, kStages };
enum class Inspect : uint8_t { kOff, kTrace, kCapture };

struct Arguments {
  Work work = Work::kEncrypt;
  Mode mode = Mode::kWorker;
  BoxOptions box;
  Flood flood;
  Inspect inspect = Inspect::kOff;
  bool jumbo = false;
  unsigned cpu = 1;
  bool hugepages = true;
};

const std::map<std::string, Work> kWorks = {
    {"encrypt", Work::kEncrypt}, {"decrypt", Work::kDecrypt}};
const std::map<std::string, Mode> kModes = {
    {"worker", Mode::kWorker}, {"io", Mode::kIo}, {"stages", Mode::kStages}};

const std::map<std::string, FloodKind> kFloods = {
    {"unknown-spi", FloodKind::kUnknownSpi},
    {"bad-icv", FloodKind::kBadIcv},
    {"replay", FloodKind::kReplay},
    {"spoof", FloodKind::kSpoof},
    {"punt", FloodKind::kPunt}};
const std::map<std::string, Inspect> kInspects = {
    {"off", Inspect::kOff}, {"trace", Inspect::kTrace}, {"capture", Inspect::kCapture}};

std::map<std::string, Algorithm> algorithms() {
  std::map<std::string, Algorithm> names;
  for (const Suite& suite : kSuites) names.emplace(suite.name, suite.algorithm);
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
  app.add_option("--flood", arguments.flood.kind, "with decrypt: an attacker's packets")
      ->transform(CLI::CheckedTransformer(kFloods));
  app.add_flag("--mixed", arguments.flood.mixed, "every second packet of a flood is legitimate");
  app.add_option("--inspect", arguments.inspect, "off, trace (matches nothing), capture (of all)")
      ->transform(CLI::CheckedTransformer(kInspects));
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

// Somebody who looks at packets, and takes what he is given between two rounds.
struct Watcher {
  explicit Watcher(Inspect kind) {
    Filter nothing;
    nothing.port = uint16_t{1};
    CaptureOptions all;
    all.points.fill(true);
    if (kind == Inspect::kTrace) trace = std::make_shared<Trace>(nothing, UINT32_MAX, 1);
    if (kind == Inspect::kCapture) capture = std::make_shared<Capture>(all, 1);
    if (kind != Inspect::kOff)
      published.emplace(std::make_unique<const Inspection>(trace, capture));
  }
  void take_all() const {
    while (capture != nullptr && capture->read([](const CaptureRecord&, const uint8_t*) {})) {
    }
  }
  std::shared_ptr<Trace> trace;
  std::shared_ptr<Capture> capture;
  std::optional<Published<Inspection>> published;
};

// What the kernel is given.
void take_punted(Mailbox& kernel) {
  std::array<rte_mbuf*, 64> packets;
  while (const unsigned count = kernel.receive(packets.data(), packets.size()))
    rte_pktmbuf_free_bulk(packets.data(), count);
}

// What the worker's thread runs, and how it ends.
struct Gateway {
  std::function<void()> run;
  std::function<void()> stop;
  std::function<std::string()> extra;
};

// ", \"drops\": {\"reason\": 512}" of all that was dropped since the start.
std::string drops_json(const WorkerCounters& counters) {
  std::string json;
  for (std::size_t i = 0; i < kDropCount; ++i)
    if (const uint64_t count = counters.drops.sum(static_cast<Drop>(i)); count > 0)
      json += fmt::format("{}\"{}\": {}", json.empty() ? "" : ", ", drop_info(i).name, count);
  return fmt::format(", \"drops\": {{{}}}", json);
}

Gateway worker_gateway(Worker& worker) {
  return {
      [&worker] { worker.run(); }, [&worker] { worker.stop(); },
      [&worker] { return drops_json(worker.counters()); }};
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
      const auto feeder,
      Feeder::create(*ports, arguments.box.tunnels, arguments.work, 0, 0, arguments.flood)
  );
  RAVEN_ASSIGN(const auto box, BenchBox::create(arguments.box));
  RAVEN_ASSIGN(auto library, CipherLibrary::create());
  ContextSetup setup = box->setup();
  setup.cipher_library = library.get();

  const Watcher watcher{arguments.inspect};
  if (watcher.published) setup.inspection = &*watcher.published;

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
  const auto on_idle = [&session, &watcher, &setup] {
    take_punted(*setup.kernel);
    watcher.take_all();
    session.on_idle();
  };
  RAVEN_TRY(feeder->attach(box->pool().raw(), buffers, on_idle));
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
