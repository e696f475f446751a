// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_access.h"

#include <filesystem>

#include "common/base/environment.h"
#include "common/base/file.h"
#include "common/base/log.h"

namespace raven::kube {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;
constexpr std::chrono::seconds kTokenAgeMax{60};

}  // namespace

Result<ApiAccess> in_cluster_access(const ClusterOptions& options) {
  ApiAccess access;
  access.server = options.server;
  if (access.server.empty()) {
    const std::string host = environment_variable("KUBERNETES_SERVICE_HOST");
    const std::string port = environment_variable("KUBERNETES_SERVICE_PORT");
    if (host.empty())
      return Error{
          ErrorCode::kNotFound,
          "KUBERNETES_SERVICE_HOST: is not set; run in a pod, or use kubeconfig:PATH or dir:PATH"};
    const bool is_v6 = host.find(':') != std::string::npos;
    access.server =
        "https://" + (is_v6 ? "[" + host + "]" : host) + ":" + (port.empty() ? "443" : port);
  }
  access.ca_file = options.service_account_dir + "/ca.crt";
  access.token_file = options.service_account_dir + "/token";
  if (!std::filesystem::exists(access.token_file))
    return Error{
        ErrorCode::kNotFound,
        access.token_file + ": is not there; does the pod mount its service account?"};
  return access;
}

const std::string& TokenSource::get(Instant now) {
  if (file_.empty() || (read_at_ != Instant{} && now - read_at_ < kTokenAgeMax)) return token_;
  auto text = read_file(file_, kFileBytesMax);
  if (!text) {
    // The old one may be good for a while yet.
    log::warning("kube", "token: {}", text.error().message);
    return token_;
  }
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) {
    log::warning("kube", "token: {} is empty", file_);
    return token_;
  }
  token_ = std::move(*text);
  read_at_ = now;
  return token_;
}

}  // namespace raven::kube
