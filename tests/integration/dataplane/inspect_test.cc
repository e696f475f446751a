// Looking inside two running dataplanes: ravenctl trace, capture and top.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <latch>
#include <thread>

#include "tests/integration/dataplane/pair.h"

namespace raven::dataplane {
namespace {

using dpapi::v1::TraceEvent;
using dpapi::v1::TraceRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct Output {
  int exit_code = -1;
  std::string text;  // standard output and error
};

Output run(const std::string& command) {
  Output output;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return output;
  char part[4096];
  while (const std::size_t size = std::fread(part, 1, sizeof(part), pipe))
    output.text.append(part, size);
  const int status = ::pclose(pipe);
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

// A trace that has begun; its packets once it has ended.
class RunningTrace {
 public:
  RunningTrace(const Box& box, const TraceRequest& request)
      : reader_{[this, client = box.client(), request](std::stop_token stop) mutable {
          bool begun = false;
          status_ = client.trace(request, std::move(stop), [&](const TraceEvent& event) {
            if (!std::exchange(begun, true)) begun_.count_down();
            for (const auto& packet : event.packets()) packets_.push_back(packet);
          });
          if (!begun) begun_.count_down();
        }} {
    begun_.wait();
  }
  void cancel() { reader_.request_stop(); }
  std::vector<dpapi::v1::TracedPacket> packets() {
    reader_.join();
    EXPECT_TRUE(status_.ok()) << status_.error().message;
    return packets_;
  }
  Status status() {
    reader_.join();
    return status_;
  }

 private:
  Status status_;
  std::vector<dpapi::v1::TracedPacket> packets_;
  std::latch begun_{1};
  std::jthread reader_;
};

std::vector<std::string> stages_of(const dpapi::v1::TracedPacket& packet) {
  std::vector<std::string> names;
  for (const auto& step : packet.steps()) names.push_back(step.stage());
  return names;
}

TraceRequest echo_requests(uint32_t packets) {
  TraceRequest request;
  request.mutable_filter()->set_source("10.1.1.1");
  request.mutable_filter()->set_protocol("icmp");
  request.set_packets(packets);
  request.set_timeout_ms(60000);
  return request;
}

class Inspect : public DataplanePair {
 protected:
  std::string ravenctl(const Box& box, const std::string& arguments) const {
    return fmt::format("{} --socket {} {}", RAVENCTL, box.socket(), arguments);
  }
};

TEST_F(Inspect, TraceTellsEachStageOfAPingOnBothBoxes) {
  start_both();
  RunningTrace out{*box_a, echo_requests(2)}, in{*box_b, echo_requests(2)};
  ASSERT_EQ(node_a->try_in("ping -c 3 -i 0.2 -W 5 10.2.1.1"), 0);
  const auto sent = out.packets(), received = in.packets();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_THAT(
      stages_of(sent[0]), ElementsAre("classify", "route", "esp_out", "neighbour", "transmit")
  );
  EXPECT_EQ(sent[0].entrance(), "port lan");
  EXPECT_EQ(sent[0].verdict(), "sent");
  EXPECT_EQ(sent[0].steps(1).target(), "pool b");
  EXPECT_EQ(sent[0].steps(1).peer(), "box-b");
  EXPECT_EQ(sent[0].steps(1).packet(), "ICMP 10.1.1.1 > 10.2.1.1 echo request");
  EXPECT_EQ(sent[0].steps(3).spi(), 4097u);
  EXPECT_THAT(sent[0].steps(3).next_hop(), HasSubstr("on wan"));
  ASSERT_THAT(received, SizeIs(2));
  EXPECT_THAT(
      stages_of(received[0]), ElementsAre("classify", "esp_in", "route", "neighbour", "transmit")
  );
  EXPECT_EQ(received[0].steps(1).spi(), 4097u);
  EXPECT_EQ(received[0].steps(1).sequence(), sent[0].steps(3).sequence());
  EXPECT_EQ(received[0].steps(1).peer(), "box-a");
  EXPECT_EQ(received[0].steps(2).target(), "node node-b");
  EXPECT_EQ(received[0].verdict(), "sent");
}

TEST_F(Inspect, TraceNamesTheReasonOfADrop) {
  start_both();
  TraceRequest request;
  request.mutable_filter()->set_drop_reason("spoof");
  request.set_timeout_ms(60000);
  RunningTrace trace{*box_a, request};
  node_a->in("ip addr add 10.9.9.9/32 dev lo");
  EXPECT_NE(node_a->try_in("ping -c 1 -W 1 -I 10.9.9.9 10.2.1.1"), 0);
  const auto packets = trace.packets();
  ASSERT_THAT(packets, SizeIs(1));
  EXPECT_EQ(packets[0].verdict(), "dropped");
  EXPECT_EQ(packets[0].drop_reason(), "spoof");
}

TEST_F(Inspect, OneTraceAtATimeAndACallerThatLeavesEndsIts) {
  start_both();
  TraceRequest nothing;
  nothing.mutable_filter()->set_address("203.0.113.99");
  nothing.set_timeout_ms(600000);
  RunningTrace first{*box_a, nothing};
  const Status second = RunningTrace{*box_a, nothing}.status();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kExhausted);
  EXPECT_THAT(second.error().message, HasSubstr("another trace is under way"));
  first.cancel();
  EXPECT_TRUE(first.status().ok());
  nothing.set_timeout_ms(50);
  EXPECT_TRUE(eventually([&] { return RunningTrace{*box_a, nothing}.status().ok(); }));
}

TEST_F(Inspect, WrongNamesAreRefusedAndTheRightOnesTold) {
  start_both();
  const Output peer = run(ravenctl(*box_a, "trace --peer box-x"));
  EXPECT_EQ(peer.exit_code, 64);
  EXPECT_THAT(peer.text, HasSubstr("peer box-x: there is none; known: box-b"));
  const Output drop = run(ravenctl(*box_a, "trace --drop nonsense"));
  EXPECT_THAT(drop.text, HasSubstr("known: outer_malformed "));
  for (const char* wrong :
       {"trace --in nowhere", "trace --address 10.0.0.0/33", "trace --protocol ip"})
    EXPECT_EQ(run(ravenctl(*box_a, wrong)).exit_code, 64) << wrong;
  const Output point = run(ravenctl(*box_a, "capture -w /dev/null --point inside"));
  EXPECT_THAT(point.text, HasSubstr("known: rx tx clear-out clear-in drop"));
  EXPECT_EQ(point.exit_code, 64);
}

TEST_F(Inspect, TraceIsReadableByPeopleAndByPrograms) {
  start_both();
  for (const auto& [format, expected] :
       {std::pair{"table", "verdict: sent by port wan"},
        std::pair{"json", "\"verdict\":\"sent\""}}) {
    const std::string said = box_a->path(std::string{"trace."} + format);
    Output output;
    std::jthread tracing{[&] {
      const std::string trace = "-o {} trace -n 1 -t 60 --from 10.1.1.1 --protocol icmp 2>{}";
      output =
          run("sh -c '" + ravenctl(*box_a, fmt::format(fmt::runtime(trace), format, said)) + "'");
    }};
    const auto text = [&said] {
      std::ifstream file{said};
      return std::string{std::istreambuf_iterator<char>{file}, {}};
    };
    ASSERT_TRUE(eventually([&] { return text().starts_with("tracing"); }));
    ASSERT_TRUE(eventually([&] { return node_a->try_in("ping -c 1 -W 1 10.2.1.1") == 0; }));
    tracing.join();
    EXPECT_EQ(output.exit_code, 0);
    EXPECT_THAT(output.text, HasSubstr(expected));
    EXPECT_THAT(text(), HasSubstr("1 packets traced"));
  }
}

// What the boxes say they had in clear is read by an independent program and compared.
TEST_F(Inspect, CaptureHoldsWhatWasSentAndNoKey) {
  start_both();
  const std::string files[] = {box_a->path("pcapng"), box_b->path("pcapng")};
  Output ended[2];
  {
    std::vector<std::jthread> captures;
    for (int i = 0; i < 2; ++i)
      captures.emplace_back([&, i] {
        ended[i] = run(ravenctl(
            i == 0 ? *box_a : *box_b,
            fmt::format("capture -w {} -t 5 --point rx,tx,clear-out,clear-in,drop", files[i])
        ));
      });
    const auto begun = [&] {
      return std::filesystem::exists(files[0]) && std::filesystem::file_size(files[0]) > 0 &&
             std::filesystem::exists(files[1]) && std::filesystem::file_size(files[1]) > 0;
    };
    ASSERT_TRUE(eventually(begun));
    EXPECT_EQ(node_a->try_in("ping -c 5 -i 0.1 -W 5 -s 200 -p c0ffee 10.2.1.1"), 0);
  }
  for (const Output& output : ended) {
    EXPECT_EQ(output.exit_code, 0) << output.text;
    EXPECT_THAT(output.text, HasSubstr(" 0 lost"));
  }
  struct stat info {};
  ASSERT_EQ(::stat(files[0].c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const Output oracle = run(fmt::format(
      "/usr/bin/python3 {} {} {} {}", RAVEN_CAPTURE_ORACLE, files[0], files[1], box_a->path("sas")
  ));
  EXPECT_EQ(oracle.exit_code, 0) << oracle.text;
}

TEST_F(Inspect, CaptureKeepsWhatItHasWhenInterrupted) {
  start_both();
  const std::string file = box_a->path("pcapng");
  const Output ended =
      run("timeout -s INT 2 " + ravenctl(*box_a, "capture -w " + file + " --point clear-out"));
  EXPECT_THAT(ended.text, HasSubstr("packets captured, 0 lost"));
  const Output read =
      run("/usr/bin/python3 -c \"import sys; from scapy.utils import RawPcapNgReader as R; "
          "print(len(list(R(sys.argv[1]))) > 0)\" " +
          file);
  EXPECT_THAT(read.text, HasSubstr("True")) << "probes are in clear there";
}

TEST_F(Inspect, TopShowsRatesOfTunnelsAndWorkers) {
  start_both();
  const Output text = run(ravenctl(*box_a, "top -n 2 -i 0.3"));
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.text, HasSubstr("CYCLES/PACKET"));
  EXPECT_EQ(text.text.find('\x1b'), std::string::npos) << "no terminal, no control characters";
  const Output json = run(ravenctl(*box_a, "-o json top -n 1 -i 0.3"));
  EXPECT_THAT(json.text, HasSubstr("\"peer\":\"box-b\""));
  EXPECT_EQ(std::ranges::count(json.text, '\n'), 1);
}

// The file mode lets the group connect; the dataplane looks at who it is.
TEST_F(Inspect, IsRefusedToOtherUsers) {
  std::filesystem::permissions(directory, std::filesystem::perms{0711});
  box_a->start();
  const auto as_nobody = [&](const std::string& arguments) {
    return run("setpriv --reuid 65534 --regid 0 --clear-groups " + ravenctl(*box_a, arguments));
  };
  for (const char* arguments : {"trace -t 1", "capture -t 1 -w /dev/null", "top -n 1"}) {
    const Output output = as_nobody(arguments);
    EXPECT_EQ(output.exit_code, 69) << arguments << ": " << output.text;
  }
  EXPECT_THAT(box_a->log(), HasSubstr("of uid 65534 is not allowed"));
  EXPECT_EQ(box_a->log().find("begins"), std::string::npos);
}

}  // namespace
}  // namespace raven::dataplane
