// Loading private copies of intel-ipsec-mb.  All that depends on its version is here.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/cipher_library.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <intel-ipsec-mb.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <cerrno>

namespace raven::dataplane {
namespace {

// Version 2.0 keeps its errno per thread.
constexpr bool kNeedsPrivateCopy = IMB_VERSION_NUM < IMB_VERSION(2, 0, 0);

const char* arch_name(const IMB_MGR* manager) {
  switch (manager->used_arch) {
    case IMB_ARCH_SSE:
      return "sse";
    case IMB_ARCH_AVX2:
      return "avx2";
    case IMB_ARCH_AVX512:
      return "avx512";
    default:
      return "other";
  }
}

// The file that the linked library was loaded from.
Result<std::string> library_path() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&alloc_mb_mgr), &info) == 0 || info.dli_fname == nullptr)
    return Error{ErrorCode::kNotFound, "libIPSec_MB: its file is unknown (linked statically?)"};
  return std::string{info.dli_fname};
}

Result<UniqueFd> copy_to_memory(const std::string& path) {
  UniqueFd in{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!in) return errno_error("open " + path, errno);
  struct stat status {};
  if (fstat(in.get(), &status) != 0) return errno_error("stat " + path, errno);
  UniqueFd out{memfd_create("raven-ipsec-mb", MFD_CLOEXEC)};
  if (!out) return errno_error("memfd_create for a copy of " + path, errno);
  for (off_t offset = 0; offset < status.st_size;) {
    const auto rest = static_cast<std::size_t>(status.st_size - offset);
    const ssize_t copied = sendfile(out.get(), in.get(), &offset, rest);
    if (copied <= 0) return errno_error("copy " + path, copied == 0 ? EIO : errno);
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<CipherLibrary>> CipherLibrary::create() {
  std::unique_ptr<CipherLibrary> library{new CipherLibrary};
  if (kNeedsPrivateCopy) {
    Status loaded = library->load_copy();
    if (!loaded.ok())
      library->fallback_reason_ = std::move(loaded.error()).with("private copy").message;
  }
  RAVEN_TRY(library->init_manager());
  return library;
}

Result<std::unique_ptr<CipherLibrary>> CipherLibrary::create_linked() {
  std::unique_ptr<CipherLibrary> library{new CipherLibrary};
  RAVEN_TRY(library->init_manager());
  return library;
}

CipherLibrary::~CipherLibrary() {
  if (manager_ != nullptr) free_manager_(manager_);
  if (handle_ != nullptr) dlclose(handle_);
}

Status CipherLibrary::load_copy() {
#ifdef __SANITIZE_ADDRESS__
  return Error{ErrorCode::kUnavailable, "AddressSanitizer does not support RTLD_DEEPBIND"};
#endif
  RAVEN_ASSIGN(const std::string path, library_path());
  RAVEN_ASSIGN(copy_fd_, copy_to_memory(path));
  const std::string copy = fmt::format("/proc/self/fd/{}", copy_fd_.get());
  // DEEPBIND: the copy must call itself, not the linked library that stands first in the order.
  handle_ = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (handle_ == nullptr) return Error{ErrorCode::kUnavailable, dlerror()};
  return {};
}

Status CipherLibrary::init_manager() {
  auto* allocate = &alloc_mb_mgr;
  auto* init = &init_mb_mgr_auto;
  free_manager_ = &free_mb_mgr;
  if (handle_ != nullptr) {
    allocate = reinterpret_cast<decltype(allocate)>(dlsym(handle_, "alloc_mb_mgr"));
    init = reinterpret_cast<decltype(init)>(dlsym(handle_, "init_mb_mgr_auto"));
    free_manager_ = reinterpret_cast<decltype(free_manager_)>(dlsym(handle_, "free_mb_mgr"));
  }
  if (allocate == nullptr || init == nullptr || free_manager_ == nullptr)
    return Error{ErrorCode::kInternal, "libIPSec_MB: a copy lacks the symbols of the original"};
  manager_ = allocate(0);
  if (manager_ == nullptr) return Error{ErrorCode::kExhausted, "libIPSec_MB: no memory"};
  init(manager_, nullptr);
  const int failure = imb_get_errno(manager_);
  if (failure != 0)
    return Error{
        ErrorCode::kUnavailable,
        fmt::format(
            "libIPSec_MB: this CPU cannot run it (AES-NI needed): {}", imb_get_strerror(failure)
        )};
  return {};
}

std::string CipherLibrary::text() const {
  return fmt::format(
      "{} {} ({})", imb_get_version_str(), arch_name(manager_),
      is_private_copy() ? "private copy" : "shared"
  );
}

}  // namespace raven::dataplane
