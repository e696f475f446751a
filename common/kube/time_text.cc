// SPDX-License-Identifier: Apache-2.0
#include "common/kube/time_text.h"

#include <fmt/format.h>

namespace raven::kube {
namespace {

std::string date_and_time(time_t seconds) {
  tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
  return text;
}

}  // namespace

std::string utc_text(time_t seconds) {
  return date_and_time(seconds) + "Z";
}

std::string utc_text_now() {
  return utc_text(std::time(nullptr));
}

std::string micro_time_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return fmt::format("{}.{:06}Z", date_and_time(now.tv_sec), now.tv_nsec / 1000);
}

}  // namespace raven::kube
