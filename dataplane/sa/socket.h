// SaSocket: serves the SA socket to key daemons.  Protocol: common/dpapi/sa_socket.h.
// SPDX-License-Identifier: Apache-2.0
//
// A client that sends what is not our protocol, does not say hello in time, or does not read its
// events is disconnected; the daemon connects again and gets the events that are still true.
// Requests for keys (ACQUIRE) are sent at a bounded rate, see acquire_queue.h.  One that finds no
// room waits, and disconnects nobody: it tells nothing that would be lost.
// Threading: everything on the loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "common/event/loop.h"
#include "common/wire/raven.h"
#include "dataplane/ipc/unix_listener.h"
#include "dataplane/sa/acquire_queue.h"
#include "dataplane/sa/manager.h"

namespace raven::dataplane {

struct SaSocketSettings {
  std::string path;
  unsigned mode = 0600;
  std::vector<uint32_t> allowed_uids = {0};
  uint32_t replay_window = kReplayWindowDefault;  // where the daemon leaves it open
};

// Of requests for keys.
struct AcquireCounts {
  uint64_t sent = 0;       // a daemon took it
  uint64_t no_room = 0;    // no daemon had room for it: tried again 50 ms later
  uint64_t no_daemon = 0;  // nobody listens for events: dropped, asked again when wanted again
};

class SaSocket {
 public:
  // `manager` may be given the events of this socket's tell().
  static Result<std::unique_ptr<SaSocket>> open(
      event::Loop& loop, const SaSocketSettings& settings, SaManager& manager
  );
  ~SaSocket();
  SaSocket(const SaSocket&) = delete;
  SaSocket& operator=(const SaSocket&) = delete;

  // Sends the event to every daemon that listens for events; an SaAcquire when it is its turn.
  void tell(const SaEvent& event);

  std::size_t connections() const { return clients_.size(); }
  uint64_t refused_messages() const { return refused_messages_; }
  const AcquireCounts& acquires() const { return acquire_counts_; }
  std::size_t acquires_waiting() const { return acquires_.waiting(); }

  static constexpr std::size_t kClientsMax = 64;
  static constexpr std::size_t kClientsPerUidMax = 16;

 private:
  struct Client {
    UniqueFd fd;
    uint32_t uid = 0;
    std::optional<SaHello> hello;
    event::TimerId hello_timer = 0;
  };

  SaSocket(
      event::Loop& loop, const SaSocketSettings& settings, SaManager& manager, UnixListener listener
  );
  void accept();
  void read(int fd);
  void disconnect(int fd, const std::string& why);
  bool handle(Client& client, std::span<const uint8_t> message);
  bool welcome(Client& client, const raven_sa_header& header, const SaHello& hello);
  raven_sa_reply answer(
      const Client& client, const raven_sa_header& header, Result<SaRequest> request
  );
  static bool send(const Client& client, const void* message, std::size_t size);
  // Returns the clients that listen for events; those without room for this one are named.
  template <class Message>
  std::size_t send_event(const Message& message, std::vector<int>& without_room) const;
  template <class Message>
  void send_or_disconnect(const Message& message);
  void send_acquires();
  bool send_acquire(TunnelId tunnel);

  event::Loop& loop_;
  const SaSocketSettings settings_;
  SaManager& manager_;
  UnixListener listener_;
  std::map<int, Client> clients_;
  uint64_t refused_messages_ = 0;
  AcquireQueue acquires_;
  AcquireCounts acquire_counts_;
  std::optional<event::TimerId> acquire_timer_;  // while some wait
};

}  // namespace raven::dataplane
