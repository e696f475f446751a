// Box: a network namespace with a dataplane in it; and the little that tests do to machines.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "common/dpapi/client.h"

namespace raven::dataplane {

// Runs a shell command; the exit code.
inline int shell(const std::string& command) {
  const int status = std::system((command + " >/dev/null 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

inline void must(const std::string& command) {
  ASSERT_EQ(shell(command), 0) << command;
}

// Waits for what a test expects to happen; false after `patience`.
inline bool eventually(
    const std::function<bool()>& condition, std::chrono::seconds patience = std::chrono::seconds{30}
) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return true;
}

class Box {
 public:
  Box(std::string name, std::string directory)
      : name_{std::move(name)}, directory_{std::move(directory)} {
    shell("ip netns del " + name_);
    must("ip netns add " + name_);
    in("ip link set lo up");
  }
  ~Box() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    shell("ip netns del " + name_);
  }
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;

  void in(const std::string& command) const { must("ip netns exec " + name_ + " " + command); }
  int try_in(const std::string& command) const {
    return shell("ip netns exec " + name_ + " " + command);
  }

  std::string path(const std::string& file) const { return directory_ + "/" + name_ + "-" + file; }
  std::string socket() const { return path("control.sock"); }
  std::string log() const {
    std::ifstream file{path("log")};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  void write(const std::string& file, const std::string& text) const {
    std::ofstream{path(file)} << text;
    ASSERT_EQ(::chmod(path(file).c_str(), 0600), 0);
  }

  // Starts the dataplane with the settings in "config" and waits until it answers.
  void start() {
    launch();
    ASSERT_TRUE(eventually([this] { return client().status().ok(); })) << log();
  }
  void launch() {
    pid_ = ::fork();
    ASSERT_GE(pid_, 0);
    if (pid_ != 0) return;
    const int log_file = ::open(path("log").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    ::dup2(log_file, STDERR_FILENO);
    ::dup2(log_file, STDOUT_FILENO);
    ::execlp(
        "ip", "ip", "netns", "exec", name_.c_str(), RAVEN_DATAPLANE, "--config",
        path("config").c_str(), nullptr
    );
    ::_exit(127);
  }
  void signal(int number) const { ::kill(pid_, number); }
  // The exit code once the dataplane has ended; -1: it ended by a signal.
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  pid_t pid() const { return pid_; }

  dpapi::DataplaneClient client() const { return dpapi::DataplaneClient{socket()}; }

 private:
  std::string name_, directory_;
  pid_t pid_ = -1;
};

}  // namespace raven::dataplane
