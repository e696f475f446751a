// Settings: one description per structure gives the parser, the checks, the sample file and the
// documentation.
// SPDX-License-Identifier: Apache-2.0
//
//   struct Limits {
//     uint32_t burst_max = 64;
//     static void describe(settings::Schema<Limits>& s) {
//       s.field("burst_max", &Limits::burst_max, "Packets taken at once.")
//           .range(1, 64)
//           .unit("packets");
//     }
//   };
//
//   Result<Limits> limits = settings::load_file<Limits>("/etc/x.yaml");
//
// Defaults are the member initialisers.  A field may be: bool, an integer, double, std::string, an
// enum (with names()), IpAddress, IpPrefix, another described structure, or a std::vector of
// these.  Unknown keys, duplicates, wrong types and values out of range are refused with
// "file:line:column: key: reason"; nothing is half loaded.
#pragma once

#include <algorithm>
#include <concepts>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/base/ip.h"
#include "common/base/result.h"
#include "common/yaml/yaml.h"

namespace raven::settings {

template <class T>
class Schema;

// What the documentation knows of one field.
struct FieldInfo {
  std::string key, help, type, default_text, unit, example;
  bool required = false;
  bool list = false;
  bool has_range = false;
  double min = 0, max = 0;
  std::vector<std::string> choices;
  std::vector<FieldInfo> children;  // of a structure or of each list item
};

// Renderings, used by --print-sample-config and --print-settings.
std::string sample_yaml(const std::string& title, const std::vector<FieldInfo>& fields);
std::string markdown(const std::string& title, const std::vector<FieldInfo>& fields);

// Where a value is, for messages: "ports[1].mtu".
struct Place {
  const std::string& file;
  std::string path;
  Error error(const yaml::Node& node, const std::string& reason) const;
  Place item(const std::string& name) const;
};

namespace detail {

Status read_scalar(const yaml::Node&, const Place&, const FieldInfo&, bool& out);
Status read_scalar(const yaml::Node&, const Place&, const FieldInfo&, double& out);
Status read_scalar(const yaml::Node&, const Place&, const FieldInfo&, std::string& out);
Status read_scalar(const yaml::Node&, const Place&, const FieldInfo&, IpAddress& out);
Status read_scalar(const yaml::Node&, const Place&, const FieldInfo&, IpPrefix& out);
Status read_integer(const yaml::Node&, const Place&, const FieldInfo&, int64_t& out);
Status refuse_unknown(const yaml::Node&, const Place&, const std::vector<FieldInfo>&);
Status expect(const yaml::Node&, const Place&, yaml::Node::Kind, const char* what);

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
concept Described = requires(Schema<T>& schema) {
  T::describe(schema);
};

template <class T>
std::string type_name() {
  if constexpr (std::is_same_v<T, bool>)
    return "true or false";
  else if constexpr (std::is_integral_v<T>)
    return "integer";
  else if constexpr (std::is_same_v<T, double>)
    return "number";
  else if constexpr (std::is_same_v<T, IpAddress>)
    return "IP address";
  else if constexpr (std::is_same_v<T, IpPrefix>)
    return "prefix";
  else if constexpr (Described<T>)
    return "section";
  else
    return "text";
}

template <class T>
std::string text_of(const T& value, const std::vector<std::string>& choices) {
  if constexpr (std::is_same_v<T, bool>)
    return value ? "true" : "false";
  else if constexpr (std::is_enum_v<T>) {
    const auto index = static_cast<std::size_t>(value);
    return index < choices.size() ? choices[index] : "";
  } else if constexpr (std::is_integral_v<T>)
    return std::to_string(value);
  else if constexpr (std::is_same_v<T, double>) {
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text += '0';
    return text;
  } else if constexpr (std::is_same_v<T, std::string>)
    return "\"" + value + "\"";
  else if constexpr (std::is_same_v<T, IpAddress> || std::is_same_v<T, IpPrefix>)
    return value.text();
  else
    return "";
}

template <class T>
Status read_value(const yaml::Node& node, const Place& place, const FieldInfo& info, T& out);

}  // namespace detail

// The rows of one structure.
template <class T>
class Schema {
 public:
  explicit Schema(T defaults = T{}) : defaults_{std::move(defaults)} {}

  // Refines the row that was added last.
  class Row {
   public:
    explicit Row(FieldInfo& info) : info_{info} {}
    Row& required() { return info_.required = true, *this; }
    Row& unit(const char* unit) { return info_.unit = unit, *this; }
    Row& example(const char* yaml) { return info_.example = yaml, *this; }
    Row& range(double min, double max) {
      info_.has_range = true;
      info_.min = min;
      info_.max = max;
      return *this;
    }

   private:
    FieldInfo& info_;
  };

  // The rows and checks of a base class of T, with the defaults that T gives its members.
  template <class Base>
  requires std::derived_from<T, Base>
  void base() {
    Schema<Base> schema{defaults_};
    Base::describe(schema);
    std::ranges::copy(schema.fields_, std::back_inserter(fields_));
    std::ranges::copy(schema.readers_, std::back_inserter(readers_));
    std::ranges::copy(schema.checks_, std::back_inserter(checks_));
  }

  template <class F>
  Row field(const char* key, F T::*member, const char* help) {
    return add<F>(key, member, help, {});
  }

  // An enum or a text with a fixed set of values; for an enum, in the order of its values.
  template <class F>
  Row choice(const char* key, F T::*member, std::vector<std::string> choices, const char* help) {
    return add<F>(key, member, help, std::move(choices));
  }

  // A rule over the whole structure: returns the reason why it is refused, or "".
  // `key` is the field to point at.
  void check(const char* key, std::function<std::string(const T&)> rule) {
    checks_.push_back({key, std::move(rule)});
  }

  const std::vector<FieldInfo>& fields() const { return fields_; }

  Status read(const yaml::Node& node, const Place& place, T& out) const {
    RAVEN_TRY(detail::expect(node, place, yaml::Node::Kind::kMap, "a section (key: value)"));
    RAVEN_TRY(detail::refuse_unknown(node, place, fields_));
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const yaml::Node* value = node.find(fields_[i].key);
      const Place here = place.item(fields_[i].key);
      if (value != nullptr) RAVEN_TRY(readers_[i](*value, here, fields_[i], out));
      if (value == nullptr && fields_[i].required) return here.error(node, "is missing");
    }
    for (const auto& [key, rule] : checks_) {
      const std::string reason = rule(out);
      const yaml::Node* value = node.find(key);
      if (!reason.empty()) return place.item(key).error(value ? *value : node, reason);
    }
    return {};
  }

 private:
  using Reader = std::function<Status(const yaml::Node&, const Place&, const FieldInfo&, T&)>;

  template <class F>
  Row add(const char* key, F T::*member, const char* help, std::vector<std::string> choices) {
    FieldInfo info;
    info.key = key;
    info.help = help;
    info.choices = std::move(choices);
    fill_type<F>(info, defaults_.*member);
    fields_.push_back(std::move(info));
    readers_.push_back([member](
                           const yaml::Node& node, const Place& place, const FieldInfo& row, T& out
                       ) { return detail::read_value(node, place, row, out.*member); });
    return Row{fields_.back()};
  }

  template <class F>
  static void fill_type(FieldInfo& info, const F& value) {
    if constexpr (detail::IsVector<F>::value) {
      using Item = typename F::value_type;
      info.list = true;
      fill_type<Item>(info, Item{});
      info.default_text = "[";
      for (const Item& item : value)
        info.default_text +=
            (info.default_text.size() > 1 ? ", " : "") + detail::text_of(item, info.choices);
      info.default_text += "]";
    } else {
      info.type = detail::type_name<F>();
      info.default_text = detail::text_of(value, info.choices);
      if constexpr (detail::Described<F>) {
        Schema<F> schema;
        F::describe(schema);
        info.children = schema.fields();
      }
    }
  }

  template <class>
  friend class Schema;

  T defaults_;
  std::vector<FieldInfo> fields_;
  std::vector<Reader> readers_;
  std::vector<std::pair<std::string, std::function<std::string(const T&)>>> checks_;
};

template <class T>
Status detail::read_value(
    const yaml::Node& node, const Place& place, const FieldInfo& info, T& out
) {
  if constexpr (IsVector<T>::value) {
    RAVEN_TRY(expect(node, place, yaml::Node::Kind::kSequence, "a list"));
    out.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      typename T::value_type item{};
      const Place here{place.file, place.path + "[" + std::to_string(i) + "]"};
      RAVEN_TRY(read_value(node.items[i], here, info, item));
      out.push_back(std::move(item));
    }
    return {};
  } else if constexpr (Described<T>) {
    Schema<T> schema;
    T::describe(schema);
    return schema.read(node, place, out);
  } else if constexpr (std::is_enum_v<T>) {
    std::string text;
    RAVEN_TRY(read_scalar(node, place, info, text));
    for (std::size_t i = 0; i < info.choices.size(); ++i)
      if (info.choices[i] == text) out = static_cast<T>(i);
    return {};
  } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    int64_t value = 0;
    FieldInfo limited = info;
    if (!info.has_range) {
      limited.has_range = true;
      limited.min = static_cast<double>(std::numeric_limits<T>::min());
      limited.max = static_cast<double>(std::numeric_limits<T>::max());
    }
    RAVEN_TRY(read_integer(node, place, limited, value));
    out = static_cast<T>(value);
    return {};
  } else {
    return read_scalar(node, place, info, out);
  }
}

template <class T>
Schema<T> schema_of() {
  Schema<T> schema;
  T::describe(schema);
  return schema;
}

template <class T>
Result<T> load_text(const std::string& file, std::string_view text) {
  RAVEN_ASSIGN(const yaml::Node root, yaml::parse(file, text));
  T settings{};
  RAVEN_TRY(schema_of<T>().read(root, Place{file, ""}, settings));
  return settings;
}

template <class T>
Result<T> load_file(const std::string& file) {
  RAVEN_ASSIGN(const std::string text, read_file(file, yaml::kFileSizeMax));
  return load_text<T>(file, text);
}

}  // namespace raven::settings
