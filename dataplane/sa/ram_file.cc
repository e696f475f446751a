// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/ram_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace raven::dataplane {
namespace {

std::string new_path(const std::string& path) {
  return path + ".new";
}

Status check_owner(int fd, const std::string& path, struct stat& info) {
  if (::fstat(fd, &info) != 0) return errno_error("stat " + path, errno);
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::kInvalid, path + ": is not a regular file"};
  if (info.st_uid != ::geteuid() || (info.st_mode & 0077) != 0)
    return Error{ErrorCode::kInvalid, path + ": must be ours alone (mode 0600)"};
  return {};
}

}  // namespace

RamFile::RamFile(RamFile&& other) noexcept
    : fd_{std::move(other.fd_)},
      path_{std::move(other.path_)},
      bytes_{std::exchange(other.bytes_, {})},
      locked_{other.locked_},
      temporary_{std::exchange(other.temporary_, false)} {}

RamFile::~RamFile() {
  if (temporary_) {
    wipe();
    ::unlink(path_.c_str());
  }
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

void RamFile::remove_one(const std::string& path) {
  // What cannot be opened is not ours to overwrite, such as where a link leads.
  if (Result<RamFile> file = open(path); file.ok()) file->wipe();
  ::unlink(path.c_str());
}

void RamFile::remove(const std::string& path) {
  remove_one(path);
  remove_one(new_path(path));
}

Result<RamFile> RamFile::create(const std::string& path, std::size_t size) {
  const std::string temporary = new_path(path);
  remove_one(temporary);
  UniqueFd fd{::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fd) return errno_error("create " + temporary, errno);
  RamFile file{std::move(fd), temporary};
  file.temporary_ = true;
  RAVEN_TRY(file.prepare(size));
  return file;
}

Status RamFile::prepare(std::size_t size) {
  RAVEN_TRY(check_file_system());
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0)
    return errno_error("make room in " + path_, errno);
  return map(size);
}

Result<RamFile> RamFile::open(const std::string& path) {
  // O_NONBLOCK: opening a FIFO must not hang before fstat() can refuse it.
  UniqueFd fd{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (!fd && errno == ENOENT) return Error{ErrorCode::kNotFound, path + ": is not there"};
  if (!fd) return errno_error("open " + path, errno);
  struct stat info {};
  RAVEN_TRY(check_owner(fd.get(), path, info));
  RamFile file{std::move(fd), path};
  RAVEN_TRY(file.check_file_system());
  if (info.st_size != 0) RAVEN_TRY(file.map(static_cast<std::size_t>(info.st_size)));
  return file;
}

Status RamFile::check_file_system() const {
  struct statfs info {};
  if (::fstatfs(fd_.get(), &info) != 0) return errno_error("stat " + path_, errno);
  if (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC) return {};
  return Error{ErrorCode::kUnavailable, path_ + ": is not on tmpfs or ramfs"};
}

Status RamFile::map(std::size_t size) {
  void* start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (start == MAP_FAILED) return errno_error("map " + path_, errno);
  bytes_ = {static_cast<uint8_t*>(start), size};
  if (::madvise(start, size, MADV_DONTDUMP) != 0)
    return errno_error("keep out of core files: " + path_, errno);
  locked_ = ::mlock2(start, size, MLOCK_ONFAULT) == 0;
  return {};
}

std::size_t RamFile::next_data(std::size_t offset) const {
  const off_t found = ::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_DATA);
  return found < 0 ? bytes_.size() : static_cast<std::size_t>(found);
}

void RamFile::wipe() {
  for (std::size_t from = next_data(0); from < bytes_.size();) {
    const off_t hole = ::lseek(fd_.get(), static_cast<off_t>(from), SEEK_HOLE);
    const std::size_t end = hole < 0 ? bytes_.size() : static_cast<std::size_t>(hole);
    explicit_bzero(bytes_.data() + from, end - from);
    from = next_data(end);
  }
}

Status RamFile::reserve(std::size_t offset, std::size_t size) {
  const int result =
      ::fallocate(fd_.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(size));
  if (result == 0 || errno == EOPNOTSUPP) return {};  // ramfs grows as it likes
  return errno_error("take memory for " + path_, errno);
}

Status RamFile::publish(const std::string& path) {
  if (::rename(path_.c_str(), path.c_str()) != 0) return errno_error("rename to " + path, errno);
  path_ = path;
  temporary_ = false;
  return {};
}

}  // namespace raven::dataplane
