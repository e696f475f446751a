// InstanceLock: one process per set of files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace raven::process {

// Held while it lives.  The file stays; the lock goes with the process, however it ends.
class InstanceLock {
 public:
  // Makes the folder of the file where it is missing.
  // kConflict names the holder: "locked by process 4711 (raven-dataplane)".
  static Result<InstanceLock> take(const std::string& path);

 private:
  explicit InstanceLock(UniqueFd fd) : fd_{std::move(fd)} {}
  UniqueFd fd_;
};

}  // namespace raven::process
