// The metrics table and its HTTP pages, read over a real socket.
// SPDX-License-Identifier: Apache-2.0
#include "common/metrics/metrics.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "common/base/unique_fd.h"
#include "common/metrics/http_endpoint.h"

namespace raven::metrics {
namespace {

enum class Metric : std::size_t { kPackets, kState };
constexpr Row kRows[] = {RAVEN_METRIC_ROW(
    kPackets, "raven_test_packets_total", kCounter, "port,direction", "packets", "Packets."
) RAVEN_METRIC_ROW(kState, "raven_test_state", kGauge, "", "", "State.")};

std::string get(int port, const std::string& request) {
  const UniqueFd fd{socket(AF_INET, SOCK_STREAM, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return "";
  if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "";
  std::string answer;
  char buffer[4096];
  for (ssize_t n; (n = recv(fd.get(), buffer, sizeof(buffer), 0)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(n));
  return answer;
}

TEST(Metrics, ShowsSetAddedAndCollectedValues) {
  Table<Metric> table{kRows};
  table.add(Metric::kPackets, {"lan0", "rx"}, 2);
  table.add(Metric::kPackets, {"lan0", "rx"});
  table.on_collect([](Sink<Metric>& sink) { sink.set(Metric::kState, {}, 7); });
  const std::string text = table.prometheus_text();
  EXPECT_NE(
      text.find("raven_test_packets_total{port=\"lan0\",direction=\"rx\"} 3"), std::string::npos
  ) << text;
  EXPECT_NE(text.find("# TYPE raven_test_packets_total counter"), std::string::npos);
  EXPECT_NE(text.find("raven_test_state 7"), std::string::npos);
}

TEST(Metrics, LeavesOutWhatIsNotKnown) {
  Table<Metric> table{kRows};
  table.set(Metric::kState, {}, 1);
  table.clear(Metric::kState);
  EXPECT_EQ(table.prometheus_text(), "");
}

TEST(Metrics, CountsFromManyThreads) {
  Table<Metric> table{kRows};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&table] {
      for (int n = 0; n < 1000; ++n) table.add(Metric::kState);
    });
  threads.clear();
  EXPECT_NE(table.prometheus_text().find("raven_test_state 4000"), std::string::npos);
}

TEST(HttpEndpoint, ServesMetricsAndHealth) {
  Table<Metric> table{kRows};
  table.set(Metric::kState, {}, 5);
  std::atomic<bool> healthy{true};
  auto endpoint = HttpEndpoint::start("127.0.0.1:0", table, [&] {
    return Health{healthy.load(), healthy ? "" : "API server away"};
  });
  ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
  const int port = (*endpoint)->port();
  EXPECT_NE(
      get(port, "GET /metrics HTTP/1.0\r\n\r\n").find("raven_test_state 5"), std::string::npos
  );
  const std::string well = get(port, "GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_NE(well.find("200 OK"), std::string::npos);
  EXPECT_NE(well.find("\r\n\r\nok\n"), std::string::npos);
  healthy = false;
  const std::string sick = get(port, "GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_NE(sick.find("503"), std::string::npos);
  EXPECT_NE(sick.find("not ok API server away"), std::string::npos);
  EXPECT_NE(get(port, "GET /other HTTP/1.0\r\n\r\n").find("404"), std::string::npos);
}

TEST(HttpEndpoint, RefusesHeadersThatAreTooLarge) {
  Table<Metric> table{kRows};
  auto endpoint = HttpEndpoint::start("127.0.0.1:0", table, [] { return Health{}; });
  ASSERT_TRUE(endpoint.ok());
  const std::string request =
      "GET /metrics HTTP/1.0\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n";
  EXPECT_EQ(get((*endpoint)->port(), request).find("200 OK"), std::string::npos);
}

TEST(HttpEndpoint, SaysWhichAddressItCannotListenOn) {
  Table<Metric> table{kRows};
  auto first = HttpEndpoint::start("127.0.0.1:0", table, [] { return Health{}; });
  ASSERT_TRUE(first.ok());
  const std::string taken = "127.0.0.1:" + std::to_string((*first)->port());
  const auto second = HttpEndpoint::start(taken, table, [] { return Health{}; });
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find(taken), std::string::npos);
}

}  // namespace
}  // namespace raven::metrics
