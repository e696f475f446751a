// Message: the tree of sections, lists and values that VICI requests and answers consist of, and
// its wire form.
// SPDX-License-Identifier: Apache-2.0
//
// Wire (strongSwan, README of the vici plugin): elements of one type byte each; names have a
// length byte, values a two-byte big-endian length.  What is decoded may come from anybody:
// nesting and sizes are bounded, and nothing is read beyond the end.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/result.h"

namespace raven::vici {

inline constexpr std::size_t kMessageSizeMax = std::size_t{512} * 1024;  // charon's own limit
inline constexpr unsigned kDepthMax = 16;

using List = std::vector<std::string>;

class Message {
 public:
  // Adds an element at the end, and returns the message for chaining.
  Message& text(std::string key, std::string value);
  Message& list(std::string key, List values);
  Message& section(std::string key, Message content);

  // Lookup of the first element of that name and type; empty when there is none.
  std::string_view text(std::string_view key) const;
  const List& list(std::string_view key) const;
  const Message& section(std::string_view key) const;
  // A number, or 0.
  uint64_t number(std::string_view key) const;

  // All sections in order, with their names.
  std::vector<std::pair<std::string_view, const Message*>> sections() const;
  bool empty() const { return elements_.empty(); }

  // Overwrites every value: for messages that carry a key.
  void wipe();

  bool operator==(const Message&) const;

  // kInvalid when a name or value is too long for the wire.
  Result<std::string> encode() const;
  // kInvalid names the offset and what is wrong there.
  static Result<Message> decode(std::string_view bytes);

 private:
  struct Element;
  std::vector<Element> elements_;
};

struct Message::Element {
  std::string key;
  std::variant<std::string, List, Message> value;
  bool operator==(const Element&) const;
};

}  // namespace raven::vici
