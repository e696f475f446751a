// InstanceLock: one process per set of files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace raven::process {

// Held for the lifetime of the object.  The file stays; the lock ends with the process, however
// that ends.
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
