// open_cluster(): from the text of a setting to a Cluster.
// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_cluster.h"
#include "common/kube/cluster.h"
#include "common/kube/directory_cluster.h"

namespace raven::kube {

Result<std::unique_ptr<Cluster>> open_cluster(
    const std::string& source, const ClusterOptions& options
) {
  constexpr std::string_view kKubeconfig = "kubeconfig:", kDirectory = "dir:";
  if (source == "cluster") {
    auto access = in_cluster_access(options);
    if (!access) return std::move(access).error().with("source cluster");
    return ApiCluster::open(std::move(*access), options);
  }
  if (source.starts_with(kKubeconfig) && source.size() > kKubeconfig.size()) {
    auto access = kubeconfig_access(source.substr(kKubeconfig.size()));
    if (!access) return std::move(access).error().with("source kubeconfig");
    return ApiCluster::open(std::move(*access), options);
  }
  if (source.starts_with(kDirectory) && source.size() > kDirectory.size())
    return DirectoryCluster::open(source.substr(kDirectory.size()));
  return Error{
      ErrorCode::kInvalid,
      "source \"" + source + "\": must be cluster, kubeconfig:PATH or dir:PATH"};
}

}  // namespace raven::kube
