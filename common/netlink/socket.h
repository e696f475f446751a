// Socket: a request/answer rtnetlink socket.  Message: one request under construction.
// SPDX-License-Identifier: Apache-2.0
//
// Used by Kernel; callers want kernel.h.  Threading: one thread per Socket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/ip.h"
#include "common/base/result.h"

struct nl_msg;
struct nl_sock;
struct nlattr;
struct nlmsghdr;

namespace raven::netlink {

// Appends never fail: a message that outgrew its buffer is refused by Socket.
class Message {
 public:
  Message(uint16_t type, uint16_t flags);

  template <class Header>
  void header(const Header& header) {
    append(&header, sizeof header);
  }
  void add_u8(int type, uint8_t value) { add(type, &value, sizeof value); }
  void add_u16(int type, uint16_t value) { add(type, &value, sizeof value); }
  void add_u32(int type, uint32_t value) { add(type, &value, sizeof value); }
  void add_string(int type, const std::string& text) { add(type, text.c_str(), text.size() + 1); }
  void add_address(int type, const IpAddress& address);
  void add_mac(int type, const MacAddress& mac) { add(type, mac.bytes.data(), 6); }
  // Attributes added by `fill` lie inside the attribute `type`.
  void add_nested(int type, const std::function<void()>& fill);

  nl_msg* get() const { return message_.get(); }
  const nlmsghdr* raw() const;
  bool complete() const { return complete_; }
  // Makes a message that was sent ready to be sent again.
  void rewind() const;

 private:
  struct Free {
    void operator()(nl_msg* message) const;
  };
  void append(const void* data, std::size_t size);
  void add(int type, const void* data, std::size_t size);

  std::unique_ptr<nl_msg, Free> message_;
  bool complete_ = true;
};

class Socket {
 public:
  static Result<Socket> open();

  // Sends the request and waits for the acknowledgement.  `what` opens the error message.
  Status request(const Message& message, const std::string& what);
  // Sends a request and hands every message of the answer to `visit`.
  Status query(
      const Message& message, const std::string& what,
      const std::function<void(const nlmsghdr*)>& visit
  );
  // The same for a dump; `restart` is called before the dump is taken again because the tables
  // changed while it ran.
  Status dump(
      const Message& message, const std::string& what,
      const std::function<void(const nlmsghdr*)>& visit, const std::function<void()>& restart
  );

 private:
  struct Free {
    void operator()(nl_sock* socket) const;
  };
  explicit Socket(nl_sock* socket) : socket_{socket} {}
  Status exchange(
      const Message& message, const std::string& what,
      const std::function<void(const nlmsghdr*)>* visit, bool* interrupted
  );
  std::unique_ptr<nl_sock, Free> socket_;
};

}  // namespace raven::netlink
