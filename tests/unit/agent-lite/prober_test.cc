// Prober against responders on loopback addresses, in a network namespace of its own.
// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/prober.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <system_error>

#include "common/wire/probe.h"
#include "common/wire/raven.h"
#include "tests/unit/agent-lite/sample_network.h"
#include "tests/unit/common/netlink/namespace.h"

namespace raven::agent_lite {
namespace {

// A gateway: answers probes at one address while it is `alive`.
class Responder {
 public:
  Responder(event::Loop& loop, const char* address) : loop_{loop} {
    fd_ = UniqueFd{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)};
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_port = htons(kProbePort);
    ::inet_pton(AF_INET, address, &local.sin_addr);
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&local), sizeof local) != 0)
      ADD_FAILURE() << "bind " << address << ": " << std::generic_category().message(errno);
    loop_.add_reader(fd_.get(), [this] { answer(); });
  }
  ~Responder() { loop_.remove_reader(fd_.get()); }

  bool alive = true;
  uint8_t flags = kProbeFlagForwarding;
  uint64_t sequence_error = 0;
  int asked = 0;

 private:
  void answer() {
    ProbePayload payload{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    auto* address = reinterpret_cast<sockaddr*>(&from);
    while (::recvfrom(fd_.get(), &payload, sizeof payload, 0, address, &size) == sizeof payload) {
      ++asked;
      if (!alive) continue;
      EXPECT_EQ(payload.magic.host(), kProbeMagic);
      EXPECT_EQ(payload.type, static_cast<uint8_t>(ProbeType::kRequest));
      payload.type = static_cast<uint8_t>(ProbeType::kReply);
      payload.flags = flags;
      payload.sequence = Be64::from_host(payload.sequence.host() + sequence_error);
      ::sendto(fd_.get(), &payload, sizeof payload, 0, address, size);
    }
  }
  event::Loop& loop_;
  UniqueFd fd_;
};

class ProberTest : public netlink::NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped()) return;
    loop_.call_after(std::chrono::seconds{20}, [this] {
      ADD_FAILURE() << "nothing happened in time";
      loop_.stop();
    });
    a_ = std::make_unique<Responder>(loop_, "127.0.0.2");
    b_ = std::make_unique<Responder>(loop_, "127.0.0.3");
    prober_ = std::make_unique<Prober>(
        loop_, ProbeSettings{.interval_ms = 10, .loss_max = 3, .switch_back_delay_ms = 100},
        metrics_, [this] { loop_.stop(); }
    );
    prober_->set_targets({{"a", ip("127.0.0.2")}, {"b", ip("127.0.0.3")}});
  }

  // Runs until `condition` holds, looked at every few milliseconds.
  void run_until(std::function<bool()> condition) {
    const auto timer = loop_.call_every(std::chrono::milliseconds{2}, [&, condition] {
      if (condition()) loop_.stop();
    });
    while (!condition() && !HasFailure()) loop_.run();
    loop_.cancel(timer);
  }
  double value(Metric metric, metrics::LabelValues labels = {}) {
    const auto all = metrics_.snapshot().all();
    const auto row = all.find(static_cast<std::size_t>(metric));
    if (row == all.end() || !row->second.contains(labels)) return 0;
    return row->second.at(labels);
  }

  event::Loop loop_;
  Metrics metrics_{kMetricRows};
  std::unique_ptr<Responder> a_, b_;
  std::unique_ptr<Prober> prober_;
};

TEST_F(ProberTest, SwitchesWhenTheGatewayStopsAnsweringAndBackWhenItReturns) {
  EXPECT_EQ(prober_->current(), "a");
  run_until([this] { return value(Metric::kProbesAnswered, {"a"}) > 0; });
  a_->alive = false;
  run_until([this] { return prober_->current() == "b"; });
  EXPECT_EQ(value(Metric::kGatewayUp, {"a"}), 0);
  EXPECT_EQ(value(Metric::kGatewaySelected, {"b"}), 1);
  a_->alive = true;
  run_until([this] { return prober_->current() == "a"; });
  EXPECT_EQ(value(Metric::kGatewaySwitches), 2);
}

TEST_F(ProberTest, LeavesAGatewayThatDoesNotForward) {
  run_until([this] { return value(Metric::kGatewayUp, {"b"}) == 1; });
  a_->flags = 0;
  run_until([this] { return prober_->current() == "b"; });
  EXPECT_EQ(value(Metric::kGatewayUp, {"a"}), 1);
}

TEST_F(ProberTest, AnswersToProbesThatWereNeverSentAreRefused) {
  run_until([this] { return value(Metric::kGatewayUp, {"b"}) == 1; });
  a_->sequence_error = 1000;
  run_until([this] { return prober_->current() == "b"; });
  EXPECT_GT(value(Metric::kProbesRefused), 0);
}

TEST_F(ProberTest, OldAnswersAreRefused) {
  run_until([this] { return value(Metric::kGatewayUp, {"b"}) == 1; });
  a_->sequence_error = static_cast<uint64_t>(-1000);
  run_until([this] { return prober_->current() == "b"; });
  EXPECT_GT(value(Metric::kProbesRefused), 0);
}

TEST_F(ProberTest, RemovedGatewayIsAskedNoMore) {
  prober_->set_targets({{"b", ip("127.0.0.3")}});
  EXPECT_EQ(prober_->current(), "b");
  run_until([this] { return value(Metric::kProbesAnswered, {"b"}) >= 3; });
  EXPECT_EQ(a_->asked, 0);
}

TEST_F(ProberTest, NoGatewaysIsNoChoice) {
  prober_->set_targets({});
  EXPECT_FALSE(prober_->current());
}

}  // namespace
}  // namespace raven::agent_lite
