// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/socket.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "common/base/log.h"

namespace raven::dataplane {
namespace {

constexpr std::chrono::seconds kHelloTimeout{5};
// Requests taken from one client before others get their turn.
constexpr int kRequestsPerTurn = 32;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;  // for clang 14

}  // namespace

SaSocket::SaSocket(
    event::Loop& loop, const SaSocketSettings& settings, SaManager& manager, UnixListener listener
)
    : loop_{loop}, settings_{settings}, manager_{manager}, listener_{std::move(listener)} {
  loop_.add_reader(listener_.fd(), [this] { accept(); });
}

Result<std::unique_ptr<SaSocket>> SaSocket::open(
    event::Loop& loop, const SaSocketSettings& settings, SaManager& manager
) {
  RAVEN_ASSIGN(
      auto listener,
      UnixListener::open(settings.path, SOCK_SEQPACKET, settings.mode, settings.allowed_uids)
  );
  return std::unique_ptr<SaSocket>{new SaSocket{loop, settings, manager, std::move(listener)}};
}

SaSocket::~SaSocket() {
  if (acquire_timer_) loop_.cancel(*acquire_timer_);
  loop_.remove_reader(listener_.fd());
  for (const auto& [fd, client] : clients_) {
    loop_.remove_reader(fd);
    loop_.cancel(client.hello_timer);
  }
}

void SaSocket::accept() {
  Result<UnixListener::Connection> connection = listener_.accept();
  if (!connection.ok()) {
    if (connection.error().code != ErrorCode::kNotFound)
      log::warning("sa", "{}", connection.error().message);
    return;
  }
  const uint32_t uid = connection->uid;
  const auto same_user =
      std::ranges::count_if(clients_, [uid](const auto& item) { return item.second.uid == uid; });
  if (clients_.size() >= kClientsMax || same_user >= std::ptrdiff_t{kClientsPerUidMax}) {
    log::warning("sa", "{}: too many connections, uid {} has {}", settings_.path, uid, same_user);
    return;
  }
  const int fd = connection->fd.get();
  const event::TimerId timer =
      loop_.call_after(kHelloTimeout, [this, fd] { disconnect(fd, "no hello in time"); });
  clients_.emplace(fd, Client{std::move(connection->fd), uid, std::nullopt, timer});
  loop_.add_reader(fd, [this, fd] { read(fd); });
}

void SaSocket::disconnect(int fd, const std::string& why) {
  const auto client = clients_.find(fd);
  if (client == clients_.end()) return;
  if (!why.empty()) log::warning("sa", "{}: disconnected a client: {}", settings_.path, why);
  loop_.remove_reader(fd);
  loop_.cancel(client->second.hello_timer);
  clients_.erase(client);
}

// File descriptors that a client passes along are closed by the kernel: we offer no room for them.
void SaSocket::read(int fd) {
  alignas(8) std::array<uint8_t, kSaMessageSizeMax + 1> buffer;
  for (int i = 0; i < kRequestsPerTurn; ++i) {
    const auto client = clients_.find(fd);
    if (client == clients_.end()) return;
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return disconnect(fd, "");
    const bool good = handle(client->second, {buffer.data(), static_cast<std::size_t>(size)});
    explicit_bzero(buffer.data(), buffer.size());
    if (!good) return disconnect(fd, "broken or unexpected message");
  }
}

bool SaSocket::handle(Client& client, std::span<const uint8_t> message) {
  const Result<raven_sa_header> header = read_header(message);
  if (!header.ok()) {
    ++refused_messages_;
    log::warning("sa", "{}", header.error().message);
    return false;
  }
  Result<SaRequest> request = decode(*header, message, settings_.replay_window);
  const SaHello* hello = request.ok() ? std::get_if<SaHello>(&*request) : nullptr;
  if (hello != nullptr) return welcome(client, *header, *hello);
  if (!client.hello || client.hello->events) return false;  // RPC only, and only after the hello
  const raven_sa_reply reply = answer(client, *header, std::move(request));
  return send(client, &reply, sizeof(reply));
}

bool SaSocket::welcome(Client& client, const raven_sa_header& header, const SaHello& hello) {
  if (client.hello) return false;
  client.hello = hello;
  loop_.cancel(client.hello_timer);
  manager_.daemon_started(hello.instance, BootClock::now());
  const uint32_t channel = hello.events ? RAVEN_SA_CHANNEL_EVENTS : RAVEN_SA_CHANNEL_RPC;
  const raven_sa_hello reply = encode_hello(header.cookie, manager_.epoch(), channel);
  if (!send(client, &reply, sizeof(reply))) return false;
  // Later, when nothing of this client is on the stack: a failing send disconnects.
  if (hello.events) loop_.post([this] { manager_.repeat_events(); });
  return true;
}

raven_sa_reply SaSocket::answer(
    const Client& client, const raven_sa_header& header, Result<SaRequest> request
) {
  raven_sa_reply reply = encode_reply(header, 0);
  const Instant now = BootClock::now();
  const auto run = Overloaded{
      [](SaHello&) { return Status{}; },
      [&](SaConfig& config) {
        config.instance = client.hello->instance;
        return manager_.add(std::move(config), now);
      },
      [&](SaUpdate& update) { return manager_.update(update.id, update.outer); },
      [&](SaDelete& remove) { return manager_.remove(remove.id); },
      [&](SaQuery& query) -> Status {
        RAVEN_ASSIGN(const SaInfo info, manager_.query(query.id, now));
        reply.bytes = info.bytes;
        reply.packets = info.packets;
        reply.idle_seconds = info.idle ? info.idle->count() : -1;
        return {};
      },
      [&](SaFlush&) {
        manager_.flush(client.hello->instance);
        return Status{};
      },
  };
  const Status status =
      request.ok() ? std::visit(run, *request) : Status{std::move(request).error()};
  if (status.ok()) return reply;
  ++refused_messages_;
  log::warning("sa", "refused operation {}: {}", header.op, status.error().message);
  reply.result = errno_of(status.error().code);
  return reply;
}

bool SaSocket::send(const Client& client, const void* message, std::size_t size) {
  return ::send(client.fd.get(), message, size, MSG_DONTWAIT | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(size);
}

template <class Message>
std::size_t SaSocket::send_event(const Message& message, std::vector<int>& without_room) const {
  std::size_t listeners = 0;
  for (const auto& [fd, client] : clients_) {
    if (!client.hello || !client.hello->events) continue;
    ++listeners;
    if (!send(client, &message, sizeof(message))) without_room.push_back(fd);
  }
  return listeners;
}

template <class Message>
void SaSocket::send_or_disconnect(const Message& message) {
  std::vector<int> deaf;
  send_event(message, deaf);
  for (const int fd : deaf) disconnect(fd, "does not read its events");
}

void SaSocket::tell(const SaEvent& event) {
  std::visit(
      Overloaded{
          [&](const SaExpired& e) { send_or_disconnect(encode_expire(e.id, e.hard)); },
          [&](const SaMapped& e) { send_or_disconnect(encode_mapping(e.id, e.address, e.port)); },
          [&](const SaAcquire& e) {
            acquires_.add(e.tunnel);
            send_acquires();
          },
      },
      event
  );
}

void SaSocket::send_acquires() {
  while (const auto tunnel = acquires_.take(BootClock::now()))
    if (manager_.newest_outbound(*tunnel) == nullptr && !send_acquire(*tunnel))
      acquires_.put_back(*tunnel);
  if (acquires_.waiting() == 0 || acquire_timer_) return;
  acquire_timer_ = loop_.call_after(AcquireQueue::kInterval, [this] {
    acquire_timer_.reset();
    send_acquires();
  });
}

// False: no daemon that listens has room.
bool SaSocket::send_acquire(TunnelId tunnel) {
  std::vector<int> without_room;
  const std::size_t listeners = send_event(encode_acquire(tunnel), without_room);
  if (listeners == 0) {
    ++acquire_counts_.no_daemon;
    return true;
  }
  const bool taken = without_room.size() < listeners;
  ++(taken ? acquire_counts_.sent : acquire_counts_.no_room);
  return taken;
}

}  // namespace raven::dataplane
