// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/psk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "common/base/file.h"

namespace raven::gateway_agent {
namespace {

// Strings that stand in public sources and documents of OpenYurt Raven and of this project.
constexpr std::string_view kPublicKeys[] = {
    "openyurt-raven",
    "raven-agent-vpn-psk",
    "vpn-connection-psk",
    "raven-gateway",
    "changeme",
    "change-me",
    "example",
    "password",
    "secret"};
constexpr double kEntropyMinBits = 80;  // 32 random hex digits have more

// Bits by the frequency of the values alone: an upper bound for what a guesser has to try.
double frequency_bits(std::span<const uint8_t> values) {
  std::array<unsigned, 256> counts{};
  for (const uint8_t value : values) ++counts[value];
  double bits = 0;
  for (const unsigned count : counts)
    if (count > 0) bits -= count * std::log2(double(count) / double(values.size()));
  return bits;
}

// The same for the steps between neighbours: "abcdef..." has many values and one step.
double step_bits(std::span<const uint8_t> bytes) {
  Secret steps{bytes.size() - 1};
  for (std::size_t i = 1; i < bytes.size(); ++i)
    steps.expose_writable()[i - 1] = static_cast<uint8_t>(bytes[i] - bytes[i - 1]);
  return frequency_bits(steps.expose());
}

// The length after which the key repeats itself; its size when it does not.
std::size_t period_of(std::span<const uint8_t> bytes) {
  for (std::size_t period = 1; period < bytes.size(); ++period)
    if (std::equal(bytes.begin() + static_cast<std::ptrdiff_t>(period), bytes.end(), bytes.begin()))
      return period;
  return bytes.size();
}

bool contains_ignoring_case(std::span<const uint8_t> bytes, std::string_view word) {
  const auto same = [](uint8_t a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  return std::search(bytes.begin(), bytes.end(), word.begin(), word.end(), same) != bytes.end();
}

Error refusal(const std::string& reason) {
  return {ErrorCode::kInvalid, reason + "; make one with: openssl rand -base64 48"};
}

}  // namespace

Status check_psk(const Secret& key) {
  const auto bytes = key.expose();
  for (const std::string_view word : kPublicKeys)
    if (contains_ignoring_case(bytes, word))
      return refusal("the key contains a word that is publicly known as a default or example");
  if (bytes.size() < kPskSizeMin)
    return refusal(
        fmt::format("the key has {} bytes, at least {} are needed", bytes.size(), kPskSizeMin)
    );
  const auto unit = bytes.first(period_of(bytes));
  const double bits = unit.size() < 2 ? 0 : std::min(frequency_bits(unit), step_bits(unit));
  if (bits < kEntropyMinBits)
    return refusal("the key is not random: it repeats itself, counts up or uses few characters");
  return {};
}

Result<Secret> load_psk(const std::string& path) {
  RAVEN_ASSIGN(Secret key, read_secret_file(path, kPskSizeMax));
  if (Status good = check_psk(key); !good.ok()) return std::move(good).error().with(path);
  return key;
}

}  // namespace raven::gateway_agent
