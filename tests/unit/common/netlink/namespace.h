// A test fixture in a network namespace of its own, with iproute2 as the independent witness.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sched.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>

namespace raven::netlink {

// Runs a shell command; gives what it printed on standard output.  Fails the test if it fails.
inline std::string shell(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) {
    ADD_FAILURE() << "popen: " << std::generic_category().message(errno);
    return "";
  }
  std::string output;
  std::array<char, 4096> buffer;
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << output;
  return output;
}

class NamespaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::unshare(CLONE_NEWNET) != 0)
      GTEST_SKIP() << "needs root for a network namespace: "
                   << std::generic_category().message(errno);
    shell("ip link set lo up");
  }
};

}  // namespace raven::netlink
