// open_cluster(): from the text of a setting to a Cluster.
// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_cluster.h"
#include "common/kube/cluster.h"
#include "common/kube/directory_cluster.h"
#include "common/kube/kubeconfig.h"

namespace raven::kube {
namespace {

constexpr std::string_view kInCluster = "cluster", kKubeconfig = "kubeconfig:", kDirectory = "dir:";

bool has_path(const std::string& source, std::string_view kind) {
  return source.starts_with(kind) && source.size() > kind.size();
}

}  // namespace

std::string check_source(const std::string& source) {
  if (source == kInCluster || has_path(source, kKubeconfig) || has_path(source, kDirectory))
    return "";
  return "source \"" + source + "\": must be cluster, kubeconfig:PATH or dir:PATH";
}

Result<std::unique_ptr<Cluster>> open_cluster(
    const std::string& source, const ClusterOptions& options
) {
  if (std::string wrong = check_source(source); !wrong.empty())
    return Error{ErrorCode::kInvalid, std::move(wrong)};
  if (source == kInCluster) {
    auto access = in_cluster_access(options);
    if (!access) return std::move(access).error().with("source cluster");
    return ApiCluster::open(std::move(*access), options);
  }
  if (source.starts_with(kKubeconfig)) {
    auto access = kubeconfig_access(source.substr(kKubeconfig.size()));
    if (!access) return std::move(access).error().with("source kubeconfig");
    return ApiCluster::open(std::move(*access), options);
  }
  return DirectoryCluster::open(source.substr(kDirectory.size()));
}

}  // namespace raven::kube
