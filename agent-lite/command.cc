// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/base/unique_fd.h"

namespace raven::agent_lite {
namespace {

std::string read_to_end(int fd) {
  std::string output;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return output;
    output.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

int spawn(const Command& command, int output, pid_t& child) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const int status =
      ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return status;
}

}  // namespace

Result<std::string> run(const Command& command) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("pipe", errno);
  UniqueFd reader{ends[0]}, writer{ends[1]};
  pid_t child = 0;
  if (const int status = spawn(command, writer.get(), child); status != 0)
    return errno_error("run " + command[0], status);
  writer.reset();
  std::string output = read_to_end(reader.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return errno_error("wait for " + command[0], errno);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return Error{ErrorCode::kInvalid, command[0] + ": ended with status " + std::to_string(status)};
  return output;
}

}  // namespace raven::agent_lite
