// CipherLibrary: a manager of intel-ipsec-mb, with a private copy of the library under it.
// SPDX-License-Identifier: Apache-2.0
//
// Why a copy: every call into version 1.3 stores to one process-global errno.  With two workers
// that cache line costs more than the cipher itself, so each worker loads its own copy of the
// library, which has its own data segment.  2.0 keeps errno per thread and needs no copy.
//
// Threading: an object belongs to one thread.  Key tables made with one may be used with all.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

struct IMB_MGR;

namespace raven::dataplane {

class CipherLibrary {
 public:
  // A private copy where the version needs one.  If it cannot be made, the linked library is used
  // and fallback_reason() says why: correct, but slow with several workers.
  static Result<std::unique_ptr<CipherLibrary>> create();
  // The linked library; enough for a control thread and for tests.
  static Result<std::unique_ptr<CipherLibrary>> create_linked();

  ~CipherLibrary();
  CipherLibrary(const CipherLibrary&) = delete;
  CipherLibrary& operator=(const CipherLibrary&) = delete;

  IMB_MGR* manager() const { return manager_; }
  bool is_private_copy() const { return handle_ != nullptr; }
  // Empty: no fallback was necessary.
  const std::string& fallback_reason() const { return fallback_reason_; }
  // "1.3.0 avx512 (private copy)", for logs and status.
  std::string text() const;

 private:
  CipherLibrary() = default;
  Status load_copy();
  Status init_manager();

  UniqueFd copy_fd_;  // stays open: a second dlopen() of the same /proc/self/fd path would match
  void* handle_ = nullptr;
  IMB_MGR* manager_ = nullptr;
  void (*free_manager_)(IMB_MGR*) = nullptr;
  std::string fallback_reason_;
};

}  // namespace raven::dataplane
