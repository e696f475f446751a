// Connection: one stream to charon's VICI socket: requests, their answers, and events.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one thread.  Every call has a deadline; after an error the connection is closed and
// stays so: make a new one.  Errors: kUnavailable (charon is away or closed the stream), kTimeout,
// kDenied, kNotFound (charon does not know the command or event), kInvalid (not VICI).
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/unique_fd.h"
#include "ctrl/ike/vici/message.h"

namespace raven::vici {

inline constexpr char kDefaultSocket[] = "/run/charon.vici";

struct Event {
  std::string name;
  Message content;
};
using EventHandler = std::function<void(const Event&)>;

class Connection {
 public:
  static Result<Connection> open(
      const std::string& socket_path, std::chrono::milliseconds deadline
  );

  // Sends a command and waits for its answer.  Events that arrive meanwhile go to `on_event`.
  Result<Message> request(
      const std::string& command, const Message& arguments, const EventHandler& on_event = {}
  );
  // Asks for events of this name.
  Status register_event(const std::string& name);
  // Hands on every event that is there, without waiting.  For a connection in an event loop.
  Status read_events(const EventHandler& on_event);

  int fd() const { return fd_.get(); }
  bool is_open() const { return static_cast<bool>(fd_); }

 private:
  struct Packet {
    uint8_t type = 0;
    std::string name;  // of an event
    Message content;
  };

  Connection(UniqueFd fd, std::string path, std::chrono::milliseconds deadline)
      : fd_{std::move(fd)}, path_{std::move(path)}, deadline_{deadline} {}
  Result<Packet> exchange(
      uint8_t type, const std::string& name, const Message& content, const EventHandler& on_event
  );
  Status send(std::string packet, Instant until);
  Result<Packet> receive(Instant until);
  Status fill(std::size_t size, Instant until);
  // Reads once what the socket has; false: nothing there.
  Result<bool> read_some();
  Status wait(short poll_events, Instant until);
  Error fail(ErrorCode code, const std::string& what);
  static Result<Packet> parse(std::string_view bytes);

  UniqueFd fd_;
  std::string path_;
  std::chrono::milliseconds deadline_;
  std::string buffer_;  // received, not yet taken
};

}  // namespace raven::vici
