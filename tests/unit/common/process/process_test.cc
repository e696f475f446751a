// The command line that all programs share, the instance lock, and signals.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "common/process/instance_lock.h"
#include "common/process/program.h"
#include "common/process/signal_watch.h"

namespace raven::process {
namespace {

struct Sample {
  uint32_t burst = 64;
  static void describe(settings::Schema<Sample>& s) {
    s.field("burst", &Sample::burst, "Packets at once.").range(1, 64);
  }
};

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    char pattern[] = "/tmp/raven-program-test.XXXXXX";
    folder_ = mkdtemp(pattern);
    program_.uses_settings<Sample>();
  }
  ~ProgramTest() override { std::filesystem::remove_all(folder_); }
  std::string config(const std::string& text) {
    const std::string path = folder_ + "/c.yaml";
    std::ofstream{path} << text;
    return path;
  }
  std::optional<int> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "raven-sample");
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    return program_.parse(static_cast<int>(argv.size()), argv.data());
  }
  Program program_{"raven-sample", "A sample."};
  std::string folder_;
};

TEST_F(ProgramTest, ChecksAGoodConfiguration) {
  EXPECT_EQ(parse({"--check-config", "--config", config("burst: 3\n")}), kExitOk);
}

TEST_F(ProgramTest, RefusesABadConfigurationWith78AndItsPosition) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(parse({"--check-config", "--config", config("burst: 300\n")}), kExitConfig);
  EXPECT_NE(
      testing::internal::GetCapturedStderr().find("c.yaml:1:8: burst: 300 is out of range"),
      std::string::npos
  );
}

TEST_F(ProgramTest, SaysThatAConfigurationIsMissingWith69) {
  EXPECT_EQ(parse({"--check-config", "--config", folder_ + "/none"}), kExitUnavailable);
}

TEST_F(ProgramTest, RefusesAnUnknownOptionWith64) {
  EXPECT_EQ(parse({"--no-such-option"}), kExitUsage);
}

TEST_F(ProgramTest, PrintsASampleThatItAccepts) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(parse({"--print-sample-config"}), kExitOk);
  const std::string path = config(testing::internal::GetCapturedStdout());
  EXPECT_TRUE(settings::load_file<Sample>(path).ok());
}

TEST_F(ProgramTest, GoesOnWithoutOptionsThatEndIt) {
  EXPECT_EQ(parse({"--config", config("burst: 3\n")}), std::nullopt);
  EXPECT_EQ(program_.load<Sample>()->burst, 3u);
}

TEST_F(ProgramTest, RefusesASecondInstanceAndNamesTheFirst) {
  const std::string path = folder_ + "/lock";
  auto first = InstanceLock::take(path);
  ASSERT_TRUE(first.ok());
  const auto second = InstanceLock::take(path);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(program_.fail(second.error()), kExitLocked);
  EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos);
  { const InstanceLock gone = std::move(first).value(); }
  EXPECT_TRUE(InstanceLock::take(path).ok());
}

TEST_F(ProgramTest, MakesTheFolderOfTheLock) {
  EXPECT_TRUE(InstanceLock::take(folder_ + "/run/raven/lock").ok());
  EXPECT_FALSE(InstanceLock::take("/proc/raven/lock").ok());
}

TEST_F(ProgramTest, TurnsSigtermIntoAnEventOfTheLoop) {
  ASSERT_EQ(parse({}), std::nullopt);  // blocks the signals
  event::Loop loop;
  bool reloaded = false;
  const SignalWatch watch{loop, [&] { loop.stop(); }, [&] { reloaded = true; }};
  loop.post([] { kill(getpid(), SIGHUP); });
  loop.call_after(std::chrono::milliseconds{1}, [] { kill(getpid(), SIGTERM); });
  loop.run();
  EXPECT_TRUE(reloaded);
}

}  // namespace
}  // namespace raven::process
