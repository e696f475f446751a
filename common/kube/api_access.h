// ApiAccess: where the API server is and who we are, from the pod's service account or a
// kubeconfig (kubeconfig.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/kube/cluster.h"

namespace raven::kube {

// Files are named, not read, where they may be rotated; data is PEM given inline.
struct ApiAccess {
  std::string server;  // "https://host:port", without a slash at the end
  std::string ca_file;
  std::string ca_data;
  std::string token_file;
  std::string token;
  std::string certificate_file;
  std::string certificate_data;
  std::string key_file;
  std::string key_data;
};

// The service account of a pod.
Result<ApiAccess> in_cluster_access(const ClusterOptions& options);

// A bearer token that is read again at least once a minute and whenever it was refused, because
// kubelet replaces it.  Never printed.  Threading: one thread.
class TokenSource {
 public:
  explicit TokenSource(const ApiAccess& access) : file_{access.token_file}, token_{access.token} {}

  // Empty when there is none: the client certificate counts, or the server refuses.
  const std::string& get(Instant now);
  void forget() { read_at_ = Instant{}; }

 private:
  std::string file_;
  std::string token_;
  Instant read_at_{};
};

}  // namespace raven::kube
