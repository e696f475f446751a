// JSON at the edge: bounded parsing that never throws, safe getters, serialising.  nlohmann-json
// is behind it; code that builds or changes values includes "common/kube/json_value.h" too.
// SPDX-License-Identifier: Apache-2.0
//
// Getters take a path of member names and never fail: what is missing, null or of another type is
// "not there".  Threading: values; a const Json may be read by many threads.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace raven::kube {

using Json = nlohmann::json;
using JsonPath = std::initializer_list<std::string_view>;

struct JsonLimits {
  std::size_t bytes_max = 64u << 20;
  unsigned depth_max = 128;  // custom resource definitions nest about 40 deep
};

// Refuses what is not exactly one JSON value, invalid UTF-8, NaN, duplicate members and whatever is
// beyond the limits.
Result<Json> parse_json(std::string_view text, JsonLimits limits = {});

// One line; bytes that are not UTF-8 come out as U+FFFD.
std::string dump_json(const Json& value);
// Indented, one trailing newline: for files that people read.
std::string dump_json_pretty(const Json& value);

// The member at `path`, or nullptr.
const Json* find(const Json& root, JsonPath path);
std::optional<std::string> find_text(const Json& root, JsonPath path);
std::optional<int64_t> find_integer(const Json& root, JsonPath path);  // whole numbers only
std::optional<bool> find_bool(const Json& root, JsonPath path);

std::string text_or(const Json& root, JsonPath path, std::string_view otherwise = "");

// The elements of an array, none when it is not there.  The pointers live as long as `root`.
std::vector<const Json*> elements(const Json& root, JsonPath path);
// The members of an object whose values are strings (labels, annotations, ConfigMap data).
std::map<std::string, std::string> string_map(const Json& root, JsonPath path);

// What `value` is, for messages: "object", "string", "null", ...
const char* json_type_name(const Json& value);

}  // namespace raven::kube
