// SPDX-License-Identifier: Apache-2.0
#include "common/kube/http_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "common/base/log.h"

namespace raven::kube {
namespace {

constexpr std::size_t kBodyBytesMax = 64u << 20;
constexpr long kConnectTimeoutMs = 5'000;
constexpr long kKeepaliveIdleS = 15;
constexpr long kKeepaliveIntervalS = 10;
constexpr unsigned kUnacknowledgedMsMax = 30'000;
// Bounds how long a replaced certificate or CA stays in use; libcurl's own default is a day.
constexpr long kCaCacheS = 60;
constexpr long kConnectionLifeS = 300;
constexpr int kIdleWaitMs = 60'000;

// Finds a dead peer although data is on its way (keepalive only works on an idle connection).
int on_socket(void*, curl_socket_t fd, curlsocktype) {
  setsockopt(
      fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMsMax, sizeof(kUnacknowledgedMsMax)
  );
  return CURL_SOCKOPT_OK;
}

void set_blob(CURL* easy, CURLoption option, const std::string& data) {
  curl_blob blob{const_cast<char*>(data.data()), data.size(), CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy, option, &blob);
}

// A file if one is named, else inline data, else nothing.
void set_pem(
    CURL* easy, CURLoption file_option, const std::string& file, CURLoption blob_option,
    const std::string& data
) {
  if (!file.empty()) {
    curl_easy_setopt(easy, file_option, file.c_str());
  } else if (!data.empty()) {
    set_blob(easy, blob_option, data);
  }
}

HttpAnswer stopped_answer() {
  HttpAnswer answer;
  answer.end = HttpAnswer::End::kStopped;
  answer.reason = "the client is stopping";
  return answer;
}

}  // namespace

struct HttpLoop::Transfer {
  CURL* easy = curl_easy_init();
  curl_slist* headers = nullptr;
  HttpRequest request;
  OnAnswer on_answer;
  HttpAnswer answer;
  bool aborted = false;
  bool too_long = false;
  char error_text[CURL_ERROR_SIZE] = "";

  ~Transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }

  // Called by libcurl with a piece of the body.
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
    auto& self = *static_cast<Transfer*>(user);
    long status = 0;
    curl_easy_getinfo(self.easy, CURLINFO_RESPONSE_CODE, &status);
    if (self.request.on_chunk && status == 200) {
      self.aborted = !self.request.on_chunk({data, size});
    } else if (self.answer.body.size() + size > kBodyBytesMax) {
      self.aborted = self.too_long = true;
    } else {
      self.answer.body.append(data, size);
    }
    return self.aborted ? 0 : size;
  }
};

Result<std::unique_ptr<HttpLoop>> HttpLoop::open(ApiAccess access, std::string user_agent) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* multi = initialised == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) return Error{ErrorCode::kInternal, "libcurl: cannot be initialised"};
  return std::unique_ptr<HttpLoop>{new HttpLoop{std::move(access), std::move(user_agent), multi}};
}

HttpLoop::HttpLoop(ApiAccess access, std::string user_agent, CURLM* multi)
    : access_{std::move(access)},
      user_agent_{std::move(user_agent)},
      multi_{multi},
      token_{access_} {
  thread_ = std::thread{[this] { run(); }};
}

HttpLoop::~HttpLoop() {
  stop();
  transfers_.clear();
  curl_multi_cleanup(multi_);
}

void HttpLoop::post(std::function<void()> task) {
  {
    const std::lock_guard lock{mutex_};
    posted_.push_back(std::move(task));
  }
  curl_multi_wakeup(multi_);
}

void HttpLoop::after(std::chrono::milliseconds delay, std::function<void()> task) {
  const Instant due = BootClock::now() + delay;
  post([this, due, task = std::move(task)]() mutable { timers_.emplace(due, std::move(task)); });
}

void HttpLoop::send(HttpRequest request, OnAnswer on_answer) {
  if (is_stopping()) return on_answer(stopped_answer());
  post([this, request = std::move(request), on_answer = std::move(on_answer)]() mutable {
    begin(std::move(request), std::move(on_answer));
  });
}

void HttpLoop::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  curl_multi_wakeup(multi_);
  if (thread_.joinable()) thread_.join();
}

bool HttpLoop::is_stopping() {
  const std::lock_guard lock{mutex_};
  return stopping_;
}

void HttpLoop::run() {
  while (!is_stopping()) {
    run_posted();
    run_timers();
    int running = 0;
    curl_multi_perform(multi_, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left))
      if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
    curl_multi_poll(multi_, nullptr, 0, wait_ms(), nullptr);
  }
  answer_all_stopped();
}

void HttpLoop::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock{mutex_};
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

void HttpLoop::run_timers() {
  const Instant now = BootClock::now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    auto task = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    task();
  }
}

int HttpLoop::wait_ms() const {
  if (timers_.empty()) return kIdleWaitMs;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - BootClock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, kIdleWaitMs));
}

void HttpLoop::begin(HttpRequest request, OnAnswer on_answer) {
  if (is_stopping()) return on_answer(stopped_answer());
  auto transfer = std::make_unique<Transfer>();
  transfer->request = std::move(request);
  transfer->on_answer = std::move(on_answer);
  configure(*transfer);
  CURL* easy = transfer->easy;
  const CURLMcode added = curl_multi_add_handle(multi_, easy);
  if (added != CURLM_OK) {
    transfer->answer.reason = curl_multi_strerror(added);
    transfer->on_answer(std::move(transfer->answer));
    return;
  }
  transfers_.emplace(easy, std::move(transfer));
}

void HttpLoop::configure(Transfer& transfer) {
  CURL* easy = transfer.easy;
  const HttpRequest& request = transfer.request;
  curl_easy_setopt(easy, CURLOPT_URL, (access_.server + request.target).c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent_.c_str());
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, kCaCacheS);
  set_pem(easy, CURLOPT_CAINFO, access_.ca_file, CURLOPT_CAINFO_BLOB, access_.ca_data);
  set_pem(
      easy, CURLOPT_SSLCERT, access_.certificate_file, CURLOPT_SSLCERT_BLOB,
      access_.certificate_data
  );
  set_pem(easy, CURLOPT_SSLKEY, access_.key_file, CURLOPT_SSLKEY_BLOB, access_.key_data);
  if (const std::string& token = token_.get(BootClock::now()); !token.empty()) {
    curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, token.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
  }
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  // The hard end, whatever the server does: it may be frozen or unplugged.
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, kConnectionLifeS);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, kKeepaliveIdleS);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, kKeepaliveIntervalS);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &on_socket);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error_text);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (!request.content_type.empty()) {
    transfer.headers =
        curl_slist_append(nullptr, ("Content-Type: " + request.content_type).c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
    curl_easy_setopt(
        easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size())
    );
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());  // lives in the transfer
  }
}

void HttpLoop::finish(CURL* easy, CURLcode code) {
  const auto found = transfers_.find(easy);
  const std::unique_ptr<Transfer> transfer = std::move(found->second);
  transfers_.erase(found);
  curl_multi_remove_handle(multi_, easy);
  HttpAnswer& answer = transfer->answer;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
  curl_off_t retry_after_s = 0;
  curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
  if (retry_after_s > 0) answer.retry_after = std::chrono::seconds{retry_after_s};
  if (code == CURLE_OK) {
    answer.end = HttpAnswer::End::kComplete;
  } else if (code == CURLE_OPERATION_TIMEDOUT) {
    answer.end = HttpAnswer::End::kTimeout;
  } else if (transfer->aborted) {
    answer.end = HttpAnswer::End::kAborted;
  }
  if (transfer->too_long) {
    answer.reason = "answer is longer than " + std::to_string(kBodyBytesMax) + " bytes";
  } else if (code != CURLE_OK) {
    answer.reason =
        transfer->error_text[0] != '\0' ? transfer->error_text : curl_easy_strerror(code);
  }
  // The token may have been replaced before its time.
  if (answer.status == 401) token_.forget();
  transfer->on_answer(std::move(answer));
}

void HttpLoop::answer_all_stopped() {
  run_posted();  // requests that have not begun
  while (!transfers_.empty()) {
    const auto first = transfers_.begin();
    const std::unique_ptr<Transfer> transfer = std::move(first->second);
    transfers_.erase(first);
    curl_multi_remove_handle(multi_, transfer->easy);
    transfer->on_answer(stopped_answer());
  }
}

}  // namespace raven::kube
