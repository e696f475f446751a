// LineSplitter: turns chunks of a stream into lines; bounded.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace raven::kube {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t line_bytes_max) : line_bytes_max_{line_bytes_max} {}

  // Calls on_line(line) for each line that is complete, without its newline; empty ones are left
  // out.  An unfinished line waits for the next chunk.  Returns false, at once, when on_line() does
  // or when a line is too long.
  template <class OnLine>
  bool feed(std::string_view chunk, OnLine&& on_line) {
    for (;;) {
      const std::size_t end = chunk.find('\n');
      if (end == std::string_view::npos) break;
      if (pending_.size() + end > line_bytes_max_) return false;
      pending_.append(chunk.substr(0, end));
      chunk.remove_prefix(end + 1);
      const std::string line = std::exchange(pending_, {});
      if (!line.empty() && !on_line(std::string_view{line})) return false;
    }
    if (pending_.size() + chunk.size() > line_bytes_max_) return false;
    pending_.append(chunk);
    return true;
  }

 private:
  std::size_t line_bytes_max_;
  std::string pending_;
};

}  // namespace raven::kube
