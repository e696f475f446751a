// Whole files: bounds, atomic replacement, and what a secret file may be.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace raven {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() {
    char pattern[] = "/tmp/raven-file-test.XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }
  std::string make(const std::string& name, const std::string& content, mode_t mode) {
    const std::string path = folder_ + "/" + name;
    std::ofstream{path} << content;
    chmod(path.c_str(), mode);
    return path;
  }
  std::string folder_;
};

TEST_F(FileTest, ReadsAtMostWhatIsAllowed) {
  const std::string path = make("a", "12345", 0644);
  EXPECT_EQ(*read_file(path, 5), "12345");
  EXPECT_EQ(read_file(path, 4).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(read_file(folder_ + "/none", 4).error().code, ErrorCode::kNotFound);
}

TEST_F(FileTest, RefusesWhatIsNotARegularFileWithoutHanging) {
  const std::string fifo = folder_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(read_file(fifo, 10).ok());
  EXPECT_FALSE(read_file("/dev/zero", 10).ok());
  EXPECT_FALSE(read_file(folder_, 10).ok());
}

TEST_F(FileTest, ReadsFilesOfProcWhichSayThatTheyAreEmpty) {
  EXPECT_FALSE(read_file("/proc/self/stat", 4096)->empty());
}

TEST_F(FileTest, ReplacesAFileAndLeavesNoTemporaryBehind) {
  const std::string path = make("a", "old", 0644);
  ASSERT_TRUE(write_file_atomic(path, "new", 0600).ok());
  EXPECT_EQ(*read_file(path, 10), "new");
  ASSERT_TRUE(write_file_atomic(path, "newer", 0600, Survives::kProcess).ok());
  EXPECT_EQ(*read_file(path, 10), "newer");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder_}, {}), 1);
}

TEST_F(FileTest, KeepsTheOldFileWhenTheNewOneCannotBeWritten) {
  EXPECT_FALSE(write_file_atomic(folder_ + "/none/a", "new").ok());
}

TEST_F(FileTest, ReadsASecretAndCutsOneNewline) {
  const auto secret = read_secret_file(make("psk", "abc\n\n", 0600), 100);
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->size(), 4u);
}

TEST_F(FileTest, RefusesASecretThatOthersCanRead) {
  EXPECT_FALSE(read_secret_file(make("psk", "abc", 0640), 100).ok());
  EXPECT_FALSE(read_secret_file(make("psk2", "abc", 0604), 100).ok());
}

TEST_F(FileTest, RefusesASecretBehindALinkOutOfItsFolderButTakesAMountedKubernetesSecret) {
  std::filesystem::create_directory(folder_ + "/..data");
  make("..data/psk", "abc", 0600);
  std::filesystem::create_symlink("..data/psk", folder_ + "/psk");
  EXPECT_TRUE(read_secret_file(folder_ + "/psk", 100).ok());
  std::filesystem::create_directory(folder_ + "/mount");
  std::filesystem::create_symlink("../..data/psk", folder_ + "/mount/psk");
  EXPECT_FALSE(read_secret_file(folder_ + "/mount/psk", 100).ok());
}

}  // namespace
}  // namespace raven
