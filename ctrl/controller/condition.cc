// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/condition.h"

#include <fmt/format.h>

#include "common/kube/json_value.h"

namespace raven::controller {
namespace {

// Event messages are cut at 1024 bytes by the API server.
constexpr std::size_t kMessageSizeMax = 900;

}  // namespace

std::string conditions_text(const Conditions& conditions) {
  kube::Json array = kube::Json::array();
  for (const Condition& condition : conditions)
    array.push_back(
        {{"type", condition.type},
         {"status", condition.ok ? "True" : "False"},
         {"reason", condition.reason},
         {"message", condition.message}}
    );
  return kube::dump_json(array);
}

Conditions parse_conditions(std::string_view text) {
  const Result<kube::Json> array = kube::parse_json(text);
  if (!array) return {};
  Conditions conditions;
  for (const kube::Json* entry : kube::elements(*array, {}))
    conditions.push_back(
        {kube::text_or(*entry, {"type"}), kube::text_or(*entry, {"status"}) == "True",
         kube::text_or(*entry, {"reason"}), kube::text_or(*entry, {"message"})}
    );
  return conditions;
}

std::string join_bounded(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) text += "; ";
    if (text.size() + parts[i].size() > kMessageSizeMax)
      return text + fmt::format("and {} more", parts.size() - i);
    text += parts[i];
  }
  return text;
}

}  // namespace raven::controller
