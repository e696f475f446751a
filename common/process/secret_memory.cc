// SPDX-License-Identifier: Apache-2.0
#include "common/process/secret_memory.h"

#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace raven::process {
namespace {

bool may_lock_memory() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY) return true;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  return (data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0;
}

}  // namespace

void refuse_core_files() {
  ::prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

Status lock_memory() {
  if (!may_lock_memory())
    return Error{
        ErrorCode::kDenied,
        "memory is not locked, keys may be swapped out: needs CAP_IPC_LOCK or RLIMIT_MEMLOCK "
        "unlimited, or a box without swap"};
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
    return errno_error("lock memory, keys may be swapped out", errno);
  return {};
}

}  // namespace raven::process
