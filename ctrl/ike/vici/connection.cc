// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ike/vici/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace raven::vici {
namespace {

enum PacketType : uint8_t {
  kCommandRequest = 0,
  kCommandResponse = 1,
  kCommandUnknown = 2,
  kEventRegister = 3,
  kEventConfirm = 5,
  kEventUnknown = 6,
  kEvent = 7,
};

constexpr std::size_t kLengthSize = 4;

std::size_t length_at(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthSize; ++i)
    length = length << 8 | static_cast<uint8_t>(bytes[i]);
  return length;
}

std::string frame(uint8_t type, const std::string& name, const std::string& content) {
  const std::size_t length = 2 + name.size() + content.size();
  std::string packet;
  packet.reserve(kLengthSize + length);
  for (int shift = 24; shift >= 0; shift -= 8) packet += static_cast<char>(length >> shift);
  packet += static_cast<char>(type);
  packet += static_cast<char>(name.size());
  packet += name;
  packet += content;
  return packet;
}

}  // namespace

Result<Connection> Connection::open(
    const std::string& socket_path, std::chrono::milliseconds deadline
) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof(address.sun_path))
    return Error{ErrorCode::kInvalid, "VICI socket " + socket_path + ": the path is too long"};
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return errno_error("VICI socket", errno);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    const ErrorCode code = errno == EACCES ? ErrorCode::kDenied : ErrorCode::kUnavailable;
    const std::string reason = std::generic_category().message(errno);
    return Error{code, fmt::format("VICI socket {}: {}; is charon running?", socket_path, reason)};
  }
  return Connection{std::move(fd), socket_path, deadline};
}

Error Connection::fail(ErrorCode code, const std::string& what) {
  fd_.reset();
  return Error{code, "VICI socket " + path_ + ": " + what};
}

Status Connection::wait(short poll_events, Instant until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - BootClock::now());
    if (left.count() <= 0) return fail(ErrorCode::kTimeout, "no answer from charon in time");
    pollfd entry{fd_.get(), poll_events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR)
      return fail(ErrorCode::kInternal, std::generic_category().message(errno));
  }
}

Status Connection::send(std::string packet, Instant until) {
  std::size_t sent = 0;
  Status status;
  while (sent < packet.size() && status.ok()) {
    const ssize_t n = ::send(fd_.get(), packet.data() + sent, packet.size() - sent, MSG_NOSIGNAL);
    if (n > 0)
      sent += static_cast<std::size_t>(n);
    else if (n < 0 && errno == EAGAIN)
      status = wait(POLLOUT, until);
    else if (errno != EINTR)
      status = fail(ErrorCode::kUnavailable, "charon closed the connection");
  }
  explicit_bzero(packet.data(), packet.size());  // it may have carried a key
  return status;
}

Result<bool> Connection::read_some() {
  char chunk[16384];
  const ssize_t n = ::recv(fd_.get(), chunk, sizeof(chunk), 0);
  if (n > 0) {
    buffer_.append(chunk, static_cast<std::size_t>(n));
    return true;
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  return fail(ErrorCode::kUnavailable, "charon closed the connection");
}

Status Connection::fill(std::size_t size, Instant until) {
  while (buffer_.size() < size) {
    RAVEN_TRY(wait(POLLIN, until));
    RAVEN_TRY(read_some());
  }
  return {};
}

Result<Connection::Packet> Connection::parse(std::string_view bytes) {
  Packet packet;
  packet.type = static_cast<uint8_t>(bytes[0]);
  bytes.remove_prefix(1);
  if (packet.type == kEvent) {
    const std::size_t size = bytes.empty() ? 1 : 1 + static_cast<uint8_t>(bytes[0]);
    if (size > bytes.size()) return Error{ErrorCode::kInvalid, "name of an event is cut short"};
    packet.name = bytes.substr(1, size - 1);
    bytes.remove_prefix(size);
  }
  if (packet.type == kEvent || packet.type == kCommandResponse) {
    RAVEN_ASSIGN(packet.content, Message::decode(bytes));
  }
  return packet;
}

Result<Connection::Packet> Connection::receive(Instant until) {
  RAVEN_TRY(fill(kLengthSize, until));
  const std::size_t length = length_at(buffer_);
  if (length == 0 || length > kMessageSizeMax)
    return fail(ErrorCode::kInvalid, fmt::format("packet of {} bytes", length));
  RAVEN_TRY(fill(kLengthSize + length, until));
  auto packet = parse(std::string_view{buffer_}.substr(kLengthSize, length));
  if (!packet.ok()) return fail(ErrorCode::kInvalid, packet.error().message);
  buffer_.erase(0, kLengthSize + length);
  return packet;
}

Result<Connection::Packet> Connection::exchange(
    uint8_t type, const std::string& name, const Message& content, const EventHandler& on_event
) {
  if (!fd_) return Error{ErrorCode::kUnavailable, "VICI socket " + path_ + ": is closed"};
  const Instant until = BootClock::now() + deadline_;
  RAVEN_ASSIGN(std::string body, content.encode());
  Status sent = send(frame(type, name, body), until);
  explicit_bzero(body.data(), body.size());
  RAVEN_TRY(std::move(sent));
  for (;;) {
    RAVEN_ASSIGN(Packet packet, receive(until));
    if (packet.type != kEvent) return packet;
    if (on_event) on_event({std::move(packet.name), std::move(packet.content)});
  }
}

Result<Message> Connection::request(
    const std::string& command, const Message& arguments, const EventHandler& on_event
) {
  RAVEN_ASSIGN(Packet packet, exchange(kCommandRequest, command, arguments, on_event));
  if (packet.type == kCommandUnknown)
    return Error{ErrorCode::kNotFound, "charon does not know the VICI command " + command};
  if (packet.type != kCommandResponse)
    return fail(ErrorCode::kInvalid, fmt::format("packet of type {} as an answer", packet.type));
  return std::move(packet.content);
}

Status Connection::register_event(const std::string& name) {
  RAVEN_ASSIGN(const Packet packet, exchange(kEventRegister, name, {}, {}));
  if (packet.type == kEventUnknown)
    return Error{ErrorCode::kNotFound, "charon does not know the VICI event " + name};
  if (packet.type != kEventConfirm)
    return fail(ErrorCode::kInvalid, fmt::format("packet of type {} as an answer", packet.type));
  return {};
}

Status Connection::read_events(const EventHandler& on_event) {
  if (!fd_) return Error{ErrorCode::kUnavailable, "VICI socket " + path_ + ": is closed"};
  for (;;) {
    RAVEN_ASSIGN(const bool read, read_some());
    if (!read) break;
  }
  const auto whole = [&] {
    return buffer_.size() >= kLengthSize && (buffer_.size() - kLengthSize >= length_at(buffer_) ||
                                             length_at(buffer_) > kMessageSizeMax);
  };
  while (whole()) {
    RAVEN_ASSIGN(Packet packet, receive(BootClock::now() + deadline_));
    if (packet.type == kEvent) on_event({std::move(packet.name), std::move(packet.content)});
  }
  return {};
}

}  // namespace raven::vici
