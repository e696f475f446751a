// SPDX-License-Identifier: Apache-2.0
#include "common/base/log.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <map>
#include <mutex>

namespace raven::log {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kRememberedLinesMax = 256;

struct Repetition {
  Clock::time_point written_at;
  uint64_t held_back = 0;
};

std::atomic<Level> g_level{Level::kInfo};
std::mutex g_mutex;
std::map<std::string, Repetition, std::less<>>& repetitions() {
  static auto* map = new std::map<std::string, Repetition, std::less<>>;
  return *map;
}

const char* level_name(Level level) {
  switch (level) {
    case Level::kError:
      return "ERROR";
    case Level::kWarning:
      return "WARN";
    case Level::kInfo:
      return "INFO";
    case Level::kDebug:
      return "DEBUG";
  }
  return "?";
}

std::string timestamp() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char text[64];
  std::snprintf(
      text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", utc.tm_year + 1900,
      utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1'000'000
  );
  return text;
}

// Returns false when the line is to be suppressed; else how many were suppressed before it.
bool admit(const std::string& line, uint64_t& held_back) {
  auto& seen = repetitions();
  const auto now = Clock::now();
  if (const auto it = seen.find(line); it != seen.end()) {
    if (now - it->second.written_at < std::chrono::seconds{1}) {
      ++it->second.held_back;
      return false;
    }
    held_back = it->second.held_back;
    it->second = {now, 0};
    return true;
  }
  if (seen.size() >= kRememberedLinesMax) seen.clear();
  seen.emplace(line, Repetition{now});
  return true;
}

}  // namespace

void set_level(Level level) {
  g_level.store(level, std::memory_order_relaxed);
}

bool enabled(Level level) {
  return level <= g_level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view area, std::string_view text) {
  if (!enabled(level)) return;
  std::string line = fmt::format("{} {}: ", level_name(level), area);
  for (const char c : text) line += (c >= ' ' || c < 0) ? c : ' ';  // one event, one line
  uint64_t held_back = 0;
  const std::lock_guard lock{g_mutex};
  if (!admit(line, held_back)) return;
  line = timestamp() + " " + line;
  if (held_back > 0) line += fmt::format(" (suppressed {} times)", held_back);
  line += '\n';
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace raven::log
