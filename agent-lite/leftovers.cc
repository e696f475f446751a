// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/leftovers.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "common/base/file.h"

namespace raven::agent_lite {
namespace {

constexpr const char* kSecretsFile = "/etc/ipsec.d/raven.secrets";
constexpr const char* kWireguardLink = "raven-wg0";
constexpr uint32_t kWireguardTable = 9028;
constexpr uint32_t kWireguardRulePriority = 101;

std::vector<std::string> lines_of(std::string_view text) {
  std::istringstream stream{std::string{text}};
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Words of an iptables rule: separated by blanks, with "..." around those that hold some.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  bool quoted = false, in_word = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char character = line[i];
    if (character == ' ' && !quoted) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (character == '"') {
      quoted = !quoted;
      continue;
    }
    if (character == '\\' && i + 1 < line.size()) character = line[++i];
    words.back() += character;
  }
  return words;
}

bool jumps_to(const std::vector<std::string>& words, const std::string& chain) {
  const auto jump = std::ranges::find(words, "-j");
  return jump != words.end() && jump + 1 != words.end() && *(jump + 1) == chain;
}

class Removal {
 public:
  explicit Removal(netlink::Kernel& kernel) : kernel_{kernel} {}

  void chains(const std::string& tool) {
    chain(tool, "mangle", "RAVEN-MARK-CHAIN");
    chain(tool, "nat", "RAVEN-POSTROUTING");
  }

  void sets() {
    const auto names = run({"ipset", "list", "-n"});
    if (!names.ok()) return;
    for (const std::string& name : lines_of(*names))
      if (name == "raven-mark-set" || name == "raven-skip-nat-set")
        note("set " + name, Status{done(run({"ipset", "destroy", name}))});
  }

  void wireguard() {
    const auto link = kernel_.link(kWireguardLink);
    if (link.ok() && *link && (*link)->kind == "wireguard")
      note("device raven-wg0", kernel_.remove(**link));
    const auto rules = kernel_.rules(IpFamily::kV4);
    if (!rules.ok()) return;
    for (const netlink::Rule& rule : *rules)
      if (rule.priority == kWireguardRulePriority && rule.table == kWireguardTable &&
          !rule.other_selectors)
        note("rule " + rule.text(), kernel_.remove(rule));
    const auto routes = kernel_.routes(IpFamily::kV4, kWireguardTable);
    if (!routes.ok()) return;
    for (const netlink::Route& route : *routes)
      note("route " + route.text(), kernel_.remove(route));
  }

  void secrets() {
    if (::access(kSecretsFile, F_OK) != 0) return;
    const int status = ::unlink(kSecretsFile);
    note(kSecretsFile, status == 0 ? Status{} : errno_error("remove", errno));
  }

  std::vector<std::string> notes;

 private:
  static Status done(Result<std::string> result) {
    return result.ok() ? Status{} : Status{std::move(result).error()};
  }

  void note(const std::string& what, const Status& status) {
    notes.push_back(status.ok() ? "removed " + what : what + ": " + status.error().message);
  }

  void chain(const std::string& tool, const std::string& table, const std::string& name) {
    const auto listing = run({tool, "-t", table, "-S"});
    if (!listing.ok()) return;
    const auto commands = chain_removal(tool, table, name, *listing);
    if (commands.empty()) return;
    Status status;
    for (const Command& command : commands)
      if (Status one = done(run(command)); !one.ok() && status.ok()) status = std::move(one);
    note("chain " + name + " of table " + table, status);
  }

  netlink::Kernel& kernel_;
};

// The legacy tables come into being when one looks into them: only where they exist already.
bool has_legacy_tables() {
  const auto names = read_file("/proc/net/ip_tables_names", 4096);
  return names.ok() && !names->empty();
}

}  // namespace

std::vector<Command> chain_removal(
    const std::string& tool, const std::string& table, const std::string& chain,
    std::string_view listing
) {
  std::vector<Command> commands;
  bool exists = false;
  for (const std::string& line : lines_of(listing)) {
    std::vector<std::string> words = words_of(line);
    if (words == std::vector<std::string>{"-N", chain}) exists = true;
    if (words.size() < 2 || words[0] != "-A" || words[1] == chain || !jumps_to(words, chain))
      continue;
    Command command{tool, "-w", "-t", table, "-D"};
    command.insert(command.end(), words.begin() + 1, words.end());
    commands.push_back(std::move(command));
  }
  if (!exists) return {};
  commands.push_back({tool, "-w", "-t", table, "-F", chain});
  commands.push_back({tool, "-w", "-t", table, "-X", chain});
  return commands;
}

std::vector<std::string> remove_raven_leftovers(netlink::Kernel& kernel) {
  Removal removal{kernel};
  removal.chains("iptables-nft");
  if (has_legacy_tables()) removal.chains("iptables-legacy");
  removal.sets();  // after the chains that use them
  removal.wireguard();
  removal.secrets();
  return std::move(removal.notes);
}

}  // namespace raven::agent_lite
