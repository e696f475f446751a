// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ike/vici/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace raven::vici {
namespace {

enum ElementType : uint8_t {
  kSectionStart = 1,
  kSectionEnd = 2,
  kKeyValue = 3,
  kListStart = 4,
  kListItem = 5,
  kListEnd = 6,
};

constexpr std::size_t kNameSizeMax = 255;
constexpr std::size_t kValueSizeMax = 65535;

// Writes elements; remembers that something did not fit instead of failing at each step.
class Writer {
 public:
  void type(ElementType type) { out_ += static_cast<char>(type); }
  void name(ElementType element, const std::string& name) {
    if (name.empty() || name.size() > kNameSizeMax) fits_ = false;
    type(element);
    out_ += static_cast<char>(name.size());
    out_ += name;
  }
  void value(const std::string& value) {
    if (value.size() > kValueSizeMax) fits_ = false;
    out_ += static_cast<char>(value.size() >> 8);
    out_ += static_cast<char>(value.size());
    out_ += value;
  }
  bool fits() const { return fits_ && out_.size() <= kMessageSizeMax; }
  std::string& out() { return out_; }

 private:
  std::string out_;
  bool fits_ = true;
};

void write_list(Writer& writer, const std::string& key, const List& values) {
  writer.name(kListStart, key);
  for (const std::string& value : values) {
    writer.type(kListItem);
    writer.value(value);
  }
  writer.type(kListEnd);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_{bytes} {}

  bool at_end() const { return offset_ == bytes_.size(); }

  Result<uint8_t> byte() {
    RAVEN_ASSIGN(const std::string_view one, take(1));
    return static_cast<uint8_t>(one[0]);
  }
  Result<std::string> name() {
    RAVEN_ASSIGN(const uint8_t size, byte());
    RAVEN_ASSIGN(const std::string_view text, take(size));
    return std::string{text};
  }
  Result<std::string> value() {
    RAVEN_ASSIGN(const uint8_t high, byte());
    RAVEN_ASSIGN(const uint8_t low, byte());
    RAVEN_ASSIGN(const std::string_view text, take(std::size_t{high} << 8 | low));
    return std::string{text};
  }
  Result<List> list_items() {
    List values;
    for (;;) {
      RAVEN_ASSIGN(const uint8_t type, byte());
      if (type == kListEnd) return values;
      if (type != kListItem) return error("not a list item");
      RAVEN_ASSIGN(std::string item, value());
      values.push_back(std::move(item));
    }
  }
  Error error(const char* what) const {
    return Error{ErrorCode::kInvalid, fmt::format("VICI message, byte {}: {}", offset_, what)};
  }

 private:
  Result<std::string_view> take(std::size_t size) {
    if (size > bytes_.size() - offset_) return error("cut short");
    const std::string_view taken = bytes_.substr(offset_, size);
    offset_ += size;
    return taken;
  }

  std::string_view bytes_;
  std::size_t offset_ = 0;
};

Result<Message> read_section(Reader& reader, unsigned depth) {
  Message message;
  for (;;) {
    if (depth == 0 && reader.at_end()) return message;
    RAVEN_ASSIGN(const uint8_t type, reader.byte());
    if (type == kSectionEnd && depth > 0) return message;
    if (type != kSectionStart && type != kKeyValue && type != kListStart)
      return reader.error("unexpected element type");
    RAVEN_ASSIGN(std::string key, reader.name());
    if (type == kKeyValue) {
      RAVEN_ASSIGN(std::string value, reader.value());
      message.text(std::move(key), std::move(value));
    } else if (type == kListStart) {
      RAVEN_ASSIGN(List values, reader.list_items());
      message.list(std::move(key), std::move(values));
    } else {
      if (depth + 1 >= kDepthMax) return reader.error("nested too deeply");
      RAVEN_ASSIGN(Message content, read_section(reader, depth + 1));
      message.section(std::move(key), std::move(content));
    }
  }
}

}  // namespace

Message& Message::text(std::string key, std::string value) {
  elements_.push_back({std::move(key), std::move(value)});
  return *this;
}

Message& Message::list(std::string key, List values) {
  elements_.push_back({std::move(key), std::move(values)});
  return *this;
}

Message& Message::section(std::string key, Message content) {
  elements_.push_back({std::move(key), std::move(content)});
  return *this;
}

std::string_view Message::text(std::string_view key) const {
  for (const Element& element : elements_)
    if (const auto* value = std::get_if<std::string>(&element.value); value && element.key == key)
      return *value;
  return {};
}

const List& Message::list(std::string_view key) const {
  static const List none;
  for (const Element& element : elements_)
    if (const auto* value = std::get_if<List>(&element.value); value && element.key == key)
      return *value;
  return none;
}

const Message& Message::section(std::string_view key) const {
  static const Message none;
  for (const Element& element : elements_)
    if (const auto* value = std::get_if<Message>(&element.value); value && element.key == key)
      return *value;
  return none;
}

uint64_t Message::number(std::string_view key) const {
  const std::string_view digits = text(key);
  uint64_t number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return code == std::errc{} && end == digits.data() + digits.size() ? number : 0;
}

std::vector<std::pair<std::string_view, const Message*>> Message::sections() const {
  std::vector<std::pair<std::string_view, const Message*>> all;
  for (const Element& element : elements_)
    if (const auto* value = std::get_if<Message>(&element.value))
      all.emplace_back(element.key, value);
  return all;
}

void Message::wipe() {
  for (Element& element : elements_) {
    if (auto* text = std::get_if<std::string>(&element.value))
      explicit_bzero(text->data(), text->size());
    if (auto* section = std::get_if<Message>(&element.value)) section->wipe();
  }
  elements_.clear();
}

// Written out: clang 14 does not survive the defaulted ones, which need each other.
bool Message::operator==(const Message& other) const {
  return elements_ == other.elements_;
}

bool Message::Element::operator==(const Element& other) const {
  return key == other.key && value == other.value;
}

Result<std::string> Message::encode() const {
  Writer writer;
  const auto write = [&](const auto& self, const Message& message) -> void {
    for (const Element& element : message.elements_) {
      if (const auto* text = std::get_if<std::string>(&element.value)) {
        writer.name(kKeyValue, element.key);
        writer.value(*text);
      } else if (const auto* values = std::get_if<List>(&element.value)) {
        write_list(writer, element.key, *values);
      } else {
        writer.name(kSectionStart, element.key);
        self(self, std::get<Message>(element.value));
        writer.type(kSectionEnd);
      }
    }
  };
  write(write, *this);
  if (!writer.fits())
    return Error{ErrorCode::kInvalid, "VICI message: a name, a value or the whole is too long"};
  return std::move(writer.out());
}

Result<Message> Message::decode(std::string_view bytes) {
  if (bytes.size() > kMessageSizeMax)
    return Error{ErrorCode::kInvalid, fmt::format("VICI message of {} bytes", bytes.size())};
  Reader reader{bytes};
  return read_section(reader, 0);
}

}  // namespace raven::vici
