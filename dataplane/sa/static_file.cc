// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/static_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <set>
#include <string_view>
#include <vector>

#include "common/settings/settings.h"
#include "common/wire/raven.h"

namespace raven::dataplane {
namespace {

std::string suite_names() {
  std::vector<std::string_view> names;
  for (const Suite& suite : kSuites) names.push_back(suite.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

struct StaticSa {
  uint32_t tunnel_id = 0;
  Direction direction = Direction::kInbound;
  uint32_t spi = 0;
  std::string algorithm = "aes-128-gcm";
  std::string key;
  std::string integrity_key;
  IpAddress source;
  IpAddress destination;
  bool udp_encap = false;
  uint32_t source_port = kTunnelPort;
  uint32_t destination_port = kTunnelPort;
  bool esn = true;
  uint32_t replay_window = 0;
  bool copy_dscp = true;
  uint32_t dscp = 0;
  DfRule df = DfRule::kCopy;
  uint32_t tfc_size = 0;

  static void describe(settings::Schema<StaticSa>& schema) {
    schema.field("tunnel_id", &StaticSa::tunnel_id, "Tunnel id of the peer.")
        .range(1, 0xffffff)
        .required();
    schema.choice("direction", &StaticSa::direction, {"in", "out"}, "in decrypts, out encrypts.")
        .required();
    schema.field("spi", &StaticSa::spi, "SPI.").range(kSpiMin, 0xffffffff).required();
    schema.field("algorithm", &StaticSa::algorithm, "Algorithm.");
    schema.field("key", &StaticSa::key, "Key and salt, hexadecimal.").required();
    schema.field("integrity_key", &StaticSa::integrity_key, "Hexadecimal, without AEAD only.");
    schema.field("source", &StaticSa::source, "Outer source address.").required();
    schema.field("destination", &StaticSa::destination, "Outer destination address.").required();
    schema.field("udp_encap", &StaticSa::udp_encap, "ESP in UDP.");
    schema.field("source_port", &StaticSa::source_port, "With udp_encap.").range(1, 65535);
    schema.field("destination_port", &StaticSa::destination_port, "With udp_encap.")
        .range(1, 65535);
    schema.field("esn", &StaticSa::esn, "Extended sequence numbers.");
    schema.field("replay_window", &StaticSa::replay_window, "0: as set for the dataplane.");
    schema.field("copy_dscp", &StaticSa::copy_dscp, "false: the outer DSCP is `dscp`.");
    schema.field("dscp", &StaticSa::dscp, "Outer DSCP without copy_dscp.").range(0, 63);
    schema.choice("df", &StaticSa::df, {"copy", "set", "clear"}, "DF of an outer IPv4 header.");
    schema.field("tfc_size", &StaticSa::tfc_size, "Pad inner packets to so many bytes; 0: not.");
    schema.check("algorithm", [](const StaticSa& sa) {
      return find_suite(sa.algorithm) == nullptr
                 ? fmt::format(
                       "'{}' is not an algorithm, must be one of {}", sa.algorithm, suite_names()
                   )
                 : "";
    });
  }
};

struct StaticSaFile {
  std::vector<StaticSa> sas;
  static void describe(settings::Schema<StaticSaFile>& schema) {
    schema.field("sas", &StaticSaFile::sas, "The SAs.").required();
  }
};

// The YAML parser leaves copies of all that it reads in memory that nobody wipes: it must not see
// keys.  Each long run of hexadecimal digits is taken out, and its number, as long as it was, is
// put in its place.
class KeyTexts {
 public:
  // The text without keys.
  std::string take_out(std::string_view text) {
    std::string rest;
    while (!text.empty()) {
      const std::size_t run = std::min(text.find_first_not_of(kHexDigits), text.size());
      if (run < kRunMin) {
        rest += text.substr(0, std::max<std::size_t>(run, 1));
        text.remove_prefix(std::max<std::size_t>(run, 1));
        continue;
      }
      rest += fmt::format("{:0{}}", keys_.size(), run);
      keys_.emplace_back(std::span{reinterpret_cast<const uint8_t*>(text.data()), run});
      text.remove_prefix(run);
    }
    return rest;
  }

  // What stood in the place of `text`; itself when nothing did.
  std::string_view find(const std::string& text) const {
    std::size_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.size() < kRunMin || code != std::errc{} || end != text.data() + text.size() ||
        number >= keys_.size())
      return text;
    const auto key = keys_[number].expose();
    return {reinterpret_cast<const char*>(key.data()), key.size()};
  }

 private:
  static constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
  static constexpr std::size_t kRunMin = 32;  // 16 bytes: shorter than any key with its salt
  std::deque<Secret> keys_;
};

Result<Secret> from_hex(std::string_view text) {
  Secret bytes{text.size() / 2};
  bool good = text.size() % 2 == 0;
  for (std::size_t i = 0; good && i < bytes.size(); ++i) {
    const char* digits = text.data() + 2 * i;
    uint8_t& byte = bytes.expose_writable()[i];
    const auto [end, code] = std::from_chars(digits, digits + 2, byte, 16);
    good = code == std::errc{} && end == digits + 2;
  }
  if (!good) return Error{ErrorCode::kInvalid, "key is not hexadecimal"};
  return bytes;
}

Result<SaConfig> to_config(const StaticSa& sa, const KeyTexts& keys, uint32_t replay_window) {
  SaConfig config;
  config.spi = Spi{sa.spi};
  config.direction = sa.direction;
  config.tunnel_id = TunnelId{sa.tunnel_id};
  config.outer = {sa.source, sa.destination, 0, 0};
  if (sa.udp_encap) {
    config.outer.source_port = static_cast<uint16_t>(sa.source_port);
    config.outer.destination_port = static_cast<uint16_t>(sa.destination_port);
  }
  config.algorithm = find_suite(sa.algorithm)->algorithm;
  RAVEN_ASSIGN(config.key, from_hex(keys.find(sa.key)));
  RAVEN_ASSIGN(config.integrity_key, from_hex(keys.find(sa.integrity_key)));
  config.esn = sa.esn;
  config.replay_window = sa.replay_window == 0 ? replay_window : sa.replay_window;
  config.dscp = {sa.copy_dscp, static_cast<uint8_t>(sa.dscp)};
  config.df = sa.df;
  config.tfc_size = sa.tfc_size;
  RAVEN_TRY(validate(config));
  return config;
}

struct ByBytes {
  bool operator()(const Secret* a, const Secret* b) const {
    return std::ranges::lexicographical_compare(a->expose(), b->expose());
  }
};

// In either direction: the peer's outbound SA counts from 1 as ours does, so one key for both ways
// repeats every nonce.
Result<std::vector<SaConfig>> to_configs(
    const std::string& file, const std::vector<StaticSa>& sas, const KeyTexts& keys,
    uint32_t replay_window
) {
  std::vector<SaConfig> configs;
  configs.reserve(sas.size());  // `used` refers to them
  std::set<const Secret*, ByBytes> used;
  for (std::size_t i = 0; i < sas.size(); ++i) {
    const std::string place = fmt::format("{}: sas[{}]", file, i);
    Result<SaConfig> config = to_config(sas[i], keys, replay_window);
    if (!config.ok()) return std::move(config).error().with(place);
    configs.push_back(std::move(*config));
    if (!used.insert(&configs.back().key).second)
      return Error{ErrorCode::kInvalid, place + ": the key of another SA: nonces would repeat"};
  }
  return configs;
}

}  // namespace

Result<std::vector<SaConfig>> parse_static_sas(
    const std::string& file, const Secret& text, uint32_t replay_window
) {
  const auto bytes = text.expose();
  KeyTexts keys;
  const std::string without_keys =
      keys.take_out({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  RAVEN_ASSIGN(const yaml::Node root, yaml::parse(file, without_keys));
  StaticSaFile parsed;
  RAVEN_TRY(settings::schema_of<StaticSaFile>().read(root, settings::Place{file, ""}, parsed));
  return to_configs(file, parsed.sas, keys, replay_window);
}

Result<std::vector<SaConfig>> load_static_sas(const std::string& path, uint32_t replay_window) {
  RAVEN_ASSIGN(const Secret text, read_secret_file(path, yaml::kFileSizeMax));
  return parse_static_sas(path, text, replay_window);
}

}  // namespace raven::dataplane
