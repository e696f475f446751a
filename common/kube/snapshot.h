// SnapshotStore: the last good objects on disk, so that a program can start while the API server is
// away.  Manifests in one file per generation; the newest whole one counts.
// SPDX-License-Identifier: Apache-2.0
//
// A file is "snapshot-<generation>.yaml": a header comment with length and SHA-256, then one
// manifest per document.  It is written beside, synced and renamed; the two newest are kept.  A
// file that is truncated, changed or of another format is skipped: never half of one is used.
//
// Threading: one thread; one process per directory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/kube/object.h"

namespace raven::kube {

// By plural: {"gateways": {...}, "nodes": {...}}.
using ObjectsByKind = std::map<std::string, Objects, std::less<>>;

class SnapshotStore {
 public:
  explicit SnapshotStore(std::string folder) : folder_{std::move(folder)} {}

  struct Loaded {
    uint64_t generation = 0;
    ObjectsByKind objects;
    int64_t written_at_unix_s = 0;  // wall clock, for people
    std::string passed_over;        // why newer files were not used; empty: none
  };
  // kNotFound when there is no valid one.
  Result<Loaded> load();

  // Does nothing when the content equals what was loaded or saved last.  Creates the folder (0700).
  Status save(const ObjectsByKind& objects);

 private:
  std::string make_body(const ObjectsByKind& objects);

  std::string folder_;
  std::optional<uint64_t> newest_;  // highest generation on disk, once known
  std::string last_digest_;
  std::map<Object, std::string> texts_;  // of the objects of the last call: few change at a time
};

}  // namespace raven::kube
