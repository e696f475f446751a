// The desired state in a file: whole or not at all.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/desired_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/lib/temporary_folder.h"

namespace raven::dataplane {
namespace {

class DesiredFile : public testing::Test {
 protected:
  void write(const std::string& bytes) const {
    std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
  }
  std::string read() const {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  static dpapi::v1::DesiredState state() {
    dpapi::v1::DesiredState state;
    state.set_generation(7);
    state.add_remote_pools()->add_prefixes("10.2.0.0/16");
    return state;
  }

  test::TemporaryFolder folder;
  const std::string path = folder.file("desired");
};

TEST_F(DesiredFile, GivesBackTheLastState) {
  EXPECT_EQ(load_desired(path).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(save_desired(path, {}).ok());
  ASSERT_TRUE(save_desired(path, state()).ok());
  EXPECT_EQ(load_desired(path).value().SerializeAsString(), state().SerializeAsString());
}

TEST_F(DesiredFile, RefusesEveryFlippedByteAndEveryLength) {
  ASSERT_TRUE(save_desired(path, state()).ok());
  const std::string whole = read();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    write(bytes);
    ASSERT_EQ(load_desired(path).error().code, ErrorCode::kInvalid) << "byte " << at;
    write(whole.substr(0, at));
    ASSERT_EQ(load_desired(path).error().code, ErrorCode::kInvalid) << "length " << at;
  }
}

}  // namespace
}  // namespace raven::dataplane
