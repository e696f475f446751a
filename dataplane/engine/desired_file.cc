// One line that says what follows, with its checksum; then the message.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/desired_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "common/base/crc32.h"
#include "common/base/file.h"

namespace raven::dataplane {
namespace {

constexpr std::size_t kSizeMax = std::size_t{256} << 20;

std::string first_line(std::string_view message) {
  return fmt::format(
      "raven-desired-2 {:08x}\n",
      crc32({reinterpret_cast<const uint8_t*>(message.data()), message.size()})
  );
}

}  // namespace

// Of use only to a dataplane that starts again beside the SAs in RAM of the one before, so it need
// not outlive the machine: the control thread, which also probes, must not wait for a disk.
Status save_desired(const std::string& path, const dpapi::v1::DesiredState& state) {
  const std::string message = state.SerializeAsString();
  return write_file_atomic(path, first_line(message) + message, 0600, Survives::kProcess);
}

Result<dpapi::v1::DesiredState> load_desired(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return Error{ErrorCode::kNotFound, path + ": is not there"};
  RAVEN_ASSIGN(const std::string content, read_file(path, kSizeMax));
  const std::string_view message =
      std::string_view{content}.substr(std::min(content.size(), first_line({}).size()));
  dpapi::v1::DesiredState state;
  if (content.starts_with(first_line(message)) &&
      state.ParseFromArray(message.data(), static_cast<int>(message.size())))
    return state;
  return Error{ErrorCode::kInvalid, path + ": is damaged, not used"};
}

}  // namespace raven::dataplane
