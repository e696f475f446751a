// HttpLoop: one thread that makes HTTPS requests with libcurl and runs timers.
// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1 on purpose: one connection per watch, so that a stuck one holds up nothing else.  No
// redirects, no proxies, only https, only the cluster's own CA: the token goes nowhere else.
//
// Threading: send(), post() and after() from any thread; callbacks come from the loop's thread.
// Every request is answered exactly once; after stop() that happens within send().
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/kube/api_access.h"

namespace raven::kube {

struct HttpRequest {
  std::string method = "GET";
  std::string target;  // path and query
  std::string body;
  std::string content_type;  // empty: no body
  std::chrono::milliseconds timeout{10'000};
  // If set, it gets the body of a 200 answer in chunks as they arrive; false ends the request.
  std::function<bool(std::string_view)> on_chunk;
};

struct HttpAnswer {
  enum class End {
    kComplete,  // status and body have arrived
    kTimeout,
    kAborted,    // on_chunk returned false, or the body was too long
    kStopped,    // by stop()
    kTransport,  // connection, TLS, ended in the middle
  };
  End end = End::kTransport;
  long status = 0;  // 0: no answer at all
  std::string body;
  std::optional<std::chrono::seconds> retry_after;
  std::string reason;  // why it is not kComplete
};

class HttpLoop {
 public:
  using OnAnswer = std::function<void(HttpAnswer)>;

  static Result<std::unique_ptr<HttpLoop>> open(ApiAccess access, std::string user_agent);
  ~HttpLoop();
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  void send(HttpRequest request, OnAnswer on_answer);
  void post(std::function<void()> task);
  void after(std::chrono::milliseconds delay, std::function<void()> task);
  // Answers all requests with kStopped, drops timers.  Idempotent.
  void stop();
  bool is_loop_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  struct Transfer;

  HttpLoop(ApiAccess access, std::string user_agent, CURLM* multi);
  void run();
  void begin(HttpRequest request, OnAnswer on_answer);
  void configure(Transfer& transfer);
  void finish(CURL* easy, CURLcode code);
  void answer_all_stopped();
  bool is_stopping();
  void run_posted();
  void run_timers();
  int wait_ms() const;

  const ApiAccess access_;
  const std::string user_agent_;
  CURLM* multi_;
  // Loop thread only.
  TokenSource token_;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers_;
  std::multimap<Instant, std::function<void()>> timers_;
  std::mutex mutex_;  // guards posted_, stopping_
  std::vector<std::function<void()>> posted_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace raven::kube
