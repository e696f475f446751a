// Folder: a place for files in memory, removed at exit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace raven::fuzz {

class Folder {
 public:
  Folder() : path_{"/dev/shm/raven-fuzz-XXXXXX"} {
    require(::mkdtemp(path_.data()) != nullptr, "a folder in memory");
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace raven::fuzz
