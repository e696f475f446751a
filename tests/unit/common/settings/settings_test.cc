// Settings: what is refused, where, and with which words; and that samples can be loaded.
// SPDX-License-Identifier: Apache-2.0
#include "common/settings/settings.h"

#include <gtest/gtest.h>

namespace raven::settings {
namespace {

enum class Mode { kPoll, kAdaptive };

struct Port {
  std::string name;
  uint16_t mtu = 1500;
  std::vector<IpPrefix> prefixes;
  static void describe(Schema<Port>& s) {
    s.field("name", &Port::name, "Name of the port.").required().example("lan0");
    s.field("mtu", &Port::mtu, "Largest frame payload.").range(576, 9216).unit("bytes");
    s.field("prefixes", &Port::prefixes, "Prefixes behind it.");
  }
};

struct Sample {
  bool enabled = true;
  uint32_t burst = 64;
  double ratio = 0.5;
  Mode mode = Mode::kAdaptive;
  IpAddress address;
  std::vector<Port> ports;
  static void describe(Schema<Sample>& s) {
    s.field("enabled", &Sample::enabled, "Whether it runs.");
    s.field("burst", &Sample::burst, "Packets at once.").range(1, 64);
    s.field("ratio", &Sample::ratio, "Share.").range(0, 1);
    s.choice("mode", &Sample::mode, {"poll", "adaptive"}, "Idle mode.");
    s.field("address", &Sample::address, "Where it listens.");
    s.field("ports", &Sample::ports, "Ports.");
    s.check("ratio", [](const Sample& sample) {
      return sample.enabled && sample.ratio == 0 ? "must not be 0 when enabled" : "";
    });
  }
};

struct Refusal {
  const char* name;
  const char* yaml;
  const char* message;
};

class Refuses : public testing::TestWithParam<Refusal> {};

TEST_P(Refuses, WithPositionKeyAndReason) {
  const auto loaded = load_text<Sample>("f.yaml", GetParam().yaml);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().message, GetParam().message);
  EXPECT_EQ(loaded.error().code, ErrorCode::kInvalid);
}

INSTANTIATE_TEST_SUITE_P(
    Settings, Refuses,
    testing::Values(
        Refusal{"empty", "", "f.yaml:1:1: no configuration"},
        Refusal{"only_comment", "# nothing\n", "f.yaml:1:1: no configuration"},
        Refusal{
            "unknown_key", "bursst: 3\n", "f.yaml:1:9: bursst: unknown key, did you mean 'burst'"},
        Refusal{"unknown_far", "zzzzzzzzzz: 3\n", "f.yaml:1:13: zzzzzzzzzz: unknown key"},
        Refusal{"duplicate", "burst: 1\nburst: 2\n", "f.yaml:2:1: burst: duplicate key"},
        Refusal{"out_of_range", "burst: 65\n", "f.yaml:1:8: burst: 65 is out of range 1..64"},
        Refusal{"negative", "burst: -1\n", "f.yaml:1:8: burst: -1 is out of range 1..64"},
        Refusal{"quoted_number", "burst: \"4\"\n", "f.yaml:1:8: burst: must be an integer"},
        Refusal{"float_number", "burst: 4.5\n", "f.yaml:1:8: burst: must be an integer"},
        Refusal{"hex_number", "burst: 0x10\n", "f.yaml:1:8: burst: must be an integer"},
        Refusal{"octal_number", "burst: 010\n", "f.yaml:1:8: burst: must be an integer"},
        Refusal{"yes_is_no_bool", "enabled: yes\n", "f.yaml:1:10: enabled: must be true or false"},
        Refusal{"list_for_scalar", "mode: [poll]\n", "f.yaml:1:7: mode: must be a text"},
        Refusal{
            "bad_choice", "mode: spin\n", "f.yaml:1:7: mode: 'spin' is not one of: poll, adaptive"},
        Refusal{
            "bad_address", "address: 010.0.0.1\n",
            "f.yaml:1:10: address: '010.0.0.1' is not an IP address"},
        Refusal{
            "nested_missing", "ports:\n  - mtu: 1500\n", "f.yaml:2:5: ports[0].name: is missing"},
        Refusal{
            "nested_range", "ports:\n  - {name: a}\n  - {name: b, mtu: 65536}\n",
            "f.yaml:3:20: ports[1].mtu: 65536 is out of range 576..9216 bytes"},
        Refusal{
            "host_bits", "ports:\n  - {name: a, prefixes: [10.0.0.1/8]}\n",
            "f.yaml:2:26: ports[0].prefixes[0]: 10.0.0.1/8: has host bits, did you mean "
            "10.0.0.0/8"},
        Refusal{"rule", "ratio: 0.0\n", "f.yaml:1:8: ratio: must not be 0 when enabled"},
        Refusal{"nan", "ratio: .nan\n", "f.yaml:1:8: ratio: must be a number"},
        Refusal{"alias", "mode: &a poll\naddress: *a\n", "f.yaml:1:7: anchors are not allowed"},
        Refusal{"flow_end_outside_of_a_flow", "!ou,t*", "f.yaml:1:4: is not YAML"},
        Refusal{
            "two_documents", "burst: 1\n---\nburst: 2\n",
            "f.yaml:3:1: one document is expected, this is a second one"},
        Refusal{"top_level_list", "- burst\n", "f.yaml:1:1: must be a section (key: value)"}
    ),
    [](const auto& row) { return std::string{row.param.name}; }
);

TEST(Settings, RefusesNestingThatIsTooDeep) {
  const auto loaded = load_text<Sample>("f.yaml", std::string(40, '[') + std::string(40, ']'));
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().message.find("nesting is deeper than 32"), std::string::npos);
}

TEST(Settings, RefusesAFileThatIsTooLargeOrHoldsNul) {
  EXPECT_FALSE(load_text<Sample>("f.yaml", std::string(yaml::kFileSizeMax + 1, '#')).ok());
  EXPECT_FALSE(load_text<Sample>("f.yaml", std::string_view{"burst: 1\0", 9}).ok());
}

TEST(Settings, RefusesWhatIsNotUtf8) {
  const auto error_of = [](const std::string& value) {
    const auto documents = yaml::parse_all("f.yaml", "name: " + value);
    return documents.ok() ? "" : documents.error().message;
  };
  for (const char* good : {"a", "\u00e9", "\u20ac", "\ud7ff", "\U0001f600", "\U0010ffff"})
    EXPECT_EQ(error_of(good), "") << good;
  for (const char* bad :
       {"\xab", "\xc3", "\xc0\x80", "\xc3(", "\xe0\x80\x80", "\xe2\x82", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xff"})
    EXPECT_EQ(error_of(bad), "f.yaml: no UTF-8 at offset 6") << bad;
}

struct Named {
  explicit Named(std::string default_name) : name{std::move(default_name)} {}
  std::string name;
  static void describe(Schema<Named>& s) {
    s.field("name", &Named::name, "What it is called.");
    s.check("name", [](const Named& named) {
      return named.name.empty() ? "must not be empty" : "";
    });
  }
};

struct Derived : Named {
  Derived() : Named{"derived"} {}
  uint32_t size = 1;
  static void describe(Schema<Derived>& s) {
    s.base<Named>();
    s.field("size", &Derived::size, "How large it is.");
  }
};

TEST(Settings, HaveTheRowsAndChecksOfTheirBaseClassWithTheirOwnDefaults) {
  EXPECT_EQ(load_text<Derived>("f.yaml", "size: 2\n")->name, "derived");
  EXPECT_EQ(load_text<Derived>("f.yaml", "name: other\n")->name, "other");
  EXPECT_EQ(
      load_text<Derived>("f.yaml", "name: \"\"\n").error().message,
      "f.yaml:1:7: name: must not be empty"
  );
  const std::vector<FieldInfo> fields = schema_of<Derived>().fields();
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0].default_text, "\"derived\"");
}

TEST(Settings, TakesDefaultsAndValuesOfEveryType) {
  const auto loaded = load_text<Sample>(
      "f.yaml",
      "enabled: false\nratio: 0.25\nmode: poll\naddress: fd00::1\n"
      "ports: [{name: a, prefixes: [10.0.0.0/8, \"fd00::/8\"]}]\n"
  );
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_FALSE(loaded->enabled);
  EXPECT_EQ(loaded->burst, 64u);
  EXPECT_EQ(loaded->ratio, 0.25);
  EXPECT_EQ(loaded->mode, Mode::kPoll);
  EXPECT_EQ(loaded->address.text(), "fd00::1");
  ASSERT_EQ(loaded->ports.size(), 1u);
  EXPECT_EQ(loaded->ports[0].mtu, 1500);
  EXPECT_EQ(loaded->ports[0].prefixes[1].text(), "fd00::/8");
}

TEST(Settings, PrintsASampleThatLoadsToTheDefaults) {
  const std::string sample = sample_yaml("sample", schema_of<Sample>().fields());
  const auto loaded = load_text<Sample>("sample.yaml", sample);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message << "\n" << sample;
  EXPECT_EQ(loaded->burst, 64u);
  EXPECT_EQ(loaded->mode, Mode::kAdaptive);
  ASSERT_EQ(loaded->ports.size(), 1u);
  EXPECT_EQ(loaded->ports[0].name, "lan0");
}

TEST(Settings, DocumentsEveryKeyWithItsRangeAndUnit) {
  const std::string text = markdown("sample", schema_of<Sample>().fields());
  EXPECT_NE(
      text.find("| `ports[].mtu` | integer | `1500` | 576..9216 | bytes | Largest"),
      std::string::npos
  ) << text;
  EXPECT_NE(text.find("poll, adaptive"), std::string::npos);
}

}  // namespace
}  // namespace raven::settings
