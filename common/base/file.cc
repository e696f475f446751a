// SPDX-License-Identifier: Apache-2.0
#include "common/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "common/base/unique_fd.h"

namespace raven {
namespace {

Result<UniqueFd> open_regular(const std::string& path, std::size_t size_max, struct stat& info) {
  // O_NONBLOCK: opening a FIFO must not hang before fstat() can refuse it.
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return errno_error("open " + path, errno);
  if (::fstat(fd.get(), &info) != 0) return errno_error("stat " + path, errno);
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::kInvalid, path + ": is not a regular file"};
  if (static_cast<std::size_t>(info.st_size) > size_max)
    return Error{
        ErrorCode::kInvalid, path + ": is larger than " + std::to_string(size_max) + " bytes"};
  return fd;
}

// Reads to the end of the file into `buffer`; a file that grows beyond it meanwhile is refused.
Result<std::size_t> read_all(int fd, const std::string& path, std::span<uint8_t> buffer) {
  std::size_t size = 0;
  for (;;) {
    uint8_t beyond;
    const bool full = size == buffer.size();
    const ssize_t n =
        ::read(fd, full ? &beyond : buffer.data() + size, full ? 1 : buffer.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read " + path, errno);
    if (n == 0) return size;
    if (full) return Error{ErrorCode::kInvalid, path + ": grew while it was read"};
    size += static_cast<std::size_t>(n);
  }
}

Status write_all(int fd, const std::string& path, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("write " + path, errno);
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t size_max) {
  struct stat info {};
  RAVEN_ASSIGN(const UniqueFd fd, open_regular(path, size_max, info));
  // Files of /proc and /sys say that they are empty: give them the whole allowance.
  std::string content(info.st_size == 0 ? size_max : static_cast<std::size_t>(info.st_size), '\0');
  RAVEN_ASSIGN(
      const std::size_t size,
      read_all(fd.get(), path, {reinterpret_cast<uint8_t*>(content.data()), content.size()})
  );
  content.resize(size);
  return content;
}

Status write_file_atomic(
    const std::string& path, std::string_view content, unsigned mode, Survives survives
) {
  const bool sync = survives == Survives::kMachine;
  const std::string temporary = path + ".new." + std::to_string(::getpid());
  const auto fail = [&](const char* what) {
    Error error = errno_error(std::string{what} + " " + temporary, errno);
    ::unlink(temporary.c_str());
    return error;
  };
  UniqueFd fd{
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)};
  if (!fd) return fail("create");
  if (Status written = write_all(fd.get(), temporary, content); !written) {
    ::unlink(temporary.c_str());
    return written;
  }
  if (sync && ::fsync(fd.get()) != 0) return fail("fsync");
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail("rename");
  if (!sync) return {};
  const std::string folder = std::filesystem::path{path}.parent_path();
  const UniqueFd folder_fd{
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder_fd) ::fsync(folder_fd.get());
  return {};
}

Result<Secret> read_secret_file(const std::string& path, std::size_t size_max) {
  std::error_code code;
  const auto resolved = std::filesystem::canonical(path, code);
  if (code) return errno_error("open " + path, code.value());
  const auto folder = std::filesystem::canonical(
      std::filesystem::path{path}.parent_path().empty() ? std::filesystem::path{"."}
                                                        : std::filesystem::path{path}.parent_path()
  );
  if (resolved.string().rfind(folder.string() + "/", 0) != 0)
    return Error{ErrorCode::kInvalid, path + ": is a symbolic link out of its directory"};
  struct stat info {};
  RAVEN_ASSIGN(const UniqueFd fd, open_regular(resolved, size_max, info));
  if ((info.st_mode & 0077) != 0)
    return Error{ErrorCode::kInvalid, path + ": must not be open to group or others (chmod 0600)"};
  Secret secret{static_cast<std::size_t>(info.st_size)};
  RAVEN_ASSIGN(std::size_t size, read_all(fd.get(), path, secret.expose_writable()));
  const auto bytes = secret.expose();
  if (size > 0 && bytes[size - 1] == '\n') --size;
  return Secret{bytes.first(size)};
}

}  // namespace raven
