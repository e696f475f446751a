// TypedView: the objects of a snapshot, parsed; only those that changed are parsed again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>

#include "common/base/log.h"
#include "common/kube/object.h"

namespace raven::controller {

template <class T>
class TypedView {
 public:
  using Parse = Result<T> (*)(const kube::Json&);
  explicit TypedView(Parse parse) : parse_{parse} {}

  // Takes over a snapshot.  True when it differs from the one before.
  bool refresh(const kube::Snapshot& snapshot) {
    if (snapshot == snapshot_) return false;
    std::map<std::string, T> fresh;
    for (const auto& [key, object] : *snapshot) take(key, object, fresh);
    all_ = std::move(fresh);
    snapshot_ = snapshot;
    return true;
  }

  const std::map<std::string, T>& all() const { return all_; }
  // REQUIRES: refresh() was called.
  const kube::Objects& objects() const { return *snapshot_; }

 private:
  void take(const std::string& key, const kube::Object& object, std::map<std::string, T>& fresh) {
    const auto old = all_.find(key);
    if (old != all_.end() && snapshot_->at(key) == object) {
      fresh.insert(all_.extract(old));
      return;
    }
    Result<T> parsed = parse_(*object);
    if (parsed)
      fresh.emplace(key, std::move(parsed).value());
    else
      log::warning("controller", "{} is left out: {}", key, parsed.error().message);
  }

  Parse parse_;
  kube::Snapshot snapshot_;
  std::map<std::string, T> all_;
};

}  // namespace raven::controller
