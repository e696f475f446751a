// SPDX-License-Identifier: Apache-2.0
#include "dataplane/filter/port_filter.h"

#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/log.h"
#include "common/base/unique_fd.h"
#include "dataplane/filter/rules.h"

namespace raven::dataplane {
namespace {

// The kernel must not speak on an isolated interface either: no IPv6 of its own.
Status silence_ipv6(const std::string& interface) {
  const std::string path = "/proc/sys/net/ipv6/conf/" + interface + "/disable_ipv6";
  const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!file && errno == ENOENT) return {};  // a kernel without IPv6
  if (!file || ::write(file.get(), "1", 1) != 1) return errno_error("write " + path, errno);
  return {};
}

// nft accepts rules for interfaces that may come later (Linux 6.16); we need them now.
Status check_interface(const std::string& interface) {
  if (::if_nametoindex(interface.c_str()) != 0) return {};
  return Error{
      ErrorCode::kUnavailable, "interface " + interface +
                                   " is not there: create it or correct "
                                   "kernel_interface or isolate_interface"};
}

Status isolate(Nft& nft, const PortSettings& port) {
  RAVEN_TRY(check_interface(port.isolate_interface));
  RAVEN_TRY(nft.run(isolate_rules(port.name, port.isolate_interface)));
  return silence_ipv6(port.isolate_interface);
}

Status claim(Nft& nft, const PortSettings& port, const std::vector<IpPrefix>& closed) {
  RAVEN_TRY(check_interface(port.kernel_interface));
  const bool fresh = !nft.list(table_of(port.name)).ok();
  return nft.run(
      claim_rules(port.name, port.kernel_interface) +
      (fresh ? remote_sets(port.name, closed, {}) : "")
  );
}

}  // namespace

Result<std::unique_ptr<PortFilter>> PortFilter::install(
    const std::vector<PortSettings>& ports, const std::vector<IpPrefix>& closed
) {
  RAVEN_ASSIGN(Nft nft, Nft::open());
  std::vector<std::string> shared;
  for (const PortSettings& port : ports) {
    if (port.isolate_kernel) {
      Status isolated = isolate(nft, port);
      if (!isolated.ok()) return std::move(isolated).error().with("isolate port " + port.name);
    }
    if (port.mode != PortMode::kShared) continue;
    Status claimed = claim(nft, port, closed);
    if (!claimed.ok()) return std::move(claimed).error().with("claim traffic of port " + port.name);
    shared.push_back(port.name);
  }
  return std::unique_ptr<PortFilter>{new PortFilter{std::move(nft), std::move(shared)}};
}

Status PortFilter::update(const std::vector<IpAddress>& own) {
  std::string sets;
  for (const std::string& port : shared_) sets += own_sets(port, own);
  return replace(std::move(sets));
}

Status PortFilter::update(
    const std::vector<IpAddress>& own, const std::vector<IpPrefix>& remote,
    const std::vector<IpPrefix>& open
) {
  std::string sets;
  for (const std::string& port : shared_)
    sets += own_sets(port, own) + remote_sets(port, remote, open);
  return replace(std::move(sets));
}

Status PortFilter::replace(std::string sets) {
  if (sets == last_sets_) return {};
  RAVEN_TRY(nft_.run(sets));
  last_sets_ = std::move(sets);
  return {};
}

void PortFilter::release() {
  for (const std::string& port : shared_) {
    const Status released = nft_.run(release_rules(port));
    if (!released.ok()) log::warning("filter", "port {}: {}", port, released.error().message);
  }
}

}  // namespace raven::dataplane
