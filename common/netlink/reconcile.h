// Bringing the kernel's tables to a desired state: diff() decides, apply() does it.
// SPDX-License-Identifier: Apache-2.0
//
// Own only what you tag: routes by table and protocol, rules by priority and table.  Everything
// else is left alone, and cleaning up needs no state but the tag.
// Replace, never delete first: a changed entry is replaced in one step (NLM_F_REPLACE), new ones
// are added, and only then is what is no longer wanted removed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/netlink/kernel.h"

namespace raven::netlink {

struct Tag {
  uint32_t table;
  uint8_t protocol;
  uint32_t rule_priority;
};

template <class T>
struct Operations {
  std::vector<T> put;
  std::vector<T> remove;
  bool empty() const { return put.empty() && remove.empty(); }
  std::size_t size() const { return put.size() + remove.size(); }
};

namespace internal {

template <class T>
std::size_t index_of(const std::vector<T>& entries, const T* entry) {
  return static_cast<std::size_t>(entry - entries.data());
}

template <class T>
std::vector<T> marked(const std::vector<T>& entries, const std::vector<bool>& marks) {
  std::vector<T> result;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (marks[i]) result.push_back(entries[i]);
  return result;
}

// Entries with their keys, in the order of these; equal ones as they were given.
template <class T>
std::vector<std::pair<typename T::Key, const T*>> by_key(const std::vector<T>& entries) {
  std::vector<std::pair<typename T::Key, const T*>> keyed;
  keyed.reserve(entries.size());
  for (const T& entry : entries) keyed.emplace_back(entry.key(), &entry);
  const auto key = &std::pair<typename T::Key, const T*>::first;
  if (!std::ranges::is_sorted(keyed, {}, key)) std::ranges::stable_sort(keyed, {}, key);
  return keyed;
}

}  // namespace internal

// What makes `actual` equal to `desired`: puts in the order of `desired`, removals in that of
// `actual`.  Pure.  Sorts and walks both, as there may be tens of thousands.
// Of two entries with one key the first counts.
template <class T>
Operations<T> diff(const std::vector<T>& desired, const std::vector<T>& actual) {
  using internal::index_of, internal::marked;
  const auto wanted = internal::by_key(desired), existing = internal::by_key(actual);
  std::vector<bool> put(desired.size()), remove(actual.size());
  auto old = existing.begin();
  for (auto now = wanted.begin(); now != wanted.end(); ++now) {
    if (now != wanted.begin() && now->first == std::prev(now)->first) continue;
    for (; old != existing.end() && old->first < now->first; ++old)
      remove[index_of(actual, old->second)] = true;
    const bool there = old != existing.end() && old->first == now->first;
    put[index_of(desired, now->second)] = !there || !(*old->second == *now->second);
    while (old != existing.end() && old->first == now->first) ++old;
  }
  for (; old != existing.end(); ++old) remove[index_of(actual, old->second)] = true;
  return {marked(desired, put), marked(actual, remove)};
}

// Continues after an error and returns all errors.  What is already gone counts as removed.
template <class T>
std::vector<Error> apply(Kernel& kernel, const Operations<T>& operations) {
  std::vector<Error> errors;
  for (const T& entry : operations.put)
    if (Status status = kernel.put(entry); !status.ok())
      errors.push_back(std::move(status).error());
  for (const T& entry : operations.remove)
    if (Status status = kernel.remove(entry);
        !status.ok() && status.error().code != ErrorCode::kNotFound)
      errors.push_back(std::move(status).error());
  return errors;
}

// The routes and rules of one tag, of both families.
struct Routing {
  std::vector<Route> routes;
  std::vector<Rule> rules;
};

struct RoutingOperations {
  Operations<Route> routes;
  Operations<Rule> rules;
  bool empty() const { return routes.empty() && rules.empty(); }
  std::size_t size() const { return routes.size() + rules.size(); }
};

// What the kernel holds under the tag.  A rule at our priority that looks into our table is ours
// whatever it selects (Raven's own fwmark rule is one).
Result<Routing> read_routing(Kernel& kernel, const Tag& tag);

RoutingOperations diff(const Routing& desired, const Routing& actual);

// New routes, new rules, then old rules, then old routes: throw routes, which are holes in others,
// last.
std::vector<Error> apply(Kernel& kernel, const RoutingOperations& operations);

}  // namespace raven::netlink
