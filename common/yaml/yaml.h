// YAML in: a strict tree with positions, for settings files and manifests.
// SPDX-License-Identifier: Apache-2.0
//
// yaml-cpp does the syntax; this adds what untrusted or hand-written files need: a size limit, a
// nesting limit, no anchors and aliases, no duplicate keys, and a position for each node.
// Errors read "file:line:column: reason".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace raven::yaml {

inline constexpr std::size_t kFileSizeMax = 1 << 20;
inline constexpr int kDepthMax = 32;

struct Node {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Node() = default;  // not an aggregate: clang rejects one that contains itself
  Kind kind = Kind::kNull;
  std::string scalar;
  bool quoted = false;                                // "4500" is a string, 4500 is a number
  int line = 0;                                       // from 1
  int column = 0;                                     // from 1
  std::vector<Node> items;                            // kSequence
  std::vector<std::pair<std::string, Node>> entries;  // kMap, in file order

  const Node* find(std::string_view key) const;
};

// One document; an empty one is an error ("no configuration").
Result<Node> parse(const std::string& file, std::string_view text);
// All documents of a stream; empty ones are left out.
Result<std::vector<Node>> parse_all(
    const std::string& file, std::string_view text, std::size_t size_max = kFileSizeMax
);

Error error_at(const std::string& file, const Node& node, const std::string& reason);

}  // namespace raven::yaml
