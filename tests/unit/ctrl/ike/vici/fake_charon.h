// FakeCharon: a VICI server that plays one scripted byte string per packet it receives.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/unique_fd.h"

namespace raven::vici {

class FakeCharon {
 public:
  FakeCharon();
  ~FakeCharon();

  const std::string& path() const { return path_; }
  // What to send back for the next packet, as is; "" closes the connection instead.
  void answer(std::string bytes);
  // Packets received so far, without their length: type, name, content.
  std::vector<std::string> received();

 private:
  void serve();
  bool serve_packet(int fd);
  std::string path_;
  UniqueFd listener_;
  std::mutex mutex_;
  std::deque<std::string> answers_;    // under mutex_
  std::vector<std::string> received_;  // under mutex_
  std::thread thread_;
};

// A packet with its length: type, then `rest`.
std::string packet(char type, const std::string& rest = {});

}  // namespace raven::vici
