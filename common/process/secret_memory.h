// For programs that hold keys: they stay in memory, and in this process.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/base/result.h"

namespace raven::process {

// No core file, no ptrace by the same user.
void refuse_core_files();

// No page is ever swapped out; pages are still taken only when used.  kDenied without
// CAP_IPC_LOCK and with a limit (RLIMIT_MEMLOCK): under a limit, later allocations would fail.
Status lock_memory();

}  // namespace raven::process
