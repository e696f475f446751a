// Test vectors in the formats that NIST, OpenSSL and BoringSSL publish them in.
// SPDX-License-Identifier: Apache-2.0
//
// "[Name = value]" holds for all cases behind it, "Name = value" belongs to one case, a word alone
// is a remark about it ("FAIL"), a blank line ends it.  Values are hex, or text in quotation marks.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/unit/dataplane/ipsec/bytes.h"

namespace raven::dataplane::test {

class ResponseCase {
 public:
  // Of a name that is not there: empty, 0.
  Bytes bytes(const std::string& name) const;
  unsigned long number(const std::string& name) const;
  bool has(const std::string& name) const { return fields_.count(name) != 0; }

  void set(const std::string& name, const std::string& value) { fields_[name] = value; }

 private:
  std::map<std::string, std::string> fields_;
};

// The cases of `file` below the folder of Debian's python3-cryptography-vectors.  A missing file
// fails the test that asks for it.
std::vector<ResponseCase> response_file(const std::string& file);

}  // namespace raven::dataplane::test
