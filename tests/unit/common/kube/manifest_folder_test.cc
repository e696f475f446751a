// SPDX-License-Identifier: Apache-2.0
#include "common/kube/manifest_folder.h"

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/kube/json_value.h"
#include "common/kube/lease.h"
#include "tests/lib/temporary_folder.h"

namespace raven::kube {
namespace {

const Kind kGateways{"raven.openyurt.io", "v1beta1", "gateways", "Gateway", false};
const ObjectName kCloud{"", "cloud"};

class ManifestFolderTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path{disk_.file(name)}.parent_path());
    ASSERT_TRUE(write_file_atomic(disk_.file(name), text).ok());
  }
  Json create(const std::string& name) {
    auto created =
        folder_.create(kGateways, {{"metadata", {{"name", name}}}, {"spec", {{"x", 1}}}});
    EXPECT_TRUE(created.ok()) << created.error().message;
    return *created;
  }
  ErrorCode code_of(const Result<Json>& result) const {
    return result.ok() ? ErrorCode::kInternal : result.error().code;
  }

  test::TemporaryFolder disk_;
  ManifestFolder folder_{disk_.path()};
};

TEST_F(ManifestFolderTest, CreatedObjectHasIdentityAndCanBeRead) {
  const Json created = create("cloud");
  EXPECT_EQ(find_integer(created, {"metadata", "generation"}), 1);
  EXPECT_NE(text_or(created, {"metadata", "uid"}), "");
  EXPECT_NE(resource_version(created), "");
  const auto read = folder_.get(kGateways, kCloud);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, created);
  EXPECT_EQ(
      code_of(folder_.create(kGateways, {{"metadata", {{"name", "cloud"}}}})), ErrorCode::kExists
  );
}

TEST_F(ManifestFolderTest, UpdateNeedsTheCurrentVersion) {
  Json object = create("cloud");
  object["spec"]["x"] = 2;
  const auto updated = folder_.update(kGateways, object);
  ASSERT_TRUE(updated.ok()) << updated.error().message;
  EXPECT_EQ(find_integer(*updated, {"metadata", "generation"}), 2);
  object["spec"]["x"] = 3;  // still with the first version
  EXPECT_EQ(code_of(folder_.update(kGateways, object)), ErrorCode::kConflict);
  object["metadata"].erase("resourceVersion");
  EXPECT_EQ(code_of(folder_.update(kGateways, object)), ErrorCode::kInvalid);
}

TEST_F(ManifestFolderTest, StatusAndTheRestDoNotTouchEachOther) {
  const Json created = create("cloud");
  auto patched = folder_.patch(
      kGateways, kCloud, {{"spec", {{"x", 9}}}, {"status", {{"nodes", {1}}}}},
      ManifestFolder::Part::kStatus
  );
  ASSERT_TRUE(patched.ok());
  EXPECT_EQ((*patched)["spec"]["x"], 1);
  EXPECT_EQ((*patched)["status"]["nodes"], Json({1}));
  EXPECT_EQ(find_integer(*patched, {"metadata", "generation"}), 1);
  patched = folder_.patch(
      kGateways, kCloud, {{"spec", {{"y", 2}}}, {"status", nullptr}}, ManifestFolder::Part::kMain
  );
  ASSERT_TRUE(patched.ok());
  EXPECT_EQ((*patched)["spec"], Json({{"x", 1}, {"y", 2}}));
  EXPECT_EQ((*patched)["status"]["nodes"], Json({1}));
  EXPECT_EQ(find_integer(*patched, {"metadata", "generation"}), 2);
}

TEST_F(ManifestFolderTest, VersionInAPatchIsAPrecondition) {
  const Json created = create("cloud");
  const Json patch{
      {"metadata", {{"resourceVersion", resource_version(created)}}}, {"status", {{"a", 1}}}};
  EXPECT_TRUE(folder_.patch(kGateways, kCloud, patch, ManifestFolder::Part::kStatus).ok());
  EXPECT_EQ(
      code_of(folder_.patch(kGateways, kCloud, patch, ManifestFolder::Part::kStatus)),
      ErrorCode::kConflict
  );
}

TEST_F(ManifestFolderTest, EditByHandIsANewVersion) {
  write("gateways/cloud.yaml", "metadata: {name: cloud}\nspec: {x: 1}\n");
  const auto before = folder_.get(kGateways, kCloud);
  ASSERT_TRUE(before.ok()) << before.error().message;
  write("gateways/cloud.yaml", "metadata: {name: cloud}\nspec: {x: 2}\n");
  Json stale = *before;
  EXPECT_EQ(code_of(folder_.update(kGateways, stale)), ErrorCode::kConflict);
}

TEST_F(ManifestFolderTest, TopLevelManifestsAreReadAndObjectFilesWin) {
  write(
      "all.yaml",
      "apiVersion: raven.openyurt.io/v1beta1\nkind: Gateway\nmetadata: {name: cloud}\nspec: {x: "
      "1}\n"
      "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\n"
  );
  EXPECT_EQ(folder_.list(kGateways).objects.size(), 1u);
  ASSERT_TRUE(
      folder_.patch(kGateways, kCloud, {{"status", {{"a", 1}}}}, ManifestFolder::Part::kStatus).ok()
  );
  EXPECT_EQ((*folder_.get(kGateways, kCloud))["status"]["a"], 1);
  EXPECT_FALSE(folder_.remove(kGateways, kCloud).ok());  // the document would come back
  EXPECT_EQ(folder_.list(kGateways).objects.size(), 1u);
}

TEST_F(ManifestFolderTest, NamespacedObjectsHaveTheirNamespaceInTheFileName) {
  const auto created = folder_.create(
      lease_kind(), {{"metadata", {{"name", "raven"}, {"namespace", "kube-system"}}}}
  );
  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_TRUE(std::filesystem::exists(disk_.file("leases/kube-system_raven.yaml")));
  EXPECT_EQ(folder_.list(lease_kind()).objects.count("kube-system/raven"), 1u);
  EXPECT_TRUE(folder_.remove(lease_kind(), {"kube-system", "raven"}).ok());
  EXPECT_EQ(
      folder_.remove(lease_kind(), {"kube-system", "raven"}).error().code, ErrorCode::kNotFound
  );
}

TEST_F(ManifestFolderTest, NamesCannotLeaveTheFolder) {
  for (const char* name : {"../x", "a/b", "", ".lock", "a_b"})
    EXPECT_EQ(
        code_of(folder_.create(kGateways, {{"metadata", {{"name", name}}}})), ErrorCode::kInvalid
    );
  EXPECT_EQ(code_of(folder_.get(lease_kind(), {"..", "x"})), ErrorCode::kInvalid);
}

TEST_F(ManifestFolderTest, BrokenFileKeepsItsLastGoodContentAndIsNamed) {
  write("gateways/cloud.yaml", "metadata: {name: cloud}\nspec: {x: 1}\n");
  EXPECT_EQ(folder_.list(kGateways).objects.size(), 1u);
  write("gateways/cloud.yaml", "metadata: {name: cloud\n");
  const auto listing = folder_.list(kGateways);
  EXPECT_EQ(listing.objects.size(), 1u);
  ASSERT_EQ(listing.problems.size(), 1u);
  EXPECT_NE(listing.problems[0].find("cloud.yaml"), std::string::npos);
}

TEST_F(ManifestFolderTest, FileUnderAWrongNameIsAProblem) {
  write("gateways/other.yaml", "metadata: {name: cloud}\n");
  const auto listing = folder_.list(kGateways);
  EXPECT_TRUE(listing.objects.empty());
  EXPECT_EQ(listing.problems.size(), 1u);
}

}  // namespace
}  // namespace raven::kube
