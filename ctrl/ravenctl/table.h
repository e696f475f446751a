// Table: columns of text, aligned for a terminal.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace raven::ctl {

class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

  // REQUIRES: as many cells as the header has.  An empty cell is shown as "-".
  void add(std::vector<std::string> cells);

  bool empty() const { return rows_.size() == 1; }
  // Two spaces between columns, none at the end of a line; numbers to the right.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace raven::ctl
