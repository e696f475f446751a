// NetSpace: two network namespaces joined by a veth pair; the calling thread lives in the first.
// SPDX-License-Identifier: Apache-2.0
//
//   here: near0 192.0.2.1/24  ====  far0 192.0.2.2/24 :there
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "common/base/unique_fd.h"

namespace raven::dataplane {

class NetSpace {
 public:
  NetSpace() : name_{fmt::format("rvns{}", getpid() % 100000)} {
    must(fmt::format("ip netns add {0}a && ip netns add {0}b", name_));
    enter(name_ + "a");
    must(fmt::format("ip link add near0 type veth peer name far0 netns {}b", name_));
    must("ip addr add 192.0.2.1/24 dev near0 && ip link set near0 up && ip link set lo up");
    there("ip addr add 192.0.2.2/24 dev far0 && ip link set far0 up");
    there("ethtool -K far0 tx off");
  }
  ~NetSpace() { must(fmt::format("ip netns del {0}a; ip netns del {0}b", name_)); }
  NetSpace(const NetSpace&) = delete;
  NetSpace& operator=(const NetSpace&) = delete;

  // Shell commands on either side.
  static void here(const std::string& command) { must(command); }
  void there(const std::string& command) const {
    must(fmt::format("ip netns exec {}b sh -c '{}'", name_, command));
  }
  // Runs `work` on a thread that lives on the far side.
  void on_far_side(const std::function<void()>& work) const {
    std::thread{[&] {
      enter(name_ + "b");
      work();
    }}.join();
  }
  static std::string mac_of(const std::string& sys_path) {
    std::string mac;
    std::ifstream{sys_path} >> mac;
    return mac;
  }

 private:
  static void must(const std::string& command) {
    EXPECT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0) << command;
  }
  static void enter(const std::string& name) {
    const UniqueFd space{::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC)};
    ASSERT_TRUE(space) << name;
    ASSERT_EQ(::setns(space.get(), CLONE_NEWNET), 0);
  }
  std::string name_;
};

}  // namespace raven::dataplane
