// sa_bench: what the control thread pays for many SAs.  One JSON object on stdout.
// SPDX-License-Identifier: Apache-2.0
//
//   sa_bench [--sas N] [--workers N]
//
// N SAs, half of them inbound, of as many tunnels as it takes with one CHILD_SA per worker; with a
// journal in /dev/shm and the real inbound table, without a packet path.
//
// Times are milliseconds of CPU:
//   add       all of them, one by one, as a key daemon brings them
//   status    how many usable SAs each tunnel has, as GetStatus asks
//   list      all SAs, as ListSas and a scrape ask
//   traffic   sums by tunnel, as a scrape asks
//   tick      one look at all lifetimes, four times a second
//   remove    all of them, one by one
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>

#include "common/base/log.h"
#include "dataplane/sa/manager.h"
#include "perf/generator/tunnels.h"

namespace raven::perf {
namespace {

using namespace dataplane;

struct Arguments {
  unsigned sas = 16000;
  unsigned workers = 4;
};

class BenchTables : public SaTables {
 public:
  PeerIndex peer_of(TunnelId tunnel) const override {
    return PeerIndex{static_cast<uint16_t>(tunnel.value())};
  }
  void publish_inbound(std::span<const SadEntry> entries) override {
    sad_ = std::make_unique<const Sad>(entries, 0x9e3779b97f4a7c15);
  }
  void set_outbound(PeerIndex, std::span<OutboundSa* const>, WorkerId, const OutboundSa*) override {
  }
  void free_later(std::function<void()> disposal) override { disposal(); }

 private:
  std::unique_ptr<const Sad> sad_;
};

double cpu_milliseconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

template <class Work>
double milliseconds(Work work) {
  const double begin = cpu_milliseconds();
  work();
  return cpu_milliseconds() - begin;
}

std::vector<SaConfig> configs(const Arguments& arguments) {
  Tunnels tunnels;
  tunnels.workers = arguments.workers;
  std::vector<SaConfig> all;
  for (unsigned pair = 0; all.size() < arguments.sas; ++pair)
    for (const Direction direction : {Direction::kInbound, Direction::kOutbound}) {
      all.push_back(
          tunnels.sa(pair / arguments.workers, pair % arguments.workers, Side::kGateway, direction)
      );
      all.back().instance = 1;
    }
  return all;
}

Status add_all(SaManager& manager, std::vector<SaConfig> all) {
  for (SaConfig& config : all) RAVEN_TRY(manager.add(std::move(config), BootClock::now()));
  return {};
}

Status measure(const Arguments& arguments) {
  const std::string path = fmt::format("/dev/shm/raven-sa-bench-{}", ::getpid());
  RAVEN_ASSIGN(const auto journal, SaJournal::open(path, arguments.sas));
  RAVEN_TRY(journal->publish());
  BenchTables tables;
  RAVEN_ASSIGN(
      const auto manager, SaManager::create(
                              {.workers = arguments.workers, .sas_max = arguments.sas}, tables,
                              [](const SaEvent&) {}, journal
                          )
  );
  ::unlink(path.c_str());
  auto all = configs(arguments);
  Status added;
  const double add = milliseconds([&] { added = add_all(*manager, std::move(all)); });
  RAVEN_TRY(added);
  const Instant now = BootClock::now();
  std::size_t seen = 0;
  const double status = milliseconds([&] {
    for (unsigned tunnel = 0; tunnel < arguments.sas / arguments.workers / 2; ++tunnel)
      for (const Direction direction : {Direction::kInbound, Direction::kOutbound})
        seen += manager->count_usable(TunnelId{tunnel + 1}, direction);
  });
  const double list = milliseconds([&] { seen += manager->list(now).size(); });
  const double traffic = milliseconds([&] { seen += manager->traffic().size(); });
  const double tick = milliseconds([&] { manager->tick(now); });
  const std::vector<SaInfo> infos = manager->list(now);
  const double remove = milliseconds([&] {
    for (const SaInfo& info : infos) static_cast<void>(manager->remove(info.id));
  });
  fmt::print(
      R"({{"sas": {}, "workers": {}, "add_ms": {:.1f}, "status_ms": {:.2f}, "list_ms": {:.2f}, )"
      R"("traffic_ms": {:.2f}, "tick_ms": {:.2f}, "remove_ms": {:.1f}, "seen": {}}})"
      "\n",
      arguments.sas, arguments.workers, add, status, list, traffic, tick, remove, seen
  );
  return {};
}

int run(int argc, char** argv) {
  CLI::App app{"What the control thread pays for many SAs."};
  Arguments arguments;
  app.add_option("--sas", arguments.sas, "in both directions")->check(CLI::Range(16, 65536));
  app.add_option("--workers", arguments.workers, "of the dataplane")->check(CLI::Range(1, 16));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  log::set_level(log::Level::kError);
  const Status status = measure(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "sa_bench: %s\n", status.error().message.c_str());
  return 69;
}

}  // namespace
}  // namespace raven::perf

int main(int argc, char** argv) {
  return raven::perf::run(argc, argv);
}
