// Finding of packet sockets through /proc/self/fd.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/wait_fds.h"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>

namespace raven::dataplane {
namespace {

bool is_packet_socket(int fd) {
  int domain = 0;
  socklen_t size = sizeof(domain);
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) return false;
  return domain == AF_PACKET || domain == AF_XDP;
}

}  // namespace

std::set<int> packet_sockets() {
  std::set<int> sockets;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const std::string name = entry.path().filename().string();
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    if (fd >= 0 && is_packet_socket(fd)) sockets.insert(fd);
  }
  return sockets;
}

std::vector<int> new_packet_sockets(const std::set<int>& before) {
  const std::set<int> now = packet_sockets();
  std::vector<int> opened;
  std::set_difference(
      now.begin(), now.end(), before.begin(), before.end(), std::back_inserter(opened)
  );
  return opened;
}

}  // namespace raven::dataplane
