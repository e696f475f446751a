// SPDX-License-Identifier: Apache-2.0
#include "common/kube/manifest.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>

#include "common/kube/json_value.h"

namespace raven::kube {
namespace {

constexpr unsigned kDepthMax = 64;
// Aliases make trees out of little text: what comes out is bounded, not what goes in.
constexpr unsigned kValuesMax = 1'000'000;

Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

template <class T>
std::optional<T> parse_number(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

Json scalar_value(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str") return text;  // quoted
  if (text.empty() || text == "null" || text == "~") return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  if (const auto integer = parse_number<int64_t>(text)) return *integer;
  const bool looks_numeric = text.find_first_not_of("0123456789+-.eE") == std::string::npos;
  if (const auto number = parse_number<double>(text); looks_numeric && number && std::isfinite(*number))
    return *number;
  return text;
}

class Converter {
 public:
  Result<Json> convert(const YAML::Node& node, unsigned depth = 0) {
    const int line = node.Mark().line + 1;
    if (depth > kDepthMax) return invalid(fail(line, "nested too deep"));
    if (++values_ > kValuesMax) return invalid(fail(line, "too many values, are there nested aliases?"));
    switch (node.Type()) {
      case YAML::NodeType::Scalar: return scalar_value(node);
      case YAML::NodeType::Sequence: return convert_sequence(node, depth);
      case YAML::NodeType::Map: return convert_map(node, depth);
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined: break;
    }
    return Json{};
  }

 private:
  static std::string fail(int line, const std::string& why) {
    return "line " + std::to_string(line) + ": " + why;
  }

  Result<Json> convert_sequence(const YAML::Node& node, unsigned depth) {
    Json array = Json::array();
    for (const auto& element : node) {
      RAVEN_ASSIGN(Json value, convert(element, depth + 1));
      array.push_back(std::move(value));
    }
    return array;
  }

  Result<Json> convert_map(const YAML::Node& node, unsigned depth) {
    Json object = Json::object();
    for (const auto& member : node) {
      const int line = member.first.Mark().line + 1;
      if (!member.first.IsScalar()) return invalid(fail(line, "a member's name must be a word"));
      const std::string& name = member.first.Scalar();
      if (object.contains(name)) return invalid(fail(line, name + ": is given twice"));
      RAVEN_ASSIGN(Json value, convert(member.second, depth + 1));
      object.emplace(name, std::move(value));
    }
    return object;
  }

  unsigned values_ = 0;
};

// Cuts lines that are empty or only a comment from the front.
std::string_view skip_comments(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto content = text.substr(0, end).find_first_not_of(" \t\r");
    if (content < end && text[content] != '#') return text;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return text;
}

Result<Json> parse_document(std::string_view text) {
  text = skip_comments(text);
  if (text.empty()) return Json{};
  if (text.front() == '{') return parse_json(text);  // exact, and much faster than YAML
  try {
    return Converter{}.convert(YAML::Load(std::string{text}));
  } catch (const std::exception& error) {
    return invalid(std::string{"YAML: "} + error.what());
  }
}

bool is_separator(std::string_view line) {
  return line.starts_with("---") && line.find_first_not_of(" \t\r", 3) == std::string_view::npos;
}

}  // namespace

Result<std::vector<Json>> parse_manifests(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // byte order mark
  std::vector<Json> documents;
  std::size_t begin = 0, line = 1, first_line = 1;
  for (std::size_t at = 0; at <= text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const bool is_last = end == text.size();
    const bool cut = is_separator(text.substr(at, end - at));
    if (cut || is_last) {
      auto document = parse_document(text.substr(begin, (cut ? at : end) - begin));
      if (!document)
        return std::move(document).error().with("document at line " + std::to_string(first_line));
      if (!document->is_null()) documents.push_back(std::move(*document));
      begin = end + 1;
      first_line = line + 1;
    }
    at = end + 1;
  }
  return documents;
}

}  // namespace raven::kube
