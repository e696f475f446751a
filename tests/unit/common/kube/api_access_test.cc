// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_access.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "common/base/file.h"
#include "common/kube/kubeconfig.h"
#include "tests/lib/temporary_folder.h"

namespace raven::kube {
namespace {

using std::chrono::seconds;

class KubeconfigTest : public testing::Test {
 protected:
  Result<ApiAccess> read(const std::string& cluster, const std::string& user) {
    const std::string text =
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        "clusters: [{name: k, cluster: {" +
        cluster +
        "}}]\n"
        "users: [{name: u, user: {" +
        user +
        "}}]\n"
        "contexts: [{name: c, context: {cluster: k, user: u}}]\n";
    EXPECT_TRUE(write_file_atomic(folder_.file("config"), text).ok());
    return kubeconfig_access(folder_.file("config"));
  }
  test::TemporaryFolder folder_;
};

TEST_F(KubeconfigTest, FilesAreRelativeToTheKubeconfig) {
  const auto access = read(
      R"(server: "https://10.0.0.1:6443/", certificate-authority: ca.crt)",
      "client-certificate: /abs/a.crt, client-key: sub/a.key"
  );
  ASSERT_TRUE(access.ok()) << access.error().message;
  EXPECT_EQ(access->server, "https://10.0.0.1:6443");
  EXPECT_EQ(access->ca_file, folder_.file("ca.crt"));
  EXPECT_EQ(access->certificate_file, "/abs/a.crt");
  EXPECT_EQ(access->key_file, folder_.file("sub/a.key"));
}

TEST_F(KubeconfigTest, InlineDataIsDecodedWhateverItsPadding) {
  for (const auto& [encoded, plain] :
       std::map<std::string, std::string>{{"YQ==", "a"}, {"YWI=", "ab"}, {"YWJj", "abc"}}) {
    const auto access =
        read("server: 'https://x', certificate-authority-data: " + encoded, "token: secret");
    ASSERT_TRUE(access.ok()) << access.error().message;
    EXPECT_EQ(access->ca_data, plain);
    EXPECT_EQ(access->token, "secret");
  }
}

struct RefusedCase {
  const char* name;
  const char* cluster;
  const char* user;
  const char* message_part;
};

class RefusedKubeconfig : public KubeconfigTest, public testing::WithParamInterface<RefusedCase> {};

TEST_P(RefusedKubeconfig, SaysWhatAndWhere) {
  const auto access = read(GetParam().cluster, GetParam().user);
  ASSERT_FALSE(access.ok());
  EXPECT_NE(access.error().message.find(GetParam().message_part), std::string::npos)
      << access.error().message;
  EXPECT_NE(access.error().message.find(folder_.file("config")), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    all, RefusedKubeconfig,
    testing::Values(
        RefusedCase{"plain_http", "server: 'http://x'", "token: a", "https://"},
        RefusedCase{"no_server", "", "token: a", "server"},
        RefusedCase{
            "no_verification", "server: 'https://x', insecure-skip-tls-verify: true", "token: a",
            "insecure-skip-tls-verify"},
        RefusedCase{
            "bad_base64", "server: 'https://x', certificate-authority-data: '***'", "token: a",
            "certificate-authority-data"},
        RefusedCase{"plugin", "server: 'https://x'", "exec: {command: x}", "exec"}
    ),
    [](const auto& each) { return each.param.name; }
);

TEST_F(KubeconfigTest, MissingContextIsNamed) {
  ASSERT_TRUE(write_file_atomic(folder_.file("config"), "current-context: nope\n").ok());
  const auto access = kubeconfig_access(folder_.file("config"));
  ASSERT_FALSE(access.ok());
  EXPECT_NE(access.error().message.find("\"nope\""), std::string::npos);
}

class InClusterTest : public testing::Test {
 protected:
  InClusterTest() {
    options_.service_account_dir = folder_.path();
    EXPECT_TRUE(write_file_atomic(folder_.file("token"), "t1\n").ok());
  }
  ~InClusterTest() override {
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    ::unsetenv("KUBERNETES_SERVICE_PORT");
  }
  test::TemporaryFolder folder_;
  ClusterOptions options_;
};

TEST_F(InClusterTest, Ipv6ServiceAddressesGetBrackets) {
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
  const auto access = in_cluster_access(options_);
  ASSERT_TRUE(access.ok()) << access.error().message;
  EXPECT_EQ(access->server, "https://[fd00::1]:6443");
}

TEST_F(InClusterTest, OutsideOfAPodTheAlternativesAreNamed) {
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  const auto access = in_cluster_access(options_);
  ASSERT_FALSE(access.ok());
  EXPECT_NE(access.error().message.find("kubeconfig:PATH"), std::string::npos);
}

TEST_F(InClusterTest, TokenIsReadAgainAfterAMinuteAndWhenRefused) {
  options_.server = "https://x";
  const auto access = in_cluster_access(options_);
  ASSERT_TRUE(access.ok());
  TokenSource source{*access};
  const Instant start{seconds{5}};
  EXPECT_EQ(source.get(start), "t1");
  ASSERT_TRUE(write_file_atomic(folder_.file("token"), "t2\r\n").ok());
  EXPECT_EQ(source.get(start + seconds{59}), "t1");
  EXPECT_EQ(source.get(start + seconds{60}), "t2");
  ASSERT_TRUE(write_file_atomic(folder_.file("token"), "t3").ok());
  source.forget();
  EXPECT_EQ(source.get(start + seconds{61}), "t3");
}

TEST_F(InClusterTest, EmptyOrMissingTokenFileKeepsTheOldToken) {
  options_.server = "https://x";
  const auto access = in_cluster_access(options_);
  TokenSource source{*access};
  const Instant start{seconds{5}};
  EXPECT_EQ(source.get(start), "t1");
  ASSERT_TRUE(write_file_atomic(folder_.file("token"), "\n").ok());
  EXPECT_EQ(source.get(start + seconds{100}), "t1");
  std::filesystem::remove(folder_.file("token"));
  EXPECT_EQ(source.get(start + seconds{200}), "t1");
}

}  // namespace
}  // namespace raven::kube
