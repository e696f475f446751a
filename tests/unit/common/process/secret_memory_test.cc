// Programs that hold keys: what the kernel then says of them.  Each in a process of its own.
// SPDX-License-Identifier: Apache-2.0
#include "common/process/secret_memory.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace raven::process {
namespace {

// Kilobytes of this process that are locked.
long locked_kb() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;)
    if (long kb = 0; word == "VmLck:" && status >> kb) return kb;
  return -1;
}

bool gets_no_core_file() {
  refuse_core_files();
  rlimit limit{1, 1};
  getrlimit(RLIMIT_CORE, &limit);
  return prctl(PR_GET_DUMPABLE) == 0 && limit.rlim_max == 0;
}

// AddressSanitizer makes mlockall() do nothing and say that it worked.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kLockingWorks = false;
#else
constexpr bool kLockingWorks = true;
#endif

bool is_locked_or_told_why() {
  const Status locked = lock_memory();
  if (locked.ok()) return (locked_kb() > 0) == kLockingWorks;
  return locked.error().message.find("CAP_IPC_LOCK") != std::string::npos;
}

bool is_refused_under_a_limit() {
  const rlimit small{65536, 65536};
  setrlimit(RLIMIT_MEMLOCK, &small);
  if (geteuid() == 0 && setuid(65534) != 0) return false;  // the capabilities go
  const Status locked = lock_memory();
  return !locked.ok() && locked.error().code == ErrorCode::kDenied;
}

void expect_in_a_child(bool (*holds)()) {
  EXPECT_EXIT(_exit(holds() ? 0 : 1), testing::ExitedWithCode(0), "");
}

TEST(SecretMemory, NobodyGetsACoreFile) {
  expect_in_a_child(gets_no_core_file);
}

TEST(SecretMemory, IsLockedOrTheReasonSaysWhatIsNeeded) {
  expect_in_a_child(is_locked_or_told_why);
}

TEST(SecretMemory, IsNotLockedUnderALimitThatLaterAllocationsWouldMeet) {
  expect_in_a_child(is_refused_under_a_limit);
}

}  // namespace
}  // namespace raven::process
