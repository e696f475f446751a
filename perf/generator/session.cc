// Commands and answers.
// SPDX-License-Identifier: Apache-2.0
#include "perf/generator/session.h"

#include <fmt/format.h>
#include <rte_cycles.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <sstream>

namespace raven::perf {
namespace {

constexpr double kPatience = 10;  // times the wanted duration, to find a quiet round

template <class Number>
bool parse_number(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number > 0;
}

void say(const std::string& line) {
  std::cout << line << std::endl;
}

}  // namespace

Session::Session(Feeder& feeder, std::function<void()> on_quit, std::function<std::string()> extra)
    : feeder_{feeder}, on_quit_{std::move(on_quit)}, extra_{std::move(extra)} {}

void Session::on_idle() {
  if (sampling_) {
    const Result<Round> round = feeder_.result();
    if (!round.ok()) {
      sampling_ = false;
      say(fmt::format("{{\"error\": \"{}\"}}", round.error().message));
    } else {
      sample_.rounds.push_back(*round);
      if (is_complete()) answer();
    }
  }
  if (!sampling_ && !read_command()) return on_quit_();
  feeder_.begin_round(sample_.packets, sample_.sizes);
}

bool Session::is_complete() const {
  const auto hz = static_cast<double>(rte_get_tsc_hz());
  const double seconds = static_cast<double>(rte_rdtsc() - sample_.begin_tsc) / hz;
  const bool any_quiet = std::ranges::any_of(sample_.rounds, [this](const Round& round) {
    return sample_.is_quiet(round);
  });
  return seconds >= sample_.seconds && (any_quiet || seconds >= kPatience * sample_.seconds);
}

void Session::answer() {
  sampling_ = false;
  std::vector<double> cycles, ceiling;
  const auto quiet = std::ranges::count_if(sample_.rounds, [this](const Round& round) {
    return sample_.is_quiet(round);
  });
  for (const Round& round : sample_.rounds) {
    if (quiet > 0 && !sample_.is_quiet(round)) continue;
    cycles.push_back(round.cycles_per_packet);
    ceiling.push_back(round.ceiling_cycles_per_packet);
  }
  const Spread all = Spread::of(cycles);
  say(fmt::format(
      "{{\"cycles_per_packet\": {:.1f}, \"min\": {:.1f}, \"max\": {:.1f}, "
      "\"ceiling_cycles_per_packet\": {:.1f}, \"rounds\": {}, \"quiet_rounds\": {}{}}}",
      all.median, all.min, all.max, Spread::of(ceiling).median, sample_.rounds.size(), quiet,
      extra_ ? extra_() : ""
  ));
}

bool Session::read_command() {
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line == "quit") return false;
    Status status = parse_sample(line);
    if (status.ok()) {
      sampling_ = true;
      sample_.rounds.clear();
      sample_.begin_tsc = rte_rdtsc();
      return true;
    }
    say(fmt::format("{{\"error\": \"{}\"}}", status.error().message));
  }
  return false;
}

Status Session::parse_sample(const std::string& line) {
  std::istringstream words{line};
  std::string word;
  words >> word;
  bool ok = word == "sample";
  Sample sample;
  while (ok && words >> word) {
    const std::string key = word.substr(0, word.find('='));
    const std::string value = word.substr(std::min(word.size(), key.size() + 1));
    uint16_t size = 0;
    if (key == "size" && value == "imix")
      sample.sizes = imix();
    else if (key == "size" && (ok = parse_number(value, size)))
      sample.sizes = {size};
    else if (key == "packets")
      ok = parse_number(value, sample.packets);
    else if (key == "slowness")
      ok = parse_number(value, sample.slowness_percent_max);
    else if (key == "seconds")
      ok = parse_number(value, sample.seconds);
    else
      ok = false;
  }
  if (!ok) return Error{ErrorCode::kInvalid, fmt::format("'{}' is no command", line)};
  sample_ = std::move(sample);
  return {};
}

}  // namespace raven::perf
