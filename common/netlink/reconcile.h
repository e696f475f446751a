// Bringing the kernel's tables to a desired state: diff() decides, apply() does it.
// SPDX-License-Identifier: Apache-2.0
//
// Own only what you tag: routes by table and protocol, rules by priority and table.  Everything
// else is left alone, and cleaning up needs no state but the tag.
// Replace, never delete first: a changed entry is replaced in one step (NLM_F_REPLACE), new ones
// are added, and only then is removed what is no longer wanted.
#pragma once

#include <cstdint>
#include <map>
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

// What makes `actual` equal to `desired`, in the order of `desired`.  Pure.
// Of two desired entries with one key the first counts.
template <class T>
Operations<T> diff(const std::vector<T>& desired, const std::vector<T>& actual) {
  std::map<typename T::Key, const T*> existing;
  for (const T& entry : actual) existing.emplace(entry.key(), &entry);
  std::map<typename T::Key, const T*> wanted;
  Operations<T> operations;
  for (const T& entry : desired) {
    if (!wanted.emplace(entry.key(), &entry).second) continue;
    const auto found = existing.find(entry.key());
    if (found == existing.end() || !(*found->second == entry)) operations.put.push_back(entry);
  }
  for (const T& entry : actual)
    if (!wanted.contains(entry.key())) operations.remove.push_back(entry);
  return operations;
}

// Goes on after an error and returns all of them.  What is gone already counts as removed.
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

// New routes, new rules, then old rules, then old routes.
std::vector<Error> apply(Kernel& kernel, const RoutingOperations& operations);

}  // namespace raven::netlink
