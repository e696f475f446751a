// Reading of published test vectors.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dataplane/ipsec/response_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace raven::dataplane::test {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

void read_field(const std::string& line, ResponseCase& into) {
  const std::size_t equals = line.find('=');
  if (equals == std::string::npos)
    into.set(line, "");
  else
    into.set(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)));
}

}  // namespace

Bytes ResponseCase::bytes(const std::string& name) const {
  const auto field = fields_.find(name);
  if (field == fields_.end()) return {};
  const std::string& value = field->second;
  if (!value.starts_with('"')) return from_hex(value);
  return Bytes(value.begin() + 1, value.end() - 1);
}

unsigned long ResponseCase::number(const std::string& name) const {
  const auto field = fields_.find(name);
  return field == fields_.end() ? 0 : std::strtoul(field->second.c_str(), nullptr, 10);
}

std::vector<ResponseCase> response_file(const std::string& file) {
  const std::string path = std::string{RAVEN_PUBLISHED_VECTORS} + "/" + file;
  std::ifstream input{path};
  if (!input) {
    ADD_FAILURE() << path << " is not there: scripts/install-deps.sh installs it";
    return {};
  }
  std::vector<ResponseCase> cases;
  ResponseCase section, current;
  bool started = false;
  for (std::string line; std::getline(input, line);) {
    line = trimmed(line);
    if (line.starts_with('#')) continue;
    if (line.starts_with('[')) {
      read_field(line.substr(1, line.size() - 2), section);
    } else if (!line.empty()) {
      if (!started) current = section;
      started = true;
      read_field(line, current);
    } else if (std::exchange(started, false)) {
      cases.push_back(current);
    }
  }
  if (started) cases.push_back(current);
  return cases;
}

}  // namespace raven::dataplane::test
