// SPDX-License-Identifier: Apache-2.0
#include "common/kube/json.h"

#include <set>
#include <stdexcept>

#include "common/kube/json_value.h"

namespace raven::kube {
namespace {

constexpr std::size_t kExcerptBytesMax = 40;

// Watches a parse for what the library lets pass: depth, and members that are given twice.
class ParseGuard {
 public:
  explicit ParseGuard(unsigned depth_max) : depth_max_{depth_max} {}

  // Thrown errors end the parse; parse_json() turns them into an Error.
  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    using Kind = Json::parse_event_t;
    if (event == Kind::object_start || event == Kind::array_start) {
      if (static_cast<unsigned>(depth) >= depth_max_)
        throw std::runtime_error("nested deeper than " + std::to_string(depth_max_));
    }
    if (event == Kind::object_start) members_.emplace_back();
    if (event == Kind::object_end) members_.pop_back();
    if (event == Kind::key) {
      const auto& name = parsed.get_ref<const std::string&>();
      if (!members_.back().insert(name).second)
        throw std::runtime_error(
            "member \"" + name.substr(0, kExcerptBytesMax) + "\" is given twice"
        );
    }
    return true;
  }

 private:
  unsigned depth_max_;
  std::vector<std::set<std::string, std::less<>>> members_;
};

std::string excerpt(std::string_view text) {
  std::string result{text.substr(0, kExcerptBytesMax)};
  if (text.size() > kExcerptBytesMax) result += "...";
  return result;
}

const Json* as_object(const Json& root, JsonPath path) {
  const Json* value = find(root, path);
  return value != nullptr && value->is_object() ? value : nullptr;
}

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes_max) {
    return Error{
        ErrorCode::kInvalid, "JSON: " + std::to_string(text.size()) + " bytes, more than " +
                                 std::to_string(limits.bytes_max)};
  }
  try {
    // The guard has state: the library copies its callback, so it gets a reference.
    ParseGuard guard{limits.depth_max};
    return Json::parse(text, [&](int depth, Json::parse_event_t event, Json& parsed) {
      return guard(depth, event, parsed);
    });
  } catch (const std::exception& error) {
    return Error{
        ErrorCode::kInvalid,
        std::string{"JSON: "} + error.what() + " in \"" + excerpt(text) + "\""};
  }
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dump_json_pretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

const Json* find(const Json& root, JsonPath path) {
  const Json* value = &root;
  for (const std::string_view name : path) {
    if (!value->is_object()) return nullptr;
    const auto member = value->find(name);
    if (member == value->end()) return nullptr;
    value = &*member;
  }
  return value->is_null() ? nullptr : value;
}

std::optional<std::string> find_text(const Json& root, JsonPath path) {
  const Json* value = find(root, path);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get_ref<const std::string&>();
}

std::optional<int64_t> find_integer(const Json& root, JsonPath path) {
  const Json* value = find(root, path);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  if (value->is_number_unsigned() && value->get<uint64_t>() > INT64_MAX) return std::nullopt;
  return value->get<int64_t>();
}

std::optional<bool> find_bool(const Json& root, JsonPath path) {
  const Json* value = find(root, path);
  if (value == nullptr || !value->is_boolean()) return std::nullopt;
  return value->get<bool>();
}

std::string text_or(const Json& root, JsonPath path, std::string_view otherwise) {
  const Json* value = find(root, path);
  if (value == nullptr || !value->is_string()) return std::string{otherwise};
  return value->get_ref<const std::string&>();
}

std::vector<const Json*> elements(const Json& root, JsonPath path) {
  std::vector<const Json*> result;
  const Json* value = find(root, path);
  if (value == nullptr || !value->is_array()) return result;
  result.reserve(value->size());
  for (const Json& element : *value) result.push_back(&element);
  return result;
}

std::map<std::string, std::string> string_map(const Json& root, JsonPath path) {
  std::map<std::string, std::string> result;
  const Json* value = as_object(root, path);
  if (value == nullptr) return result;
  for (const auto& [name, member] : value->items())
    if (member.is_string()) result.emplace(name, member.get_ref<const std::string&>());
  return result;
}

const char* json_type_name(const Json& value) {
  return value.type_name();
}

}  // namespace raven::kube
