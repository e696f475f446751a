// SPDX-License-Identifier: Apache-2.0
#include "common/settings/settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace raven::settings {

Error Place::error(const yaml::Node& node, const std::string& reason) const {
  return yaml::error_at(file, node, (path.empty() ? "" : path + ": ") + reason);
}

Place Place::item(const std::string& name) const {
  return {file, path.empty() ? name : path + "." + name};
}

namespace detail {
namespace {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string number_text(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e18)
    return std::to_string(static_cast<int64_t>(value));
  return std::to_string(value);
}

Status check_range(
    const yaml::Node& node, const Place& place, const FieldInfo& info, double value
) {
  if (!info.has_range || (value >= info.min && value <= info.max)) return {};
  return place.error(
      node, node.scalar + " is out of range " + number_text(info.min) + ".." +
                number_text(info.max) + (info.unit.empty() ? "" : " " + info.unit)
  );
}

template <class Number>
bool parse_number(const std::string& text, Number& out) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  return code == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Status expect(const yaml::Node& node, const Place& place, yaml::Node::Kind kind, const char* what) {
  if (node.kind == kind) return {};
  return place.error(node, std::string{"must be "} + what);
}

Status refuse_unknown(
    const yaml::Node& node, const Place& place, const std::vector<FieldInfo>& fields
) {
  for (const auto& [key, value] : node.entries) {
    const auto same = [&key = key](const FieldInfo& field) { return field.key == key; };
    if (std::any_of(fields.begin(), fields.end(), same)) continue;
    const auto nearest =
        std::min_element(fields.begin(), fields.end(), [&key = key](auto& a, auto& b) {
          return edit_distance(a.key, key) < edit_distance(b.key, key);
        });
    std::string reason = "unknown key";
    if (nearest != fields.end() && edit_distance(nearest->key, key) <= 3)
      reason += ", did you mean '" + nearest->key + "'";
    return place.item(key).error(value, reason);
  }
  return {};
}

Status read_scalar(const yaml::Node& node, const Place& place, const FieldInfo&, bool& out) {
  if (node.quoted || (node.scalar != "true" && node.scalar != "false"))
    return place.error(node, "must be true or false");
  out = node.scalar == "true";
  return {};
}

Status read_integer(
    const yaml::Node& node, const Place& place, const FieldInfo& info, int64_t& out
) {
  const bool leading_zero = node.scalar.size() > 1 && node.scalar[0] == '0';
  if (node.kind != yaml::Node::Kind::kScalar || node.quoted || leading_zero ||
      !parse_number(node.scalar, out))
    return place.error(node, "must be an integer");
  return check_range(node, place, info, static_cast<double>(out));
}

Status read_scalar(const yaml::Node& node, const Place& place, const FieldInfo& info, double& out) {
  if (node.kind != yaml::Node::Kind::kScalar || node.quoted || !parse_number(node.scalar, out) ||
      !std::isfinite(out))
    return place.error(node, "must be a number");
  return check_range(node, place, info, out);
}

Status read_scalar(
    const yaml::Node& node, const Place& place, const FieldInfo& info, std::string& out
) {
  RAVEN_TRY(expect(node, place, yaml::Node::Kind::kScalar, "a text"));
  const auto& choices = info.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), node.scalar) == choices.end())
    return place.error(node, "'" + node.scalar + "' is not one of: " + joined(choices));
  out = node.scalar;
  return {};
}

Status read_scalar(const yaml::Node& node, const Place& place, const FieldInfo&, IpAddress& out) {
  RAVEN_TRY(expect(node, place, yaml::Node::Kind::kScalar, "an IP address"));
  auto address = IpAddress::parse(node.scalar);
  if (!address) return place.error(node, address.error().message);
  out = *address;
  return {};
}

Status read_scalar(const yaml::Node& node, const Place& place, const FieldInfo&, IpPrefix& out) {
  RAVEN_TRY(expect(node, place, yaml::Node::Kind::kScalar, "a prefix"));
  auto prefix = IpPrefix::parse(node.scalar);
  if (!prefix) return place.error(node, prefix.error().message);
  out = *prefix;
  return {};
}

}  // namespace detail

namespace {

std::string allowed_text(const FieldInfo& field) {
  if (!field.choices.empty()) return detail::joined(field.choices);
  if (!field.has_range) return "";
  return detail::number_text(field.min) + ".." + detail::number_text(field.max);
}

void append_comment(std::string& out, const std::string& indent, const FieldInfo& field) {
  std::string text = field.help;
  const std::string allowed = allowed_text(field);
  if (!allowed.empty())
    text += " (" + allowed + (field.unit.empty() ? ")" : " " + field.unit + ")");
  else if (!field.unit.empty())
    text += " (" + field.unit + ")";
  if (field.required) text += " Required.";
  std::size_t width = 96 - indent.size();
  while (!text.empty()) {
    std::size_t cut = text.size() <= width ? text.size() : text.rfind(' ', width);
    if (cut == std::string::npos) cut = text.size();
    out += indent + "# " + text.substr(0, cut) + "\n";
    text.erase(0, cut < text.size() ? cut + 1 : cut);
  }
}

void append_sample(std::string& out, const std::string& indent, const FieldInfo& field);

// The item of a list of sections: "- " before its first key.
void append_list_item(std::string& out, const std::string& indent, const FieldInfo& field) {
  std::string item;
  for (const FieldInfo& child : field.children) append_sample(item, indent + "  ", child);
  // The dash takes the place of the indentation of the first key, which may follow comments.
  std::size_t line = 0;
  while (item.compare(line + indent.size() + 2, 1, "#") == 0) line = item.find('\n', line) + 1;
  item.replace(line, indent.size() + 2, indent + "- ");
  out += item;
}

void append_sample(std::string& out, const std::string& indent, const FieldInfo& field) {
  append_comment(out, indent, field);
  if (!field.example.empty()) {
    out += indent + field.key + ": " + field.example + "\n";
  } else if (!field.children.empty()) {
    out += indent + field.key + ":\n";
    if (field.list) return append_list_item(out, indent + "  ", field);
    for (const FieldInfo& child : field.children) append_sample(out, indent + "  ", child);
  } else {
    out += indent + field.key + ": " + field.default_text + "\n";
  }
}

void append_rows(
    std::string& out, const std::string& prefix, const std::vector<FieldInfo>& fields
) {
  for (const FieldInfo& field : fields) {
    const std::string key = prefix + field.key + (field.list ? "[]" : "");
    const std::string fallback = field.required ? "required" : field.default_text;
    out += "| `" + key + "` | " + (field.list ? "list of " : "") + field.type + " | " +
           (fallback.empty() ? "" : "`" + fallback + "`") + " | " + allowed_text(field) + " | " +
           field.unit + " | " + field.help + " |\n";
    append_rows(out, key + ".", field.children);
  }
}

}  // namespace

std::string sample_yaml(const std::string& title, const std::vector<FieldInfo>& fields) {
  std::string out = "# " + title + "\n";
  for (const FieldInfo& field : fields) {
    out += "\n";
    append_sample(out, "", field);
  }
  return out;
}

std::string markdown(const std::string& title, const std::vector<FieldInfo>& fields) {
  std::string out = "## " + title + "\n\n| key | type | default | allowed | unit | meaning |\n";
  out += "|---|---|---|---|---|---|\n";
  append_rows(out, "", fields);
  return out;
}

}  // namespace raven::settings
