// SPDX-License-Identifier: Apache-2.0
#include "common/yaml/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

namespace raven::yaml {
namespace {

// Thrown inside yaml-cpp's callbacks and caught in parse_all(): it has no other way to stop.
struct Refused {
  YAML::Mark mark;
  std::string reason;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  std::vector<Node> take() { return std::move(documents_); }

  // yaml-cpp does not get past some tokens: it sees a document there, again and again.
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (mark.pos <= started_at_) throw Refused{mark, "is not YAML"};
    started_at_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add(make(Node::Kind::kNull, mark), mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{mark, "aliases are not allowed"};
  }
  void OnScalar(
      const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
      const std::string& value
  ) override {
    refuse_anchor(mark, anchor);
    Node node = make(Node::Kind::kScalar, mark);
    node.scalar = value;
    node.quoted = tag == "!";
    add(std::move(node), mark);
  }
  void OnSequenceStart(
      const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value
  ) override {
    refuse_anchor(mark, anchor);
    open(make(Node::Kind::kSequence, mark), mark);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(
      const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value
  ) override {
    refuse_anchor(mark, anchor);
    open(make(Node::Kind::kMap, mark), mark);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    Node node;
    bool has_key = false;
    std::string key;
  };

  static Node make(Node::Kind kind, const YAML::Mark& mark) {
    Node node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }
  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) throw Refused{mark, "anchors are not allowed"};
  }
  void open(Node node, const YAML::Mark& mark) {
    if (levels_.size() >= kDepthMax)
      throw Refused{mark, "nesting is deeper than " + std::to_string(kDepthMax)};
    if (expects_key()) throw Refused{mark, "a key must be a plain text"};
    levels_.push_back({std::move(node), false, {}});
  }
  void close() {
    Node node = std::move(levels_.back().node);
    levels_.pop_back();
    store(std::move(node));
  }
  bool expects_key() const {
    return !levels_.empty() && levels_.back().node.kind == Node::Kind::kMap &&
           !levels_.back().has_key;
  }
  void add(Node node, const YAML::Mark& mark) {
    if (!expects_key()) return store(std::move(node));
    if (node.kind != Node::Kind::kScalar) throw Refused{mark, "a key must be a plain text"};
    Level& level = levels_.back();
    if (level.node.find(node.scalar) != nullptr)
      throw Refused{mark, node.scalar + ": duplicate key"};
    level.key = std::move(node.scalar);
    level.has_key = true;
  }
  void store(Node node) {
    if (levels_.empty()) {
      if (node.kind != Node::Kind::kNull) documents_.push_back(std::move(node));
      return;
    }
    Level& level = levels_.back();
    if (level.node.kind == Node::Kind::kSequence) {
      level.node.items.push_back(std::move(node));
    } else {
      level.node.entries.emplace_back(std::move(level.key), std::move(node));
      level.has_key = false;
    }
  }

  int started_at_ = -1;
  std::vector<Level> levels_;
  std::vector<Node> documents_;
};

// The offset of the first byte that is not part of a character (RFC 3629), or npos.
std::size_t find_non_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<uint8_t>(text[at + i]); };
    const uint8_t first = byte(0);
    const std::size_t size = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
    if (size == 0 || size > text.size() - at) return at;
    for (std::size_t i = 1; i < size; ++i)
      if (byte(i) >> 6 != 2) return at;
    const bool shorter_form =
        (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
    const bool surrogate = first == 0xed && byte(1) >= 0xa0;
    if (shorter_form || surrogate || (first == 0xf4 && byte(1) >= 0x90)) return at;
    at += size;
  }
  return std::string_view::npos;
}

Error error_at_mark(const std::string& file, const YAML::Mark& mark, const std::string& reason) {
  Node position;
  position.line = mark.line + 1;
  position.column = mark.column + 1;
  return error_at(file, position, reason);
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, value] : entries)
    if (name == key) return &value;
  return nullptr;
}

Error error_at(const std::string& file, const Node& node, const std::string& reason) {
  return {
      ErrorCode::kInvalid,
      file + ":" + std::to_string(node.line) + ":" + std::to_string(node.column) + ": " + reason};
}

Result<std::vector<Node>> parse_all(
    const std::string& file, std::string_view text, std::size_t size_max
) {
  if (text.size() > size_max)
    return Error{
        ErrorCode::kInvalid, file + ": is larger than " + std::to_string(size_max) + " bytes"};
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    return Error{ErrorCode::kInvalid, file + ": NUL byte at offset " + std::to_string(nul)};
  // Two keys could become one when they are written as JSON.
  if (const auto bad = find_non_utf8(text); bad != std::string_view::npos)
    return Error{ErrorCode::kInvalid, file + ": no UTF-8 at offset " + std::to_string(bad)};
  try {
    std::istringstream stream{std::string{text}};
    YAML::Parser parser{stream};
    TreeBuilder builder;
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Refused& refused) {
    return error_at_mark(file, refused.mark, refused.reason);
  } catch (const YAML::Exception& exception) {
    return error_at_mark(file, exception.mark, exception.msg);
  } catch (const std::exception& exception) {
    return Error{ErrorCode::kInvalid, file + ": " + exception.what()};
  }
}

Result<Node> parse(const std::string& file, std::string_view text) {
  RAVEN_ASSIGN(auto documents, parse_all(file, text));
  if (documents.empty()) return Error{ErrorCode::kInvalid, file + ":1:1: no configuration"};
  if (documents.size() > 1)
    return error_at(file, documents[1], "one document is expected, this is a second one");
  return std::move(documents[0]);
}

}  // namespace raven::yaml
