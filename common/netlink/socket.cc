// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/socket.h"

#include <linux/netlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

#include "common/netlink/attributes.h"

namespace raven::netlink {
namespace {

// How often a dump is taken again when the tables change while it runs.
constexpr int kDumpAttemptsMax = 5;
// Room for the largest single request (a VXLAN link is about 200 bytes).
constexpr std::size_t kRequestBytesMax = 4096;

// What the callbacks of one exchange collect.
struct Answer {
  const std::function<void(const nlmsghdr*)>* visit = nullptr;
  bool done = false;
  bool interrupted = false;
  int error_number = 0;
  std::string reason;  // of the kernel
};

int on_message(nl_msg* message, void* context) {
  auto* answer = static_cast<Answer*>(context);
  if (answer->visit != nullptr) (*answer->visit)(nlmsg_hdr(message));
  return NL_OK;
}

int on_acknowledged(nl_msg*, void* context) {
  static_cast<Answer*>(context)->done = true;
  return NL_STOP;
}

// The end of a dump carries the error of a dump that could not start.
int on_dump_end(nl_msg* message, void* context) {
  auto* answer = static_cast<Answer*>(context);
  const nlmsghdr* header = nlmsg_hdr(message);
  if (nlmsg_datalen(header) >= static_cast<int>(sizeof(int))) {
    int status = 0;
    std::memcpy(&status, nlmsg_data(header), sizeof status);
    if (status < 0) answer->error_number = -status;
  }
  answer->done = true;
  return NL_STOP;
}

int on_interrupted(nl_msg*, void* context) {
  static_cast<Answer*>(context)->interrupted = true;
  return NL_OK;
}

// The text that the kernel adds to an error (NETLINK_EXT_ACK; capped, so it follows at once).
std::string kernel_reason(const nlmsgerr* error) {
  const auto* header =
      reinterpret_cast<const nlmsghdr*>(reinterpret_cast<const char*>(error) - NLMSG_HDRLEN);
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return "";
  const auto attributes = Attributes::parse(header, sizeof(nlmsgerr), NLMSGERR_ATTR_MAX);
  return attributes ? attributes->text(NLMSGERR_ATTR_MSG) : "";
}

int on_error(sockaddr_nl*, nlmsgerr* error, void* context) {
  auto* answer = static_cast<Answer*>(context);
  answer->error_number = -error->error;
  answer->reason = kernel_reason(error);
  answer->done = true;
  return NL_STOP;
}

struct FreeCallbacks {
  void operator()(nl_cb* callbacks) const { nl_cb_put(callbacks); }
};
using Callbacks = std::unique_ptr<nl_cb, FreeCallbacks>;

Callbacks callbacks_for(Answer& answer) {
  Callbacks callbacks{nl_cb_alloc(NL_CB_DEFAULT)};
  if (!callbacks) return callbacks;
  nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, on_message, &answer);
  nl_cb_set(callbacks.get(), NL_CB_ACK, NL_CB_CUSTOM, on_acknowledged, &answer);
  nl_cb_set(callbacks.get(), NL_CB_FINISH, NL_CB_CUSTOM, on_dump_end, &answer);
  nl_cb_set(callbacks.get(), NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, &answer);
  nl_cb_err(callbacks.get(), NL_CB_CUSTOM, on_error, &answer);
  return callbacks;
}

Error error_of(const Answer& answer, const std::string& what) {
  Error error = errno_error(what, answer.error_number);
  // What an address or a table answers when it is not there.
  if (answer.error_number == EADDRNOTAVAIL) error.code = ErrorCode::kNotFound;
  if (!answer.reason.empty()) error.message += " (" + answer.reason + ")";
  return error;
}

}  // namespace

void Socket::Free::operator()(nl_sock* socket) const {
  nl_socket_free(socket);
}

Result<Socket> Socket::open() {
  Socket socket{nl_socket_alloc()};
  nl_sock* handle = socket.socket_.get();
  if (handle == nullptr) return Error{ErrorCode::kExhausted, "rtnetlink: out of memory"};
  if (const int status = nl_connect(handle, NETLINK_ROUTE); status < 0)
    return Error{ErrorCode::kInternal, std::string{"rtnetlink: "} + nl_geterror(status)};
  const int fd = nl_socket_get_fd(handle);
  const int on = 1;
  // Reasons in errors; filters in dumps.  Without them (before Linux 4.20) we only get less text
  // and more messages, which are filtered again here.
  ::setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  ::setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  ::setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
    return errno_error("rtnetlink: set the receive timeout", errno);
  return socket;
}

Status Socket::exchange(
    const Message& message, const std::string& what,
    const std::function<void(const nlmsghdr*)>* visit, bool* interrupted
) {
  if (!message.complete()) return Error{ErrorCode::kInternal, what + ": the request is too long"};
  Answer answer;
  answer.visit = visit;
  const Callbacks callbacks = callbacks_for(answer);
  if (!callbacks) return Error{ErrorCode::kExhausted, what + ": out of memory"};
  int status = nl_send_auto(socket_.get(), message.get());
  while (status >= 0 && !answer.done) status = nl_recvmsgs(socket_.get(), callbacks.get());
  if (!answer.done) {
    // What is left of this exchange would be taken for the answer to the next one.
    Error error{ErrorCode::kUnavailable, what + ": rtnetlink: " + nl_geterror(status)};
    RAVEN_ASSIGN(*this, Socket::open());
    return error;
  }
  if (answer.error_number != 0) return error_of(answer, what);
  if (interrupted != nullptr) *interrupted = answer.interrupted;
  return {};
}

Status Socket::request(const Message& message, const std::string& what) {
  return exchange(message, what, nullptr, nullptr);
}

Status Socket::query(
    const Message& message, const std::string& what,
    const std::function<void(const nlmsghdr*)>& visit
) {
  return exchange(message, what, &visit, nullptr);
}

Status Socket::dump(
    const Message& message, const std::string& what,
    const std::function<void(const nlmsghdr*)>& visit, const std::function<void()>& restart
) {
  for (int attempt = 0; attempt < kDumpAttemptsMax; ++attempt) {
    bool interrupted = false;
    restart();
    RAVEN_TRY(exchange(message, what, &visit, &interrupted));
    if (!interrupted) return {};
    // libnl numbers and addresses a message once; this one goes out again.
    message.rewind();
  }
  return Error{
      ErrorCode::kUnavailable, what + ": the tables changed during each of " +
                                   std::to_string(kDumpAttemptsMax) + " dumps; try again later"};
}

void Message::Free::operator()(nl_msg* message) const {
  nlmsg_free(message);
}

Message::Message(uint16_t type, uint16_t flags) : message_{nlmsg_alloc_size(kRequestBytesMax)} {
  complete_ =
      message_ &&
      nlmsg_put(message_.get(), NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags | NLM_F_REQUEST) !=
          nullptr;
}

const nlmsghdr* Message::raw() const {
  return nlmsg_hdr(message_.get());
}

void Message::rewind() const {
  nlmsghdr* header = nlmsg_hdr(message_.get());
  header->nlmsg_seq = NL_AUTO_SEQ;
}

void Message::append(const void* data, std::size_t size) {
  complete_ =
      complete_ && nlmsg_append(message_.get(), const_cast<void*>(data), size, NLMSG_ALIGNTO) == 0;
}

void Message::add(int type, const void* data, std::size_t size) {
  complete_ = complete_ && nla_put(message_.get(), type, static_cast<int>(size), data) == 0;
}

void Message::add_address(int type, const IpAddress& address) {
  add(type, address.bytes().data(), address.bytes().size());
}

void Message::add_nested(int type, const std::function<void()>& fill) {
  nlattr* nest = complete_ ? nla_nest_start(message_.get(), type) : nullptr;
  complete_ = nest != nullptr;
  if (!complete_) return;
  fill();
  nla_nest_end(message_.get(), nest);
}

}  // namespace raven::netlink
