// ManifestFolder: Kubernetes objects in files; a tiny API server without a process.
// SPDX-License-Identifier: Apache-2.0
//
//   PATH/<plural>/<name>.yaml               one cluster-scoped object
//   PATH/<plural>/<namespace>_<name>.yaml   one namespaced object
//   PATH/<anything>.yaml                    any number of documents, only read
//
// An object file wins over a document of the same kind and name.  Files are replaced by rename, by
// people and tools too ("mv new.yaml nodes/x.yaml", under "flock PATH/.lock" when it is read
// first). We write JSON, which is YAML.  Writes of several processes exclude each other by the
// lock; resourceVersion is a digest of the content, so every change is seen as one.
//
// Threading: none; callers serialise (each process also holds the lock while it writes).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/kube/cluster.h"
#include "common/kube/object.h"

namespace raven::kube {

class ManifestFolder {
 public:
  explicit ManifestFolder(std::string path) : path_{std::move(path)} {}

  struct Listing {
    Objects objects;
    std::vector<std::string>
        problems;  // files that could not be read; their last good content counts
  };
  Listing list(const Kind& kind);

  Result<Json> get(const Kind& kind, const ObjectName& name);
  Result<Json> create(const Kind& kind, Json object);
  Result<Json> update(const Kind& kind, Json object);
  enum class Part { kMain, kStatus };
  Result<Json> patch(const Kind& kind, const ObjectName& name, const Json& merge_patch, Part part);
  Status remove(const Kind& kind, const ObjectName& name);

  std::string kind_folder(const Kind& kind) const { return path_ + "/" + kind.plural; }

 private:
  struct Stamp {
    int64_t modified_ns = 0;
    uint64_t inode = 0;
    uint64_t bytes = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct File {
    Stamp stamp;
    std::vector<Object> objects;
    std::string problem;
  };

  std::string object_file(const Kind& kind, const ObjectName& name) const;
  const File& load(const std::string& file);
  Result<Json> store(const Kind& kind, Json object);

  const std::string path_;
  std::map<std::string, File> files_;  // by path: parsed once for each version of a file
};

}  // namespace raven::kube
