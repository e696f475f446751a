// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipc/unix_listener.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace raven::dataplane {
namespace {

constexpr int kBacklog = 16;

sockaddr_un make_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof(address.sun_path) - 1));
  return address;
}

Status make_directory(const std::string& path) {
  const std::filesystem::path directory = std::filesystem::path{path}.parent_path();
  std::error_code error;
  if (std::filesystem::exists(directory, error)) return {};
  std::filesystem::create_directories(directory, error);
  if (!error) std::filesystem::permissions(directory, std::filesystem::perms{0750}, error);
  if (error) return errno_error("make directory " + directory.string(), error.value());
  return {};
}

// Takes away what a dead process left; never what is in use or not a socket.
Status remove_stale(const std::string& path, int type) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return errno_error("look at " + path, errno);
  }
  if (!S_ISSOCK(info.st_mode))
    return Error{
        ErrorCode::kInvalid, fmt::format("{} is there and is not a socket: move it away", path)};
  const UniqueFd probe{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
  const sockaddr_un address = make_address(path);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0)
    return Error{ErrorCode::kConflict, fmt::format("another process listens on {}", path)};
  if (errno != ECONNREFUSED) return errno_error("try who listens on " + path, errno);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + path, errno);
  return {};
}

}  // namespace

Result<UnixListener> UnixListener::open(
    const std::string& path, int type, unsigned mode, std::vector<uint32_t> allowed_uids
) {
  RAVEN_TRY(make_directory(path));
  RAVEN_TRY(remove_stale(path, type));
  UniqueFd fd{::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return errno_error("socket " + path, errno);
  // Before bind(), so that the file never exists with a wider mode (Linux takes it from here).
  if (::fchmod(fd.get(), mode) != 0) return errno_error("set the mode of " + path, errno);
  const sockaddr_un address = make_address(path);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return errno_error("bind " + path, errno);
  UnixListener listener{std::move(fd), path, std::move(allowed_uids)};
  if (::chmod(path.c_str(), mode) != 0) return errno_error("set the mode of " + path, errno);
  if (::listen(listener.fd(), kBacklog) != 0) return errno_error("listen on " + path, errno);
  return listener;
}

UnixListener::~UnixListener() {
  if (fd_) ::unlink(path_.c_str());
}

Result<UnixListener::Connection> UnixListener::accept() {
  Connection connection;
  connection.fd = UniqueFd{::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!connection.fd) {
    if (errno == EAGAIN || errno == ECONNABORTED)
      return Error{ErrorCode::kNotFound, "nobody waits on " + path_};
    return errno_error("accept on " + path_, errno);
  }
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(connection.fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return errno_error("ask who connected to " + path_, errno);
  connection.uid = peer.uid;
  connection.pid = peer.pid;
  if (std::ranges::find(allowed_uids_, peer.uid) == allowed_uids_.end())
    return Error{
        ErrorCode::kDenied,
        fmt::format(
            "{}: process {} of uid {} is not allowed (setting sockets.allowed_uids)", path_,
            peer.pid, peer.uid
        )};
  return connection;
}

}  // namespace raven::dataplane
