// TUN and TAP interfaces through /dev/net/tun.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/tun_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

namespace raven::dataplane {
namespace {

ifreq request_for(const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

Status call(int fd, unsigned long command, ifreq& request, const std::string& what) {
  if (ioctl(fd, command, &request) == 0) return {};
  return errno_error(what, errno);
}

Status set_mac(int control, const std::string& name, const MacAddress& mac) {
  ifreq request = request_for(name);
  RAVEN_TRY(call(control, SIOCGIFHWADDR, request, "read the MAC address of " + name));
  // Setting the same address again would still flush the kernel's neighbours.
  if (std::memcmp(request.ifr_hwaddr.sa_data, mac.bytes.data(), mac.bytes.size()) == 0) return {};
  request = request_for(name);
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::memcpy(request.ifr_hwaddr.sa_data, mac.bytes.data(), mac.bytes.size());
  return call(
      control, SIOCSIFHWADDR, request,
      fmt::format("set the MAC address of {} to {}", name, mac.text())
  );
}

Status set_mtu_and_up(int control, const std::string& name, unsigned mtu) {
  ifreq request = request_for(name);
  request.ifr_mtu = static_cast<int>(mtu);
  RAVEN_TRY(call(control, SIOCSIFMTU, request, fmt::format("set the MTU of {} to {}", name, mtu)));
  request = request_for(name);
  RAVEN_TRY(call(control, SIOCGIFFLAGS, request, "read the flags of " + name));
  if ((request.ifr_flags & IFF_UP) != 0) return {};
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return call(control, SIOCSIFFLAGS, request, "set " + name + " up");
}

Result<UniqueFd> attach(const std::string& name, int flags) {
  UniqueFd fd{::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)};
  if (!fd) return errno_error("open /dev/net/tun (CAP_NET_ADMIN and the device are needed)", errno);
  ifreq request = request_for(name);
  request.ifr_flags = static_cast<short>(flags);
  RAVEN_TRY(call(
      fd.get(), TUNSETIFF, request,
      fmt::format("attach to the interface {} (another process may have it)", name)
  ));
  return fd;
}

}  // namespace

Result<TunDevice> TunDevice::open_tap(
    const std::string& name, const MacAddress& mac, unsigned mtu
) {
  return open(name, IFF_TAP, &mac, mtu);
}

Result<TunDevice> TunDevice::open_tun(const std::string& name, unsigned mtu) {
  return open(name, IFF_TUN, nullptr, mtu);
}

Result<TunDevice> TunDevice::open(
    const std::string& name, int kind, const MacAddress* mac, unsigned mtu
) {
  if (name.empty() || name.size() >= IFNAMSIZ) {
    return Error{
        ErrorCode::kInvalid,
        fmt::format("interface name '{}': 1 to {} characters", name, IFNAMSIZ - 1)};
  }
  RAVEN_ASSIGN(UniqueFd fd, attach(name, kind | IFF_NO_PI));
  if (ioctl(fd.get(), TUNSETPERSIST, 1) != 0)
    return errno_error("make " + name + " persistent", errno);
  const UniqueFd control{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!control) return errno_error("open a socket to configure " + name, errno);
  if (mac != nullptr) RAVEN_TRY(set_mac(control.get(), name, *mac));
  RAVEN_TRY(set_mtu_and_up(control.get(), name, mtu));
  return TunDevice{std::move(fd), name};
}

Status TunDevice::remove(const std::string& name) {
  // The kind must match that of the interface: one of the two does.
  for (const int kind : {IFF_TAP, IFF_TUN}) {
    Result<UniqueFd> fd = attach(name, kind | IFF_NO_PI);
    if (!fd.ok()) continue;
    if (ioctl(fd->get(), TUNSETPERSIST, 0) == 0) return {};
  }
  return errno_error("remove the interface " + name, errno);
}

}  // namespace raven::dataplane
