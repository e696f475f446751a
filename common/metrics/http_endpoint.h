// HttpEndpoint: GET /metrics and GET /healthz.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: requests run on the endpoint's own threads.  Bounded: two request threads, 8 KiB of
// headers, 2 s a request; a scraper that hangs delays nothing else.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/metrics/metrics.h"

class CivetServer;

namespace raven::metrics {

struct Health {
  bool healthy = true;
  std::string reason;  // one line, shown in the answer
};

class HttpEndpoint {
 public:
  // `address` is "IP:PORT"; port 0 takes any free one.  `health` is called on a request thread.
  static Result<std::unique_ptr<HttpEndpoint>> start(
      const std::string& address, const TableBase& table, std::function<Health()> health
  );
  ~HttpEndpoint();
  int port() const { return port_; }

 private:
  class Handler;
  HttpEndpoint();
  std::string host_;
  int port_ = 0;
  std::unique_ptr<Handler> metrics_handler_;
  std::unique_ptr<Handler> health_handler_;
  std::unique_ptr<CivetServer> server_;  // last: it stops before the handlers go
};

}  // namespace raven::metrics
