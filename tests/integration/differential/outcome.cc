// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/differential/outcome.h"

#include "tests/unit/dataplane/ipsec/bytes.h"

namespace raven::dataplane::test {
namespace {

constexpr const char* kNames[] = {"port 0",   "port 1",   "tunnel", "raven0", "kernel 0",
                                  "kernel 1", "worker 1", "moved",  "pieces"};

const char* name_of(Place place) {
  return kNames[static_cast<std::size_t>(place)];
}

}  // namespace

std::string Outcome::text() const {
  std::string text;
  for (const End& end : ends)
    text += std::string{"  "} + name_of(end.place) + " " + to_hex(end.bytes) + "\n";
  for (const auto& [reason, count] : drops)
    text += "  drop " + reason + " " + std::to_string(count) + "\n";
  return text;
}

void add(const Outcome& outcome, Tally& tally) {
  for (const End& end : outcome.ends) ++tally[name_of(end.place)];
  for (const auto& [reason, count] : outcome.drops) tally["drop " + reason] += count;
}

}  // namespace raven::dataplane::test
