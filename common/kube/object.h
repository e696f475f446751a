// What a Kubernetes object is to us: its kind, its name, its JSON; and sets of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/kube/json.h"

namespace raven::kube {

// A resource of the API.  `group` is empty for the core group.
struct Kind {
  std::string group;
  std::string version;
  std::string plural;  // "gateways", as in URLs
  std::string kind;    // "Gateway", as in objects
  bool namespaced = false;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  auto operator<=>(const Kind&) const = default;
};

struct ObjectName {
  std::string name_space;  // empty for cluster-scoped objects
  std::string name;

  // "namespace/name" or "name": the key in Objects and in messages.
  std::string key() const { return name_space.empty() ? name : name_space + "/" + name; }
  auto operator<=>(const ObjectName&) const = default;
};

using Object = std::shared_ptr<const Json>;
// By ObjectName::key().
using Objects = std::map<std::string, Object>;
// Never null, never changes: hold it as long as it is needed.
using Snapshot = std::shared_ptr<const Objects>;

ObjectName object_name(const Json& object);
std::string resource_version(const Json& object);

// True for names that Kubernetes allows (DNS subdomain): also what makes them safe in a URL or
// path.
bool is_valid_object_name(std::string_view name);

}  // namespace raven::kube
