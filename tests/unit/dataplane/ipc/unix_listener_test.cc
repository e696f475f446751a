// UnixListener on real sockets in a directory of the test.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipc/unix_listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace raven::dataplane {
namespace {

using testing::HasSubstr;

class UnixListenerTest : public testing::Test {
 protected:
  UnixListenerTest() {
    std::string name = "/tmp/raven-listener-XXXXXX";
    directory = mkdtemp(name.data());
    path = directory / "sub" / "dp.sock";
  }
  ~UnixListenerTest() override { std::filesystem::remove_all(directory); }

  Result<UnixListener> open(std::vector<uint32_t> uids = {geteuid()}) {
    return UnixListener::open(path.string(), SOCK_SEQPACKET, 0600, std::move(uids));
  }
  UniqueFd connect_to() {
    UniqueFd fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
      fd.reset();
    return fd;
  }

  std::filesystem::path directory, path;
};

TEST_F(UnixListenerTest, MakesTheSocketWithItsModeAndRemovesIt) {
  {
    const auto listener = open();
    ASSERT_TRUE(listener.ok()) << listener.error().message;
    struct stat info {};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
    ASSERT_EQ(stat(path.parent_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0750u);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(UnixListenerTest, AcceptsAnAllowedUserAndSaysWhoItIs) {
  auto listener = open();
  const UniqueFd client = connect_to();
  const auto accepted = listener->accept();
  ASSERT_TRUE(accepted.ok()) << accepted.error().message;
  EXPECT_EQ(accepted->uid, geteuid());
  EXPECT_EQ(accepted->pid, getpid());
  EXPECT_EQ(listener->accept().error().code, ErrorCode::kNotFound);
}

TEST_F(UnixListenerTest, HangsUpOnAnyOtherUser) {
  auto listener = open({geteuid() + 1});
  const UniqueFd client = connect_to();
  const auto accepted = listener->accept();
  ASSERT_FALSE(accepted.ok());
  EXPECT_EQ(accepted.error().code, ErrorCode::kDenied);
  EXPECT_THAT(accepted.error().message, HasSubstr("allowed_uids"));
  char byte;
  EXPECT_EQ(::recv(client.get(), &byte, 1, 0), 0) << "the connection must be closed";
}

TEST_F(UnixListenerTest, RefusesASocketThatIsInUse) {
  const auto first = open();
  const auto second = open();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(connect_to());
}

TEST_F(UnixListenerTest, ReplacesTheSocketOfADeadProcess) {
  std::filesystem::create_directories(path.parent_path());
  {
    const UniqueFd dead{::socket(AF_UNIX, SOCK_SEQPACKET, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  EXPECT_TRUE(open().ok());
}

TEST_F(UnixListenerTest, NeverRemovesWhatIsNotASocket) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream{directory / "precious"} << "data";
  std::filesystem::create_symlink(directory / "precious", path);
  const auto listener = open();
  ASSERT_FALSE(listener.ok());
  EXPECT_THAT(listener.error().message, HasSubstr("not a socket"));
  EXPECT_TRUE(std::filesystem::exists(directory / "precious"));
}

}  // namespace
}  // namespace raven::dataplane
