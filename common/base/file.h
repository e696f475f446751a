// Whole files: bounded reads, atomic writes, and the strict checks that secrets need.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/base/secret.h"

namespace raven {

// Reads a regular file of at most `size_max` bytes.
Result<std::string> read_file(const std::string& path, std::size_t size_max);

// Which crash a written file survives.  kProcess does not wait for the disk: after a crash of the
// machine the file may be old, empty or torn.
enum class Survives { kMachine, kProcess };

// Replaces the file in one step: temporary file beside it, fsync, rename.  Readers see the old or
// the new content, after a crash too.
Status write_file_atomic(
    const std::string& path, std::string_view content, unsigned mode = 0644,
    Survives survives = Survives::kMachine
);

// Reads a secret: a regular file (no symbolic link as the last component unless it stays within
// its directory, as Kubernetes mounts Secrets), not readable by group or others.  One trailing
// newline is cut.
Result<Secret> read_secret_file(const std::string& path, std::size_t size_max);

}  // namespace raven
