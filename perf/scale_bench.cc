// scale_bench: what several workers and large tables cost.  One JSON object on stdout.
// SPDX-License-Identifier: Apache-2.0
//
//   scale_bench [--size BYTES] [--seconds S] [--repeats N]
//
//   scaling    one tunnel, two CHILD_SAs, two workers: throughput over that of one worker alone
//   handover   ESP that arrives at the worker which does not own its SA: busy cycles of both
//   changes    while a worker is under full load: 1000 more SAs, one by one, and 10 000 more
//   routes.
//              blocked: the longest time between two looks at the port, over that without changes
//   capacity   bytes of 100 000 prefixes, scattered over all addresses, and of 10 000 SAs
//
// Needs two CPUs without other work.  Threading: main makes the changes, two workers forward.
#include <fmt/format.h>
#include <malloc.h>
#include <rte_cycles.h>
#include <rte_launch.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>

#include "dataplane/port/eal.h"
#include "dataplane/worker/worker.h"
#include "perf/bench_box.h"
#include "perf/loaded_worker.h"

namespace raven::perf {
namespace {

using namespace dataplane;

constexpr unsigned kWorkers = 2;
constexpr unsigned kMoreSas = 1000, kMoreRoutes = 10000;
constexpr unsigned kManyRoutes = 100000, kManySas = 10000;

struct Arguments {
  uint16_t size = 64;
  double seconds = 0.3;
  unsigned repeats = 5;
};

Settings eal_settings() {
  Settings settings;
  settings.instance = "perf";
  settings.workers.count = kWorkers;
  settings.workers.cpus = {1, 0};
  settings.memory.size_mb = 128;
  PortSettings port;
  port.devargs = RingPorts::kLanDevice;
  settings.ports.push_back(port);
  return settings;
}

class ScaleBench {
 public:
  static Result<std::unique_ptr<ScaleBench>> create(const Arguments& arguments);

  std::string scaling();
  std::string handover();
  Result<std::string> changes();

 private:
  explicit ScaleBench(const Arguments& arguments) : arguments_{arguments} {}
  Status add_worker(unsigned worker);
  double cycles(std::vector<LoadedWorker*> busy);
  void run_for(double seconds) const { ::usleep(static_cast<useconds_t>(seconds * 1e6)); }

  const Arguments arguments_;
  std::unique_ptr<Eal> eal_;
  std::unique_ptr<RingPorts> ports_;
  std::unique_ptr<BenchBox> box_;
  std::vector<std::unique_ptr<LoadedWorker>> workers_;
};

Result<std::unique_ptr<ScaleBench>> ScaleBench::create(const Arguments& arguments) {
  std::unique_ptr<ScaleBench> bench{new ScaleBench{arguments}};
  RAVEN_ASSIGN(bench->eal_, Eal::start(eal_settings()));
  RAVEN_ASSIGN(bench->ports_, RingPorts::create(kWorkers));
  BoxOptions options;
  options.tunnels.workers = kWorkers;
  options.spare_tunnels = kMoreSas / kWorkers;
  RAVEN_ASSIGN(bench->box_, BenchBox::create(options));
  for (unsigned worker = 0; worker < kWorkers; ++worker) RAVEN_TRY(bench->add_worker(worker));
  return bench;
}

Status ScaleBench::add_worker(unsigned worker) {
  Tunnels tunnels;
  tunnels.workers = kWorkers;
  RAVEN_ASSIGN(auto loaded, LoadedWorker::create(*box_, *ports_, tunnels, worker));
  RAVEN_TRY(loaded->start(worker + 1));
  workers_.push_back(std::move(loaded));
  return {};
}

// Cycles per packet of the first of `busy`, all of which forward at the same time.
double ScaleBench::cycles(std::vector<LoadedWorker*> busy) {
  for (LoadedWorker* worker : busy) worker->begin(LoadedWorker::Load::kEncrypt, arguments_.size);
  run_for(arguments_.seconds);
  for (LoadedWorker* worker : busy) worker->end();
  return busy.front()->median_cycles();
}

std::string ScaleBench::scaling() {
  std::vector<double> alone, together, factor;
  LoadedWorker *first = workers_[0].get(), *second = workers_[1].get();
  for (unsigned i = 0; i < arguments_.repeats; ++i) {
    alone.push_back(cycles({first}));
    const double one = cycles({first, second});
    const double other = second->median_cycles();
    together.push_back((one + other) / 2);
    factor.push_back(alone.back() / one + alone.back() / other);
  }
  return fmt::format(
      R"("scaling": {{"workers": {}, "size": {}, "cycles_alone": {:.1f}, )"
      R"("cycles_together": {:.1f}, )"
      R"("factor": {:.2f}, "factor_min": {:.2f}, "factor_max": {:.2f}}})",
      kWorkers, arguments_.size, Spread::of(alone).median, Spread::of(together).median,
      Spread::of(factor).median, Spread::of(factor).min, Spread::of(factor).max
  );
}

std::string ScaleBench::handover() {
  LoadedWorker &receiver = *workers_[0], &owner = *workers_[1];
  const auto before = std::pair{receiver.busy(), owner.busy()};
  owner.begin(LoadedWorker::Load::kServe, arguments_.size);
  receiver.begin(LoadedWorker::Load::kForeign, arguments_.size);
  run_for(arguments_.seconds);
  receiver.end();
  owner.end();
  const auto after = std::pair{receiver.busy(), owner.busy()};
  return fmt::format(
      R"("handover": {{"size": {}, "receiver_cycles": {:.1f}, "owner_cycles": {:.1f}, )"
      R"("round_cycles": {:.1f}}})",
      arguments_.size, after.first.per_packet_since(before.first),
      after.second.per_packet_since(before.second), receiver.median_cycles()
  );
}

Result<std::string> ScaleBench::changes() {
  LoadedWorker& worker = *workers_[0];
  const double us = 1e6 / static_cast<double>(rte_get_tsc_hz());
  worker.begin(LoadedWorker::Load::kEncrypt, arguments_.size);
  run_for(arguments_.seconds);
  const double usual = static_cast<double>(worker.take_longest_gap()) * us;
  uint64_t begin = rte_rdtsc();
  for (unsigned i = 0; i < kMoreSas / kWorkers; ++i) RAVEN_TRY(box_->add_tunnel());
  const double sas_ms = static_cast<double>(rte_rdtsc() - begin) * us / 1000;
  const double sas = static_cast<double>(worker.take_longest_gap()) * us;
  begin = rte_rdtsc();
  box_->writer().publish_topology(box_->topology(kMoreRoutes));
  const double routes_ms = static_cast<double>(rte_rdtsc() - begin) * us / 1000;
  run_for(0.01);
  const double routes = static_cast<double>(worker.take_longest_gap()) * us;
  worker.end();
  return fmt::format(
      R"("changes": {{"usual_gap_us": {:.1f}, "sas": {}, "sas_ms": {:.1f}, )"
      R"("sas_blocked_us": {:.1f}, )"
      R"("routes": {}, "routes_ms": {:.1f}, "routes_blocked_us": {:.1f}}})",
      usual, kMoreSas, sas_ms, std::max(0.0, sas - usual), kMoreRoutes, routes_ms,
      std::max(0.0, routes - usual)
  );
}

std::string capacity() {
  std::vector<FibRow> rows;
  for (uint32_t i = 0; i < kManyRoutes; ++i)
    rows.push_back(
        {IpPrefix::masked(IpAddress::v4(i * 2654435761u), 24), Target::remote(PoolIndex{1})}
    );
  const std::size_t fib_bytes = Fib{std::move(rows)}.memory_bytes();
  Tunnels tunnels;
  const auto library = CipherLibrary::create_linked().value();
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  std::vector<std::unique_ptr<InboundSa>> sas;
  for (unsigned i = 0; i < kManySas; ++i)
    sas.push_back(InboundSa::create(
                      tunnels.sa(i, 0, Side::kGateway, Direction::kInbound), WorkerId{0}, *library
    )
                      .value());
  const std::size_t sa_bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;
  return fmt::format(
      R"("capacity": {{"prefixes": {}, "prefix_bytes": {}, "sas": {}, "sa_bytes": {}}})",
      kManyRoutes, fib_bytes, kManySas, sa_bytes
  );
}

Status measure(const Arguments& arguments) {
  RAVEN_ASSIGN(const auto bench, ScaleBench::create(arguments));
  const std::string scaling = bench->scaling();
  const std::string handover = bench->handover();
  RAVEN_ASSIGN(const std::string changes, bench->changes());
  fmt::print("{{{}, {}, {}, {}}}\n", scaling, handover, changes, capacity());
  return {};
}

int run(int argc, char** argv) {
  CLI::App app{"What several workers and large tables cost."};
  Arguments arguments;
  app.add_option("--size", arguments.size, "inner IP packet, bytes")->check(CLI::Range(64, 1400));
  app.add_option("--seconds", arguments.seconds, "of each sample");
  app.add_option("--repeats", arguments.repeats, "of the scaling samples");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  const Status status = measure(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "scale_bench: %s\n", status.error().message.c_str());
  return 69;
}

}  // namespace
}  // namespace raven::perf

int main(int argc, char** argv) {
  return raven::perf::run(argc, argv);
}
