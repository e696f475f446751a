// Lists and watch streams of the API server: common/kube/reflector.h and line_splitter.h.
// SPDX-License-Identifier: Apache-2.0
//
// Input: size of the chunks, then what the server says.  Each request takes its answer from there:
// a list takes one line, a watch all lines up to one that begins with '!'.  A line "!410" is an
// answer with that status and no body.
#include "common/base/log.h"
#include "common/kube/json_value.h"
#include "common/kube/line_splitter.h"
#include "common/kube/reflector.h"
#include "tests/fuzz/fuzz.h"

namespace raven::kube {
namespace {

using fuzz::require;

const Kind kGateways{"raven.openyurt.io", "v1beta1", "gateways", "Gateway", false};
constexpr std::size_t kLineBytesMax = 250;
constexpr unsigned kRequestsMax = 20;

class Server {
 public:
  explicit Server(std::string_view text) : text_{text} {}

  bool is_empty() const { return text_.empty(); }
  std::string_view line() {
    const std::size_t end = std::min(text_.find('\n'), text_.size());
    const std::string_view line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    return line;
  }
  std::string_view stream() {
    const std::size_t end = std::min(text_.find("\n!"), text_.size());
    const std::string_view stream = text_.substr(0, std::min(end + 1, text_.size()));
    text_.remove_prefix(stream.size());
    return stream;
  }

 private:
  std::string_view text_;
};

HttpAnswer answer(std::string_view line) {
  HttpAnswer answer;
  answer.end = HttpAnswer::End::kComplete;
  answer.status = 200;
  if (line.starts_with('!')) {
    answer.status = std::strtol(std::string{line.substr(1)}.c_str(), nullptr, 10);
    if (answer.status == 0) answer.end = HttpAnswer::End::kTransport;
    if (answer.status == 429) answer.retry_after = std::chrono::seconds{100000};
  } else {
    answer.body = line;
  }
  return answer;
}

void check(const Reflector& reflector) {
  const Snapshot snapshot = reflector.snapshot();
  require(snapshot != nullptr, "there is always a snapshot");
  require(reflector.synced() || snapshot->empty(), "nothing is known before the first list");
  for (const auto& [key, object] : *snapshot) {
    require(
        object != nullptr && object_name(*object).key() == key, "an object lies under its name"
    );
    require(text_or(*object, {"kind"}) == kGateways.kind, "and is of the kind that was asked for");
  }
}

// Feeds the stream in chunks; false: the reflector wants no more of it.
bool feed(Reflector& reflector, std::string_view stream, std::size_t chunk_size, Instant now) {
  LineSplitter splitter{kLineBytesMax};
  while (!stream.empty()) {
    const std::string_view chunk = stream.substr(0, chunk_size);
    stream.remove_prefix(chunk.size());
    const bool goes_on = splitter.feed(chunk, [&](std::string_view line) {
      require(line.size() <= kLineBytesMax, "no line is longer than allowed");
      require(!line.empty() && line.find('\n') == std::string_view::npos, "a line is one line");
      return reflector.on_line(line, now);
    });
    if (!goes_on) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  log::set_level(log::Level::kError);
  fuzz::Input input{data, size};
  const std::size_t chunk_size = input.byte() + 1u;
  Server server{input.rest_text()};
  WatchSpec spec{kGateways};
  if (chunk_size % 2 == 0) spec.may_be_missing = true;
  if (chunk_size % 3 == 0) spec.name = "a b";
  if (chunk_size % 5 == 0) spec.label_selector = "a=b";
  Reflector reflector{spec, std::chrono::minutes{5}, 1};
  Instant now{std::chrono::hours{1}};
  for (unsigned requests = 0; requests < kRequestsMax && !server.is_empty(); ++requests) {
    const Reflector::Request request = reflector.begin(now);
    require(request.target.find_first_of(" \n") == std::string::npos, "a target is one word");
    now += std::chrono::milliseconds{requests % 2 == 0 ? 2000 : 100};
    HttpAnswer end = answer("");
    if (!request.is_watch) {
      end = answer(server.line());
    } else if (!feed(reflector, server.stream(), chunk_size, now)) {
      end.end = HttpAnswer::End::kAborted;
      end.reason = "aborted";
    } else if (!server.is_empty()) {
      end = answer(server.line());
    }
    require(reflector.on_done(end, now).count() >= 0, "a pause is no time travel");
    check(reflector);
  }
  reflector.status();
  return 0;
}

}  // namespace raven::kube
