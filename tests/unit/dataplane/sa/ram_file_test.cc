// Files in RAM: nothing secret stays behind in one that is gone.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/ram_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "common/base/unique_fd.h"

namespace raven::dataplane {
namespace {

constexpr std::size_t kSize = 1 << 20;
const std::string kSecret = "a key that nobody may find";

class RamFileTest : public testing::Test {
 protected:
  RamFileTest() {
    std::string name = "/dev/shm/raven-ram-file-XXXXXX";
    folder = mkdtemp(name.data());
    path = folder + "/keys";
  }
  ~RamFileTest() override { std::filesystem::remove_all(folder); }

  // Sees the bytes of a file after its name is gone.
  static UniqueFd watch(const std::string& file) {
    return UniqueFd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  }
  static std::string bytes_of(const UniqueFd& fd) {
    std::string bytes(kSize, '?');
    const ssize_t size = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }
  static bool holds_secret(const UniqueFd& fd) {
    return bytes_of(fd).find(kSecret) != std::string::npos;
  }
  static void put_secrets(const RamFile& file) {
    for (const std::size_t at : {std::size_t{0}, kSize / 2, kSize - kSecret.size()})
      std::ranges::copy(kSecret, file.bytes().begin() + static_cast<long>(at));
  }
  void leave_secret_at(const std::string& file) const {
    std::ofstream{file} << kSecret;
    ::chmod(file.c_str(), 0600);
  }

  std::string folder, path;
};

TEST_F(RamFileTest, StaysWhenItWasPublished) {
  {
    RamFile file = RamFile::create(path, kSize).value();
    put_secrets(file);
    ASSERT_TRUE(file.publish(path).ok());
  }
  EXPECT_TRUE(holds_secret(watch(path)));
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(RamFileTest, IsWipedAndGoneWhenItWasNotPublished) {
  UniqueFd seen;
  {
    const RamFile file = RamFile::create(path, kSize).value();
    put_secrets(file);
    seen = watch(path + ".new");
    ASSERT_TRUE(holds_secret(seen));
  }
  EXPECT_EQ(bytes_of(seen), std::string(kSize, '\0'));
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(RamFileTest, WipesWhatAKilledStartHasLeft) {
  leave_secret_at(path + ".new");
  const UniqueFd seen = watch(path + ".new");
  ASSERT_TRUE(RamFile::create(path, kSize).ok());
  EXPECT_EQ(bytes_of(seen), std::string(kSecret.size(), '\0'));
}

TEST_F(RamFileTest, IsWipedWhenItIsRemoved) {
  for (const std::string& file : {path, path + ".new"}) leave_secret_at(file);
  const UniqueFd published = watch(path), left = watch(path + ".new");
  RamFile::remove(path);
  EXPECT_FALSE(holds_secret(published));
  EXPECT_FALSE(holds_secret(left));
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(RamFileTest, RemovesALinkWithoutTouchingWhereItLeads) {
  leave_secret_at(folder + "/elsewhere");
  std::filesystem::create_symlink(folder + "/elsewhere", path + ".new");
  ASSERT_TRUE(RamFile::create(path, kSize).ok());
  EXPECT_TRUE(holds_secret(watch(folder + "/elsewhere")));
}

TEST_F(RamFileTest, WipingTakesNoMemory) {
  RamFile file = RamFile::create(path, kSize).value();
  put_secrets(file);
  const UniqueFd seen = watch(path + ".new");
  struct stat before {
  }, after{};
  ASSERT_EQ(::fstat(seen.get(), &before), 0);
  file.wipe();
  ASSERT_EQ(::fstat(seen.get(), &after), 0);
  EXPECT_EQ(before.st_blocks, after.st_blocks);
  EXPECT_FALSE(holds_secret(seen));
}

}  // namespace
}  // namespace raven::dataplane
