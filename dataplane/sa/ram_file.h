// RamFile: a file that is mapped into this process and never reaches a disk.
// SPDX-License-Identifier: Apache-2.0
//
// For secrets that must outlive the process but not the machine.  Only on tmpfs or ramfs, mode
// 0600, our own, no symbolic link.  It is left out of core files and locked in RAM while it is
// mapped (tmpfs may be swapped while nobody has it mapped; ramfs and tmpfs with `noswap` never).
// What is removed is overwritten first: freed pages would keep it until somebody gets them.
// Threading: one thread at a time; the bytes are the caller's business.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace raven::dataplane {

class RamFile {
 public:
  // A new file of zeros beside `path`, which publish() puts in its place, and which is removed with
  // this object otherwise.  One that a killed start has left is removed too.  It takes no memory
  // yet.
  // kUnavailable: the folder is on a disk.
  static Result<RamFile> create(const std::string& path, std::size_t size);
  // kNotFound; kInvalid when it is not such a file.
  static Result<RamFile> open(const std::string& path);
  // Removes the file at `path` and what a killed start has left beside it.
  static void remove(const std::string& path);

  RamFile(RamFile&& other) noexcept;
  RamFile& operator=(RamFile&&) = delete;
  ~RamFile();

  std::span<uint8_t> bytes() const { return bytes_; }
  // Where the next bytes are that were ever written, from `offset` on; bytes().size(): none.
  // Looking at other bytes would take memory for them.
  std::size_t next_data(std::size_t offset) const;
  // Takes memory for a part.  Without it, writing when memory has run out kills the process.
  Status reserve(std::size_t offset, std::size_t size);
  // Replaces what was at `path` in one step.
  Status publish(const std::string& path);
  // Overwrites all that was ever written.
  void wipe();
  bool locked() const { return locked_; }  // false: it may be swapped

 private:
  RamFile(UniqueFd fd, std::string path) : fd_{std::move(fd)}, path_{std::move(path)} {}
  static void remove_one(const std::string& path);
  Status check_file_system() const;
  Status prepare(std::size_t size);
  Status map(std::size_t size);

  UniqueFd fd_;
  std::string path_;  // for messages
  std::span<uint8_t> bytes_;
  bool locked_ = false;
  bool temporary_ = false;  // created, not published
};

}  // namespace raven::dataplane
