// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/ctrl/ike/vici/fake_charon.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

namespace raven::vici {

std::string packet(char type, const std::string& rest) {
  const uint32_t length = htonl(static_cast<uint32_t>(1 + rest.size()));
  return std::string{reinterpret_cast<const char*>(&length), 4} + type + rest;
}

FakeCharon::FakeCharon() {
  char folder[] = "/tmp/vici-test-XXXXXX";
  path_ = std::string{::mkdtemp(folder)} + "/charon.vici";
  listener_ = UniqueFd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener_.get(), 4) != 0)
    std::abort();
  thread_ = std::thread{[this] { serve(); }};
}

FakeCharon::~FakeCharon() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
  std::filesystem::remove_all(std::filesystem::path{path_}.parent_path());
}

void FakeCharon::answer(std::string bytes) {
  const std::lock_guard lock{mutex_};
  answers_.push_back(std::move(bytes));
}

std::vector<std::string> FakeCharon::received() {
  const std::lock_guard lock{mutex_};
  return received_;
}

void FakeCharon::serve() {
  for (;;) {
    const UniqueFd connection{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!connection) return;
    while (serve_packet(connection.get())) {
    }
  }
}

bool FakeCharon::serve_packet(int fd) {
  uint32_t length = 0;
  if (::recv(fd, &length, 4, MSG_WAITALL) != 4) return false;
  std::string body(ntohl(length), '\0');
  if (::recv(fd, body.data(), body.size(), MSG_WAITALL) != static_cast<ssize_t>(body.size()))
    return false;
  std::string reply;
  {
    const std::lock_guard lock{mutex_};
    received_.push_back(body);
    if (answers_.empty()) return true;  // stays silent
    reply = answers_.front();
    answers_.pop_front();
  }
  if (reply.empty()) return false;
  return ::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL) >= 0;
}

}  // namespace raven::vici
