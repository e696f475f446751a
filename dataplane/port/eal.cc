// Start of DPDK's environment.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/eal.h"

#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace raven::dataplane {
namespace {

bool is_virtual(const PortSettings& port) {
  return port.devargs.starts_with("net_");
}

// CPUs this process may use, as "0,1,2".
std::string allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::string list;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return "0";
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) list += (list.empty() ? "" : ",") + std::to_string(cpu);
  return list;
}

// Lcore 0 is control, on any CPU; worker w is lcore w + 1.
std::string lcore_map(const WorkerSettings& workers) {
  const std::string any = fmt::format("({})", allowed_cpus());
  std::string map = "0@" + any;
  for (uint32_t worker = 0; worker < workers.count; ++worker) {
    const bool bound = worker < workers.cpus.size();
    map += fmt::format(",{}@{}", worker + 1, bound ? std::to_string(workers.cpus[worker]) : any);
  }
  return map;
}

struct PageSize {
  unsigned kb;
  const char* setting;  // what to write the number of pages to
};
constexpr PageSize kPageSizes[] = {
    {2048, "/proc/sys/vm/nr_hugepages"},
    {1048576, "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"},
};

uint64_t read_pages(unsigned page_kb, const char* which) {
  std::ifstream file{fmt::format("/sys/kernel/mm/hugepages/hugepages-{}kB/{}", page_kb, which)};
  uint64_t pages = 0;
  file >> pages;
  return file ? pages : 0;
}

}  // namespace

Status check_hugepages(const MemorySettings& memory) {
  uint64_t free_mb = 0;
  for (const PageSize& size : kPageSizes)
    free_mb += read_pages(size.kb, "free_hugepages") * size.kb / 1024;
  if (free_mb >= memory.size_mb) return {};
  const uint64_t missing = (memory.size_mb - free_mb + 1) / 2;
  const uint64_t wanted = read_pages(kPageSizes[0].kb, "nr_hugepages") + missing;
  return Error{
      ErrorCode::kUnavailable,
      fmt::format(
          "memory.size_mb is {} MiB but only {} MiB are free in hugepages: {} pages of 2 MiB "
          "are missing; run 'echo {} > {}', or set memory.hugepages to false (slower)",
          memory.size_mb, free_mb, missing, wanted, kPageSizes[0].setting
      )};
}

std::vector<std::string> Eal::arguments(const Settings& settings) {
  std::vector<std::string> arguments = {
      "raven-dataplane",
      "--lcores",
      lcore_map(settings.workers),
      "-m",
      std::to_string(settings.memory.size_mb),
      "--file-prefix",
      "raven-" + settings.instance,
      "--no-telemetry",
      "--log-level=warning",
      "--iova-mode=va",
  };
  if (settings.memory.hugepages) {
    arguments.emplace_back("--in-memory");
  } else {
    arguments.emplace_back("--no-huge");
    arguments.emplace_back("--no-shconf");
  }
  const std::vector<PortSettings>& ports = settings.ports;
  if (std::all_of(ports.begin(), ports.end(), is_virtual)) arguments.emplace_back("--no-pci");
  return arguments;
}

Result<std::unique_ptr<Eal>> Eal::start(const Settings& settings) {
  if (settings.memory.hugepages) RAVEN_TRY(check_hugepages(settings.memory));
  std::vector<std::string> arguments = Eal::arguments(settings);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
    return errno_error(fmt::format("start DPDK with '{}'", fmt::join(arguments, " ")), rte_errno);
  }
  return std::unique_ptr<Eal>{new Eal};
}

Eal::~Eal() {
  const std::filesystem::path folder = rte_eal_get_runtime_dir();
  rte_eal_cleanup();
  std::error_code ignored;  // not empty: somebody else's of the same instance
  std::filesystem::remove(folder, ignored);
}

}  // namespace raven::dataplane
