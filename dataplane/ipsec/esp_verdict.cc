// Names and help of the verdicts.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/esp_verdict.h"

#include <cstddef>

namespace raven::dataplane {
namespace {

struct Row {
  std::string_view name, help;
};

constexpr Row kRows[] = {
#define RAVEN_ESP_VERDICT(id, name, help) {name, help},
    RAVEN_ESP_VERDICTS(RAVEN_ESP_VERDICT)
#undef RAVEN_ESP_VERDICT
};

}  // namespace

std::string_view esp_verdict_name(EspVerdict verdict) {
  return kRows[static_cast<std::size_t>(verdict)].name;
}

std::string_view esp_verdict_help(EspVerdict verdict) {
  return kRows[static_cast<std::size_t>(verdict)].help;
}

}  // namespace raven::dataplane
