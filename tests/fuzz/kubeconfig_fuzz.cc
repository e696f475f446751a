// Kubeconfigs: common/kube/kubeconfig.h.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "common/kube/kubeconfig.h"
#include "tests/fuzz/fuzz.h"

namespace raven::kube {
namespace {

using fuzz::require;

// In memory, removed at exit.
class Folder {
 public:
  Folder() : path_{"/dev/shm/raven-fuzz-XXXXXX"} {
    require(::mkdtemp(path_.data()) != nullptr, "a folder in memory");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file() const { return path_ + "/config"; }

 private:
  std::string path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const Folder folder;
  std::ofstream{folder.file(), std::ios::binary} << fuzz::Input{data, size}.rest_text();
  const auto access = kubeconfig_access(folder.file());
  if (!access.ok()) {
    require(access.error().message.find(folder.file()) == 0, "an error names its file first");
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
