// Building of the Fib: shortest prefixes first, as the trie wants them.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table/fib.h"

#include <algorithm>

namespace raven::dataplane {

Fib::Fib(std::vector<FibRow> rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const FibRow& a, const FibRow& b) {
    return a.prefix.length() < b.prefix.length();
  });
  for (const FibRow& row : rows) {
    PrefixTrie& trie = row.prefix.family() == IpFamily::kV4 ? v4_ : v6_;
    trie.insert(row.prefix.address().bytes().data(), row.prefix.length(), row.target.packed());
  }
}

}  // namespace raven::dataplane
