// ipsec_secgw_bench: DPDK's ipsec-secgw example with our traffic generator at its ports.
// SPDX-License-Identifier: Apache-2.0
//
// The peer of our own bench: same generator, same packets, same protocol on stdin and stdout
// (perf/generator/session.h).  Everything that ipsec-secgw prints goes to stderr.
#include <sys/mman.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <ext/stdio_filebuf.h>
#include <iostream>

#include "dataplane/ipsec/suite.h"
#include "perf/secgw/config.h"
#include "perf/secgw/dpdk_seam.h"

extern "C" int secgw_main(int argc, char** argv);

namespace raven::perf {
namespace {

struct Options {
  std::string algorithm = "aes-128-gcm", work, mode = "legacy";
  unsigned cpu = 1;
  bool jumbo = false;
  Tunnels tunnels;
};

// stdout carries answers only: C code's stdout becomes stderr.
void take_over_stdout() {
  static __gnu_cxx::stdio_filebuf<char> answers{::dup(STDOUT_FILENO), std::ios::out};
  std::cout.rdbuf(&answers);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
}

// A file that lives in this process only.
Result<std::string> memory_file(const std::string& text) {
  const int fd = ::memfd_create("ipsec-secgw.cfg", 0);
  if (fd < 0 || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return errno_error("write the configuration", errno);
  return "/proc/self/fd/" + std::to_string(fd);
}

Status run(const Options& options) {
  const dataplane::Suite* suite = dataplane::find_suite(options.algorithm);
  if (suite == nullptr) return Error{ErrorCode::kInvalid, options.algorithm + ": no algorithm"};
  SecgwBench& bench = secgw_bench();
  bench.tunnels = options.tunnels;
  bench.tunnels.algorithm = suite->algorithm;
  bench.work = options.work == "decrypt" ? Work::kDecrypt : Work::kEncrypt;
  const auto mode = options.mode == "librte_ipsec" ? SecgwMode::kLibrary : SecgwMode::kLegacy;
  RAVEN_TRY(check_supported(bench.tunnels, mode));
  RAVEN_ASSIGN(const std::string config, memory_file(secgw_config(bench.tunnels)));
  std::vector<std::string> words =
      secgw_arguments(bench.tunnels, mode, {options.cpu, options.jumbo}, config);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  secgw_main(static_cast<int>(words.size()), arguments.data());
  return Error{ErrorCode::kInternal, "ipsec-secgw ended by itself"};
}

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"DPDK's ipsec-secgw with the traffic generator of this project"};
  app.add_option("work", options.work)->required()->check(CLI::IsMember({"encrypt", "decrypt"}));
  app.add_option("--mode", options.mode)->check(CLI::IsMember({"legacy", "librte_ipsec"}));
  app.add_option("--algorithm", options.algorithm);
  app.add_option("--sas", options.tunnels.count)->check(CLI::Range(1u, Tunnels::kMax));
  app.add_option("--cpu", options.cpu, "The CPU that it runs on");
  app.add_flag("--udp", options.tunnels.udp_encapsulated);
  app.add_flag("--ipv6", options.tunnels.ipv6);
  app.add_flag("--vxlan", options.tunnels.vxlan);
  app.add_flag("--jumbo", options.jumbo, "Buffers for packets of 8900 bytes");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  take_over_stdout();
  const Status ended = run(options);
  std::cerr << "ipsec_secgw_bench: " << ended.error().message << '\n';
  return ended.error().code == ErrorCode::kInvalid ? 78 : 70;
}

}  // namespace
}  // namespace raven::perf

int main(int argc, char** argv) {
  return raven::perf::main(argc, argv);
}
