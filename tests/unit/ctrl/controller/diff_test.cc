// diff(): the status is byte for byte what Raven's clients expect, and nothing is written twice.
// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/kube/json_value.h"
#include "common/model/names.h"

namespace raven::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

kube::Json gateway_object() {
  return *kube::parse_json(R"({
    "apiVersion": "raven.openyurt.io/v1beta1", "kind": "Gateway",
    "metadata": {"name": "edge", "uid": "u-1", "resourceVersion": "42", "generation": 1,
                 "creationTimestamp": "2026-01-01T00:00:00Z"},
    "spec": {"tunnelConfig": {"Replicas": 1}, "exposeType": "PublicIP",
             "endpoints": [{"nodeName": "n1", "type": "tunnel", "port": 4500,
                            "publicIP": "203.0.113.1", "config": {"mine": "kept"}}]}})");
}

class DiffTest : public ::testing::Test {
 protected:
  DiffTest() {
    model::Endpoint endpoint = model::parse_gateway(object_)->endpoints.at(0);
    endpoint.config["enable-l3-tunnel"] = "true";
    desired_.active = {endpoint};
    desired_.nodes = {{"n1", "10.0.0.1", {"10.244.1.0/24"}}, {"n2", "10.0.0.2", {}}};
    desired_.conditions = {{"SpecValid", true, "Valid", "fine"}};
  }
  Change run() const { return diff(object_, *model::parse_gateway(object_), desired_); }
  // As the API server would: takes the patches into the object.
  void apply(const Change& change) {
    if (change.status.patch) object_.merge_patch(*change.status.patch);
    if (change.annotation.patch) object_.merge_patch(*change.annotation.patch);
  }

  kube::Json object_ = gateway_object();
  Desired desired_;
};

TEST_F(DiffTest, TheStatusHasRavensShape) {
  const Change change = run();
  ASSERT_TRUE(change.status.patch);
  EXPECT_EQ(*change.status.patch, *kube::parse_json(R"({
    "metadata": {"resourceVersion": "42"},
    "status": {
      "nodes": [
        {"nodeName": "n1", "privateIP": "10.0.0.1", "subnets": ["10.244.1.0/24"]},
        {"nodeName": "n2", "privateIP": "10.0.0.2", "subnets": []}],
      "activeEndpoints": [
        {"nodeName": "n1", "type": "tunnel", "port": 4500, "publicIP": "203.0.113.1",
         "config": {"mine": "kept", "enable-l3-tunnel": "true"}}]}})"));
}

TEST_F(DiffTest, WhatIsInEffectAlreadyIsNotWrittenAgain) {
  apply(run());
  const Change second = run();
  EXPECT_TRUE(second.empty());
}

TEST_F(DiffTest, AnEmptyStatusIsNotWrittenOverAnAbsentOne) {
  desired_.active.clear();
  desired_.nodes.clear();
  EXPECT_FALSE(run().status.patch);
}

TEST_F(DiffTest, AStatusThatSomebodyElseChangedIsPutRight) {
  apply(run());
  object_["status"]["nodes"][0]["privateIP"] = "10.9.9.9";
  const Change change = run();
  EXPECT_TRUE(change.status.patch);
  EXPECT_FALSE(change.switched);
  EXPECT_THAT(change.status.notices, IsEmpty());
}

TEST_F(DiffTest, AnElectionIsAnnouncedInRavensWords) {
  const Change change = run();
  EXPECT_TRUE(change.switched);
  EXPECT_THAT(
      change.status.notices, ElementsAre(Notice{
                                 kube::EventType::kNormal, "ActiveEndpointElected",
                                 "The endpoint hosted by node n1 has been elected active endpoint, "
                                 "publicIP: 203.0.113.1, type: tunnel"})
  );
}

TEST_F(DiffTest, TheLossOfTheLastEndpointIsAnnouncedInRavensWords) {
  apply(run());
  desired_.active.clear();
  EXPECT_THAT(
      run().status.notices, ElementsAre(Notice{
                                kube::EventType::kWarning, "ActiveEndpointLost",
                                "The active endpoint hosted by node n1 was change, "
                                "publicIP: 203.0.113.1, type :tunnel"})
  );
}

TEST_F(DiffTest, TheAnnotationPatchTouchesNothingElse) {
  const Change change = run();
  ASSERT_TRUE(change.annotation.patch);
  kube::Json expected;
  expected["metadata"]["annotations"][std::string{kConditionsAnnotation}] =
      conditions_text(desired_.conditions);
  EXPECT_EQ(*change.annotation.patch, expected);
  EXPECT_EQ(parse_conditions(conditions_text(desired_.conditions)), desired_.conditions);
}

TEST_F(DiffTest, AConditionThatTurnsBadAndGoodAgainGivesOneEventEach) {
  apply(run());
  desired_.conditions = {{"SubnetsRouted", false, "SubnetOverlap", "10.0.0.0/8 overlaps"}};
  const Change bad = run();
  EXPECT_THAT(
      bad.annotation.notices,
      ElementsAre(Notice{
          kube::EventType::kWarning, "SubnetOverlap", "SubnetsRouted: 10.0.0.0/8 overlaps"})
  );
  apply(bad);
  EXPECT_THAT(run().annotation.notices, IsEmpty());
  desired_.conditions = {{"SubnetsRouted", true, "AllRouted", "all"}};
  EXPECT_THAT(
      run().annotation.notices,
      ElementsAre(Notice{kube::EventType::kNormal, "AllRouted", "SubnetsRouted: all"})
  );
}

TEST_F(DiffTest, RefusedSubnetsArePublishedAndWithdrawnInAnAnnotation) {
  const std::string key{model::kRefusedSubnetsAnnotation};
  desired_.refused = {*IpPrefix::parse("fd00::/64"), *IpPrefix::parse("10.1.0.0/16")};
  apply(run());
  EXPECT_EQ(object_["metadata"]["annotations"][key], "10.1.0.0/16,fd00::/64");
  EXPECT_FALSE(run().annotation.patch);
  desired_.refused.clear();
  apply(run());
  EXPECT_FALSE(object_["metadata"]["annotations"].contains(key));
}

TEST_F(DiffTest, AnAnnotationThatSomebodyBrokeIsPutRight) {
  apply(run());
  object_["metadata"]["annotations"][std::string{kConditionsAnnotation}] = "{broken";
  EXPECT_TRUE(run().annotation.patch);
}

TEST(Conditions, LongListsAreCutWithACount) {
  const std::vector<std::string> parts(1000, "0123456789");
  const std::string text = join_bounded(parts);
  EXPECT_LT(text.size(), 1000u);
  EXPECT_THAT(text, HasSubstr("and 925 more"));
}

}  // namespace
}  // namespace raven::controller
