// OwnWrites: what we have written and the watch has not shown us yet.
// SPDX-License-Identifier: Apache-2.0
//
// Without it a pass right after a write would plan from the state before it, and write again with a
// version that is gone.  A stored answer counts until the watch shows anything newer than the
// object that it was based on; a wrong guess costs one conflict, never a wrong write.
#pragma once

#include <map>
#include <string>

#include "common/kube/object.h"

namespace raven::controller {

class OwnWrites {
 public:
  // The write of `key`, based on `base`, was answered with `stored`.
  void note(const std::string& key, const kube::Object& base, kube::Object stored);
  // The snapshot with our own writes in place of what they replaced.
  kube::Snapshot apply(const kube::Snapshot& snapshot);

 private:
  struct Entry {
    kube::Object base;
    kube::Object stored;
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace raven::controller
