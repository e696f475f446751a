// The table of drop reasons: rows of drops.def, then the verdicts of ESP.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/drop.h"

#include <array>
#include <cassert>

namespace raven::dataplane {
namespace {

constexpr std::array<DropInfo, kDropCount> kDrops{{
#define DROP(id, name, help) {name, help},
#include "dataplane/packet/drops.def"
#undef DROP
#define RAVEN_ESP_ROW(id, name, help) \
  {EspVerdict::id == EspVerdict::kOk ? std::string_view{} : std::string_view{name}, help},
    RAVEN_ESP_VERDICTS(RAVEN_ESP_ROW)
#undef RAVEN_ESP_ROW
}};

}  // namespace

DropInfo drop_info(std::size_t index) {
  assert(index < kDropCount);
  return kDrops[index];
}

}  // namespace raven::dataplane
