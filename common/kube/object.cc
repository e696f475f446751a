// SPDX-License-Identifier: Apache-2.0
#include "common/kube/object.h"

namespace raven::kube {
namespace {

constexpr std::size_t kNameLengthMax = 253;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

}  // namespace

ObjectName object_name(const Json& object) {
  return {text_or(object, {"metadata", "namespace"}), text_or(object, {"metadata", "name"})};
}

std::string resource_version(const Json& object) {
  return text_or(object, {"metadata", "resourceVersion"});
}

bool is_valid_object_name(std::string_view name) {
  if (name.empty() || name.size() > kNameLengthMax) return false;
  for (const char c : name)
    if (!is_name_character(c)) return false;
  const auto is_edge = [](char c) { return c != '-' && c != '.'; };
  return is_edge(name.front()) && is_edge(name.back()) && name.find("..") == std::string_view::npos;
}

}  // namespace raven::kube
