// Kubeconfigs: common/kube/kubeconfig.h.
// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "common/kube/kubeconfig.h"
#include "tests/fuzz/folder.h"

namespace raven::kube {
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static const std::string path = folder.path() + "/config";
  std::ofstream{path, std::ios::binary} << fuzz::Input{data, size}.rest_text();
  const auto access = kubeconfig_access(path);
  if (!access.ok()) {
    require(access.error().message.find(path) == 0, "an error names its file first");
    return 0;
  }
  require(access->server.starts_with("https://"), "nothing is sent in clear");
  require(!access->server.ends_with('/'), "a path can be put behind the server");
  require(access->ca_file.empty() || access->ca_data.empty(), "a file or data, not both");
  for (const std::string* file :
       {&access->ca_file, &access->certificate_file, &access->key_file, &access->token_file})
    require(
        file->empty() || file->starts_with('/'), "files are named from the folder of the kubeconfig"
    );
  return 0;
}

}  // namespace raven::kube
