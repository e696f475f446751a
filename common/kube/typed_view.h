// TypedView: the objects of a snapshot, parsed; only those that changed are parsed again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>

#include "common/base/result.h"
#include "common/kube/object.h"

namespace raven::kube {

template <class T>
class TypedView {
 public:
  using Parse = Result<T> (*)(const Json&);
  explicit TypedView(Parse parse) : parse_{parse} {}

  // Takes over a snapshot.  True when it differs from the one before.
  bool refresh(const Snapshot& snapshot) {
    if (snapshot == snapshot_) return false;
    std::map<std::string, T> fresh;
    unreadable_.clear();
    for (const auto& [key, object] : *snapshot) take(key, object, fresh);
    all_ = std::move(fresh);
    snapshot_ = snapshot;
    return true;
  }

  const std::map<std::string, T>& all() const { return all_; }
  // What did not parse, with the reason.
  const std::map<std::string, std::string>& unreadable() const { return unreadable_; }
  // REQUIRES: refresh() was called.
  const Objects& objects() const { return *snapshot_; }

 private:
  void take(const std::string& key, const Object& object, std::map<std::string, T>& fresh) {
    const auto old = all_.find(key);
    if (old != all_.end() && snapshot_->at(key) == object) {
      fresh.insert(fresh.end(), all_.extract(old));
      return;
    }
    Result<T> parsed = parse_(*object);
    if (parsed)
      fresh.emplace(key, std::move(parsed).value());
    else
      unreadable_.emplace(key, parsed.error().message);
  }

  Parse parse_;
  Snapshot snapshot_;
  std::map<std::string, T> all_;
  std::map<std::string, std::string> unreadable_;
};

}  // namespace raven::kube
