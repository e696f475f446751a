// Logging: one line per event on standard error, "LEVEL area: text key=value ...".
// SPDX-License-Identifier: Apache-2.0
//
// Threading: any thread; one write(2) per line.  Never called from the packet path.
// Repeated lines are suppressed: the same area and text appear at most once a second, with the
// number of suppressed ones, so that a broken peer cannot fill a disk.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace raven::log {

enum class Level { kError, kWarning, kInfo, kDebug };

void set_level(Level level);
bool enabled(Level level);
void write(Level level, std::string_view area, std::string_view text);

template <class... Args>
void error(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kError, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kWarning, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kInfo, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void debug(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kDebug))
    write(Level::kDebug, area, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace raven::log
