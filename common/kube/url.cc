// SPDX-License-Identifier: Apache-2.0
#include "common/kube/url.h"

namespace raven::kube {

std::string url_escape(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      result += c;
    } else {
      result += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return result;
}

std::string collection_path(const Kind& kind, std::string_view name_space) {
  std::string path = kind.group.empty() ? "/api/" : "/apis/" + kind.group + "/";
  path += kind.version;
  if (kind.namespaced && !name_space.empty()) path += "/namespaces/" + url_escape(name_space);
  return path + "/" + kind.plural;
}

std::string object_path(const Kind& kind, const ObjectName& name) {
  return collection_path(kind, name.name_space) + "/" + url_escape(name.name);
}

}  // namespace raven::kube
