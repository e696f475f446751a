// SPDX-License-Identifier: Apache-2.0
#include "common/process/instance_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>

#include "common/base/file.h"

namespace raven::process {

static Error held_by_other(const std::string& path) {
  const std::string pid = read_file(path, 64).value_or("unknown");
  const std::string number = pid.substr(0, pid.find('\n'));
  std::string name = read_file("/proc/" + number + "/comm", 64).value_or("");
  name = name.substr(0, name.find('\n'));
  return {
      ErrorCode::kConflict, path + ": locked by process " + number +
                                (name.empty() ? "" : " (" + name + ")") +
                                ": stop that one first, or use other files"};
}

Result<InstanceLock> InstanceLock::take(const std::string& path) {
  std::error_code ignored;  // opening the file tells what is wrong
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), ignored);
  UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
  if (!fd) return errno_error("open lock file " + path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return held_by_other(path);
    return errno_error("lock " + path, errno);
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0)
    return errno_error("write lock file " + path, errno);
  return InstanceLock{std::move(fd)};
}

}  // namespace raven::process
