// SPDX-License-Identifier: Apache-2.0
#include "common/kube/manifest.h"

#include <charconv>
#include <cmath>

#include "common/kube/json_value.h"
#include "common/yaml/yaml.h"

namespace raven::kube {
namespace {

constexpr std::size_t kFileBytesMax = 16u << 20;

template <class T>
std::optional<T> parse_number(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "null" || text == "~") return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  if (const auto integer = parse_number<int64_t>(text)) return *integer;
  const bool looks_numeric = text.find_first_not_of("0123456789+-.eE") == std::string::npos;
  const auto number = looks_numeric ? parse_number<double>(text) : std::nullopt;
  if (number && std::isfinite(*number)) return *number;
  return text;
}

// The tree is bounded in depth by its parser.
Json to_json(const yaml::Node& node) {
  switch (node.kind) {
    case yaml::Node::Kind::kNull:
      return nullptr;
    case yaml::Node::Kind::kScalar:
      return node.quoted ? Json(node.scalar) : plain_scalar(node.scalar);
    case yaml::Node::Kind::kSequence: {
      Json array = Json::array();
      for (const yaml::Node& item : node.items) array.push_back(to_json(item));
      return array;
    }
    case yaml::Node::Kind::kMap:
      break;
  }
  Json object = Json::object();
  for (const auto& [key, value] : node.entries) object.emplace(key, to_json(value));
  return object;
}

}  // namespace

Result<std::vector<Json>> parse_manifests(const std::string& file, std::string_view text) {
  std::vector<Json> documents;
  // What we write ourselves: exact, and much faster than YAML.
  if (text.starts_with('{')) {
    auto object = parse_json(text, {.bytes_max = kFileBytesMax});
    if (object) {
      documents.push_back(std::move(*object));
      return documents;
    }
  }
  RAVEN_ASSIGN(const auto nodes, yaml::parse_all(file, text, kFileBytesMax));
  for (const yaml::Node& node : nodes) documents.push_back(to_json(node));
  return documents;
}

}  // namespace raven::kube
