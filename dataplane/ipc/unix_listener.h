// UnixListener: a UNIX socket with a file mode and an allow-list of users.
// SPDX-License-Identifier: Apache-2.0
//
// Both matter: the mode keeps others from the file, and the peer's uid, as the kernel reports it,
// keeps out whoever reached the file by other means.
// Threading: one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace raven::dataplane {

class UnixListener {
 public:
  // `type` is SOCK_STREAM or SOCK_SEQPACKET.  A socket file that nobody listens on is replaced;
  // one in use gives kConflict, anything that is not a socket kInvalid.  Missing directories of the
  // path are made with mode 0750.
  static Result<UnixListener> open(
      const std::string& path, int type, unsigned mode, std::vector<uint32_t> allowed_uids
  );
  UnixListener(UnixListener&&) noexcept = default;
  UnixListener& operator=(UnixListener&&) = delete;
  ~UnixListener();  // removes the file

  struct Connection {
    UniqueFd fd;  // non-blocking
    uint32_t uid = 0;
    int32_t pid = 0;
  };
  // kNotFound: no client waits.  kDenied: the user may not connect, and has been disconnected.
  Result<Connection> accept();

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  UnixListener(UniqueFd fd, std::string path, std::vector<uint32_t> allowed_uids)
      : fd_{std::move(fd)}, path_{std::move(path)}, allowed_uids_{std::move(allowed_uids)} {}
  UniqueFd fd_;
  std::string path_;
  std::vector<uint32_t> allowed_uids_;
};

}  // namespace raven::dataplane
