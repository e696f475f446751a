// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/entries.h"

#include <algorithm>
#include <cassert>

namespace raven::dataplane {
namespace {

// The newest that passes the test; nullptr: none does.
template <class Test>
SaEntry* last_of(std::span<SaEntry* const> oldest_first, Test test) {
  const auto found = std::find_if(oldest_first.rbegin(), oldest_first.rend(), [&](SaEntry* entry) {
    return test(*entry);
  });
  return found == oldest_first.rend() ? nullptr : *found;
}

}  // namespace

std::size_t& SaEntries::count_of(const SaEntry& entry) {
  auto& of_workers = counts_[static_cast<std::size_t>(entry.id.direction)];
  const std::size_t worker = entry.worker().value();
  if (worker >= of_workers.size()) of_workers.resize(worker + 1);
  return of_workers[worker];
}

SaEntry& SaEntries::add(std::unique_ptr<SaEntry> entry) {
  SaEntry& added = *entry;
  assert(by_serial_.empty() || by_serial_.rbegin()->first < added.serial);
  by_serial_.emplace_hint(by_serial_.end(), added.serial, std::move(entry));
  by_spi_.emplace(SpiKey{added.id.spi, added.id.direction}, &added);
  flows_[added.flow()].push_back(&added);
  ++count_of(added);
  return added;
}

std::unique_ptr<SaEntry> SaEntries::take(const SaEntry& entry) {
  const auto [first, last] = by_spi_.equal_range(SpiKey{entry.id.spi, entry.id.direction});
  by_spi_.erase(std::find_if(first, last, [&](const auto& item) { return item.second == &entry; }));
  const auto flow = flows_.find(entry.flow());
  std::erase(flow->second, &entry);
  if (flow->second.empty()) flows_.erase(flow);
  --count_of(entry);
  return std::move(by_serial_.extract(entry.serial).mapped());
}

SaEntry* SaEntries::find_exact(const SaId& id) const {
  const auto [first, last] = by_spi_.equal_range(SpiKey{id.spi, id.direction});
  const auto found = std::find_if(first, last, [&id](const auto& item) {
    const SaEntry& entry = *item.second;
    return entry.inbound() || entry.id.outer.destination == id.outer.destination;
  });
  return found == last ? nullptr : found->second;
}

SaEntry* SaEntries::find(const SaId& id) const {
  if (SaEntry* exact = find_exact(id); exact != nullptr) return exact;
  const auto [first, last] = by_spi_.equal_range(SpiKey{id.spi, id.direction});
  const bool is_unique = first != last && std::next(first) == last;
  return is_unique ? first->second : nullptr;
}

std::span<SaEntry* const> SaEntries::flow(TunnelId tunnel, Direction direction) const {
  const auto found = flows_.find({tunnel, direction});
  if (found == flows_.end()) return {};
  return found->second;
}

std::size_t SaEntries::count(WorkerId worker, Direction direction) const {
  const auto& of_workers = counts_[static_cast<std::size_t>(direction)];
  return worker.value() < of_workers.size() ? of_workers[worker.value()] : 0;
}

SaEntry* SaEntries::newest_outbound(TunnelId tunnel) const {
  return last_of(flow(tunnel, Direction::kOutbound), [](const SaEntry& entry) {
    return entry.usable();
  });
}

SaEntry* SaEntries::newest_outbound(TunnelId tunnel, WorkerId worker) const {
  return last_of(flow(tunnel, Direction::kOutbound), [worker](const SaEntry& entry) {
    return entry.worker() == worker && entry.usable();
  });
}

}  // namespace raven::dataplane
