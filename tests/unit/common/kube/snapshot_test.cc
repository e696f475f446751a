// SPDX-License-Identifier: Apache-2.0
#include "common/kube/snapshot.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/base/file.h"
#include "common/kube/json_value.h"
#include "common/kube/manifest.h"
#include "tests/lib/temporary_folder.h"

namespace raven::kube {
namespace {

constexpr std::size_t kAny = 1u << 20;

ObjectsByKind objects(const std::string& value) {
  const auto make = [&](const std::string& name) {
    return std::make_shared<const Json>(Json{{"metadata", {{"name", name}}}, {"value", value}});
  };
  return {
      {"gateways", {{"cloud", make("cloud")}, {"edge", make("edge")}}},
      {"nodes", {{"n1", make("n1")}}}};
}

std::string value_of(const SnapshotStore::Loaded& loaded) {
  return text_or(*loaded.objects.at("gateways").at("cloud"), {"value"});
}

class SnapshotTest : public testing::Test {
 protected:
  std::string file(unsigned generation) const {
    char name[64];
    std::snprintf(name, sizeof(name), "snapshot-%016u.yaml", generation);
    return folder_.file(name);
  }
  // Not synced: the sweeps write thousands of files.
  void overwrite(unsigned generation, const std::string& text) const {
    std::ofstream{file(generation), std::ios::binary | std::ios::trunc} << text;
  }
  std::string content(unsigned generation) const { return *read_file(file(generation), kAny); }

  test::TemporaryFolder folder_;
};

TEST_F(SnapshotTest, ComesBackAsItWasSaved) {
  SnapshotStore store{folder_.path()};
  ASSERT_TRUE(store.save(objects("one")).ok());
  const auto loaded = SnapshotStore{folder_.path()}.load();
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->generation, 1u);
  EXPECT_EQ(loaded->objects.at("gateways").size(), 2u);
  EXPECT_EQ(loaded->objects.at("nodes").size(), 1u);
  EXPECT_EQ(value_of(*loaded), "one");
  EXPECT_GT(loaded->written_at_unix_s, 1'600'000'000);
  EXPECT_EQ(loaded->passed_over, "");
}

TEST_F(SnapshotTest, NoneIsNotFound) {
  const auto loaded = SnapshotStore{folder_.file("absent")}.load();
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::kNotFound);
}

TEST_F(SnapshotTest, SameContentIsNotWrittenAgain) {
  SnapshotStore store{folder_.path()};
  ASSERT_TRUE(store.save(objects("one")).ok());
  ASSERT_TRUE(store.save(objects("one")).ok());
  SnapshotStore again{folder_.path()};
  ASSERT_TRUE(again.load().ok());
  ASSERT_TRUE(again.save(objects("one")).ok());
  EXPECT_FALSE(std::filesystem::exists(file(2)));
}

TEST_F(SnapshotTest, TwoGenerationsAreKept) {
  SnapshotStore store{folder_.path()};
  for (const char* value : {"one", "two", "three"}) ASSERT_TRUE(store.save(objects(value)).ok());
  EXPECT_FALSE(std::filesystem::exists(file(1)));
  EXPECT_TRUE(std::filesystem::exists(file(2)));
  EXPECT_EQ(value_of(*store.load()), "three");
}

TEST_F(SnapshotTest, FileIsAReadableManifest) {
  ASSERT_TRUE(SnapshotStore{folder_.path()}.save(objects("one")).ok());
  const auto documents = parse_manifests("f", content(1));
  ASSERT_TRUE(documents.ok()) << documents.error().message;
  EXPECT_EQ(documents->size(), 3u);
}

TEST_F(SnapshotTest, NewerFileCutAtAnyLengthGivesThePreviousGeneration) {
  SnapshotStore store{folder_.path()};
  ASSERT_TRUE(store.save(objects("one")).ok());
  ASSERT_TRUE(store.save(objects("two")).ok());
  const std::string whole = content(2);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    overwrite(2, whole.substr(0, length));
    const auto loaded = SnapshotStore{folder_.path()}.load();
    ASSERT_TRUE(loaded.ok()) << "cut at " << length;
    EXPECT_EQ(value_of(*loaded), "one") << "cut at " << length;
    EXPECT_NE(loaded->passed_over.find(file(2)), std::string::npos);
  }
}

TEST_F(SnapshotTest, AnyChangedByteGivesThePreviousGeneration) {
  SnapshotStore store{folder_.path()};
  ASSERT_TRUE(store.save(objects("one")).ok());
  ASSERT_TRUE(store.save(objects("two")).ok());
  const std::string whole = content(2);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {0x01, 0x20, 0x80}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      overwrite(2, changed);
      const auto loaded = SnapshotStore{folder_.path()}.load();
      ASSERT_TRUE(loaded.ok()) << "byte " << at;
      EXPECT_EQ(value_of(*loaded), "one") << "byte " << at << " flip " << flip;
    }
  }
}

TEST_F(SnapshotTest, BytesAfterTheEndAreNoticed) {
  SnapshotStore store{folder_.path()};
  ASSERT_TRUE(store.save(objects("one")).ok());
  ASSERT_TRUE(write_file_atomic(file(1), content(1) + "---\n").ok());
  EXPECT_FALSE(SnapshotStore{folder_.path()}.load().ok());
}

TEST_F(SnapshotTest, FileUnderTheNameOfAnotherGenerationIsNotUsed) {
  SnapshotStore store{folder_.path()};
  ASSERT_TRUE(store.save(objects("one")).ok());
  std::filesystem::copy_file(file(1), file(9));
  const auto loaded = SnapshotStore{folder_.path()}.load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->generation, 1u);
}

TEST_F(SnapshotTest, SavingGoesOnAboveABrokenFile) {
  SnapshotStore store{folder_.path()};
  ASSERT_TRUE(store.save(objects("one")).ok());
  ASSERT_TRUE(write_file_atomic(file(5), "garbage").ok());
  SnapshotStore again{folder_.path()};
  ASSERT_TRUE(again.load().ok());
  ASSERT_TRUE(again.save(objects("two")).ok());
  const auto loaded = SnapshotStore{folder_.path()}.load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->generation, 6u);
  EXPECT_EQ(value_of(*loaded), "two");
}

TEST_F(SnapshotTest, UnwritableFolderIsAnErrorAndKeepsWhatIsThere) {
  ASSERT_TRUE(write_file_atomic(folder_.file("taken"), "a file").ok());
  EXPECT_FALSE(SnapshotStore{folder_.file("taken")}.save(objects("one")).ok());
}

}  // namespace
}  // namespace raven::kube
