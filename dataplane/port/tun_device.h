// TunDevice: a persistent TAP or TUN interface of the kernel, as a file descriptor.
// SPDX-License-Identifier: Apache-2.0
//
// Persistent, so that its addresses (and charon, which listens on them) survive a restart of the
// dataplane; only the carrier is lost while no process has it open.  It is set up, given its MAC
// address and MTU, never an address: addresses and routes belong to the operator and the gateway
// agent.
#pragma once

#include <optional>
#include <string>

#include "common/base/ip.h"
#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace raven::dataplane {

class TunDevice {
 public:
  // Ethernet frames; the MAC is that of the port it stands for.
  static Result<TunDevice> open_tap(const std::string& name, const MacAddress& mac, unsigned mtu);
  // Plain IP packets.
  static Result<TunDevice> open_tun(const std::string& name, unsigned mtu);
  // Removes the interface (it is persistent otherwise).
  static Status remove(const std::string& name);

  int fd() const { return fd_.get(); }  // non-blocking
  const std::string& name() const { return name_; }

 private:
  TunDevice(UniqueFd fd, std::string name) : fd_{std::move(fd)}, name_{std::move(name)} {}
  static Result<TunDevice> open(
      const std::string& name, int kind, const MacAddress* mac, unsigned mtu
  );
  UniqueFd fd_;
  std::string name_;
};

}  // namespace raven::dataplane
