// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/own_writes.h"

namespace raven::controller {

void OwnWrites::note(const std::string& key, const kube::Object& base, kube::Object stored) {
  const auto [entry, added] = entries_.try_emplace(key, Entry{base, nullptr});
  const bool follows = entry->second.stored == base;  // a second write on top of the first
  if (!added && !follows) entry->second.base = base;
  entry->second.stored = std::move(stored);
}

kube::Snapshot OwnWrites::apply(const kube::Snapshot& snapshot) {
  std::erase_if(entries_, [&](const auto& entry) {
    const auto seen = snapshot->find(entry.first);
    return seen == snapshot->end() || seen->second != entry.second.base;
  });
  if (entries_.empty()) return snapshot;
  auto merged = std::make_shared<kube::Objects>(*snapshot);
  for (const auto& [key, entry] : entries_) (*merged)[key] = entry.stored;
  return merged;
}

}  // namespace raven::controller
