// The dataplane's settings: the sample loads, bad files are refused with place, key and reason.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace raven::dataplane {
namespace {

using testing::HasSubstr;

constexpr char kPorts[] =
    "ports:\n"
    "  - name: wan\n"
    "    devargs: net_null0\n"
    "    kernel_interface: wan0\n";

Result<Settings> load(const std::string& text) {
  return settings::load_text<Settings>("dp.yaml", text);
}

TEST(DataplaneSettings, TakesDefaultsForAllButThePorts) {
  const Result<Settings> loaded = load(kPorts);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->workers.count, 1u);
  EXPECT_EQ(loaded->workers.idle, IdleMode::kAdaptive);
  EXPECT_EQ(loaded->ports[0].role, PortRole::kBoth);
  EXPECT_EQ(loaded->replay_window, 4096u);
  EXPECT_EQ(file_mode(loaded->sockets.control_mode), 0660u);
}

TEST(DataplaneSettings, LoadsTheSampleItPrints) {
  const auto fields = settings::schema_of<Settings>().fields();
  const std::string sample = settings::sample_yaml("raven-dataplane", fields);
  const Result<Settings> loaded = load(sample);
  EXPECT_TRUE(loaded.ok()) << loaded.error().message << "\n" << sample;
}

struct BadFile {
  const char* name;
  std::string text;
  const char* message;  // part of the error
};

class DataplaneSettingsRefuses : public testing::TestWithParam<BadFile> {};

// Rule 23: refuses.  Rule 30: refuses.  Rule 48: refuses
TEST_P(DataplaneSettingsRefuses, WithPlaceKeyAndReason) {
  const Result<Settings> loaded = load(GetParam().text);
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.error().message, HasSubstr("dp.yaml"));
  EXPECT_THAT(loaded.error().message, HasSubstr(GetParam().message));
}

std::string with(const std::string& more) {
  return kPorts + more;
}
std::string port_with(const std::string& line) {
  return std::string{kPorts} + "    " + line + "\n";
}

INSTANTIATE_TEST_SUITE_P(
    All, DataplaneSettingsRefuses,
    testing::Values(
        BadFile{"Empty", "", "no configuration"},
        BadFile{"Tab", "workers:\n\tcount: 1\n", "dp.yaml:2"},
        BadFile{"DuplicateKey", with("replay_window: 64\nreplay_window: 128\n"), "replay_window"},
        BadFile{"UnknownKey", with("repaly_window: 64\n"), "did you mean 'replay_window'"},
        BadFile{"UnknownInner", with("workers: {cuont: 1}\n"), "workers.cuont: unknown key"},
        BadFile{"Alias", with("raven0: &a {mtu: 1400}\n"), "dp.yaml:"},
        BadFile{"NatKeepalive", with("probe_interval_ms: 20001\n"), "probe_interval_ms"},
        BadFile{"NoDscp", with("outer_dscp: 65\n"), "outer_dscp"},
        BadFile{"NoDfRule", with("outer_df: maybe\n"), "outer_df"},
        BadFile{"NoPorts", "replay_window: 64\n", "ports: is missing"},
        BadFile{"EmptyPorts", "ports: []\n", "lists no port"},
        BadFile{"PortsNoList", "ports: 1\n", "ports: must be a list"},
        BadFile{"WrongType", with("replay_window: many\n"), "replay_window: must be an integer"},
        BadFile{"QuotedNumber", with("replay_window: \"64\"\n"), "must be an integer"},
        BadFile{"Fraction", with("replay_window: 64.5\n"), "must be an integer"},
        BadFile{"HexNumber", with("replay_window: 0x40\n"), "must be an integer"},
        BadFile{"Exponent", with("probe_loss_max: 1e3\n"), "must be an integer"},
        BadFile{"WindowZero", with("replay_window: 0\n"), "out of range 64..32768"},
        BadFile{"WindowSmall", with("replay_window: 63\n"), "out of range 64..32768"},
        BadFile{"WindowOdd", with("replay_window: 100\n"), "multiple of 64"},
        BadFile{"WindowHuge", with("replay_window: 4294967295\n"), "out of range"},
        BadFile{"BoolNo", with("memory: {hugepages: no}\n"), "memory.hugepages: must be true"},
        BadFile{"NegativeCpu", with("workers: {cpus: [-1]}\n"), "workers.cpus[0]"},
        BadFile{"SharedCpu", with("workers: {count: 2, cpus: [3, 3]}\n"), "names a CPU twice"},
        BadFile{"TooFewCpus", with("workers: {count: 2, cpus: [3]}\n"), "1 CPUs for 2 workers"},
        BadFile{"NoWorker", with("workers: {count: 0}\n"), "out of range 1..16"},
        BadFile{"IdleMode", with("workers: {idle: lazy}\n"), "workers.idle"},
        BadFile{"MtuZero", port_with("mtu: 0"), "ports[0].mtu: 0 is out of range 1280..9600"},
        BadFile{"Mtu67", port_with("mtu: 67"), "ports[0].mtu"},
        BadFile{"MtuHuge", port_with("mtu: 65536"), "ports[0].mtu"},
        BadFile{"PortMode", port_with("mode: stolen"), "ports[0].mode"},
        BadFile{"PortRole", port_with("role: dmz"), "ports[0].role"},
        BadFile{"IsolateWithoutInterface", port_with("isolate_kernel: true"), "isolate_interface"},
        BadFile{
            "IsolateShared", std::string{kPorts} + "    mode: shared\n    isolate_kernel: true\n",
            "for owned ports"},
        BadFile{
            "InterfaceTooLong",
            "ports: [{name: a, devargs: b, kernel_interface: abcdefghijklmnop}]\n",
            "has 16 characters"},
        BadFile{
            "InterfacePath", "ports: [{name: a, devargs: b, kernel_interface: ../x}]\n",
            "is not an interface name"},
        BadFile{
            "InterfaceMissing", "ports: [{name: a, devargs: b}]\n", "kernel_interface: is missing"},
        BadFile{
            "DevargsMissing", "ports: [{name: a, kernel_interface: b}]\n", "devargs: is missing"},
        BadFile{
            "PortTwice",
            "ports: [{name: a, devargs: b, kernel_interface: c},"
            " {name: a, devargs: d, kernel_interface: e}]\n",
            "names 'a' twice"},
        BadFile{
            "InterfaceTwice",
            "ports: [{name: a, devargs: b, kernel_interface: c},"
            " {name: d, devargs: d, kernel_interface: c}]\n",
            "kernel_interface 'c' twice"},
        BadFile{
            "NoWan", "ports: [{name: a, devargs: b, kernel_interface: c, role: lan}]\n",
            "no port with role wan"},
        BadFile{
            "NoLan", "ports: [{name: a, devargs: b, kernel_interface: c, role: wan}]\n",
            "no port with role lan"},
        BadFile{"Raven0IsAPort", with("raven0: {name: wan0}\n"), "name of raven0"},
        BadFile{"ModeForAll", with("sockets: {control_mode: \"0666\"}\n"), "other users"},
        BadFile{"ModeNoOctal", with("sockets: {sa_mode: \"rw\"}\n"), "octal"},
        BadFile{"SocketRelative", with("sockets: {control: dp.sock}\n"), "absolute path"},
        BadFile{"SocketsEqual", with("sockets: {control: /run/a, sa: /run/a}\n"), "sockets.sa"},
        BadFile{"SocketLong", with("sockets: {sa: /" + std::string(120, 'x') + "}\n"), "longer"},
        BadFile{"NobodyAllowed", with("sockets: {allowed_uids: []}\n"), "nobody could connect"},
        BadFile{"InstancePath", with("instance: a/b\n"), "instance"},
        BadFile{"ProbeInterval", with("probe_interval_ms: 1\n"), "out of range 10..20000 ms"}
    ),
    [](const auto& row) { return row.param.name; }
);

}  // namespace
}  // namespace raven::dataplane
