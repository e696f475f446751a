// SPDX-License-Identifier: Apache-2.0
#include "common/metrics/http_endpoint.h"

#include <CivetServer.h>
#include <netdb.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "common/base/unique_fd.h"

namespace raven::metrics {

// One URI: a function that makes status, content type and body.
class HttpEndpoint::Handler : public CivetHandler {
 public:
  struct Answer {
    const char* status;
    const char* type;
    std::string body;
  };
  explicit Handler(std::function<Answer()> answer) : answer_{std::move(answer)} {}

  bool handleGet(CivetServer*, mg_connection* connection) override {
    const Answer answer = answer_();
    mg_printf(
        connection,
        "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
        answer.status, answer.type, answer.body.size()
    );
    mg_write(connection, answer.body.data(), answer.body.size());
    return true;
  }

 private:
  std::function<Answer()> answer_;
};

HttpEndpoint::HttpEndpoint() = default;

// civetweb looks at its stop flag only when a connection comes or after two seconds: give it one.
static void poke(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* address = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &address) != 0) return;
  const UniqueFd fd{socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  connect(fd.get(), address->ai_addr, address->ai_addrlen);
  freeaddrinfo(address);
}

HttpEndpoint::~HttpEndpoint() {
  if (!server_) return;
  std::atomic<bool> closed{false};
  const std::jthread closer{[&] {
    server_->close();
    closed = true;
  }};
  while (!closed) {
    poke(host_, port_);
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

Result<std::unique_ptr<HttpEndpoint>> HttpEndpoint::start(
    const std::string& address, const TableBase& table, std::function<Health()> health
) {
  std::unique_ptr<HttpEndpoint> endpoint{new HttpEndpoint};
  endpoint->host_ = address.substr(0, address.rfind(':'));
  endpoint->metrics_handler_ = std::make_unique<Handler>([&table] {
    return Handler::Answer{
        "200 OK", "text/plain; version=0.0.4; charset=utf-8", table.prometheus_text()};
  });
  endpoint->health_handler_ = std::make_unique<Handler>([health = std::move(health)] {
    const Health now = health();
    return Handler::Answer{
        now.healthy ? "200 OK" : "503 Service Unavailable", "text/plain; charset=utf-8",
        (now.healthy ? "ok" : "not ok") + (now.reason.empty() ? "" : " " + now.reason) + "\n"};
  });
  const std::vector<std::string> options{"listening_ports",    address, "num_threads",      "2",
                                         "request_timeout_ms", "2000",  "max_request_size", "8192",
                                         "enable_keep_alive",  "no"};
  try {
    endpoint->server_ = std::make_unique<CivetServer>(options);
  } catch (const CivetException& exception) {
    return Error{
        ErrorCode::kUnavailable,
        "metrics_address " + address + ": cannot listen (in use, or not an address of this host)"};
  }
  endpoint->server_->addHandler("/metrics", endpoint->metrics_handler_.get());
  endpoint->server_->addHandler("/healthz", endpoint->health_handler_.get());
  const auto ports = endpoint->server_->getListeningPorts();
  endpoint->port_ = ports.empty() ? 0 : ports.front();
  return endpoint;
}

}  // namespace raven::metrics
