// The SA socket: a hostile key daemon talks to dataplane/sa/socket.h over a real socket.
// SPDX-License-Identifier: Apache-2.0
//
// Input: messages.  The first byte of each is the operation: 0 for raw bytes (two bytes of length,
// then the message), else a message of that operation whose header is right, filled from the input.
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "common/base/log.h"
#include "dataplane/sa/socket.h"
#include "tests/fuzz/folder.h"
#include "tests/unit/dataplane/sa/fake_tables.h"

namespace raven::dataplane {
namespace {

using fuzz::Bytes;
using fuzz::require;

constexpr uint32_t kSasMax = 8;
constexpr int kMessagesMax = 40;

std::size_t size_of(uint8_t operation) {
  switch (operation) {
    case RAVEN_SA_HELLO:
      return sizeof(raven_sa_hello);
    case RAVEN_SA_ADD:
      return sizeof(raven_sa_add);
    case RAVEN_SA_UPDATE:
      return sizeof(raven_sa_update);
    case RAVEN_SA_DELETE:
    case RAVEN_SA_QUERY:
      return sizeof(raven_sa_lookup);
    default:
      return sizeof(raven_sa_header);
  }
}

Bytes next_message(fuzz::Input& input) {
  const uint8_t operation = input.byte();
  if (operation == 0) {
    const auto raw = input.take(input.two_bytes());
    return {raw.begin(), raw.end()};
  }
  Bytes message(size_of(operation));
  const raven_sa_header header{
      RAVEN_SA_MAGIC, RAVEN_SA_VERSION, operation, static_cast<uint32_t>(message.size()), 1};
  std::memcpy(message.data(), &header, sizeof(header));
  const auto body = input.take(message.size() - sizeof(header));
  std::ranges::copy(body, message.begin() + sizeof(header));
  return message;
}

// A dataplane's side of the socket, without a dataplane.
class Server {
 public:
  Server() {
    log::set_level(log::Level::kError);
    manager_ = std::move(*SaManager::create(
        {.workers = 2, .sas_max = kSasMax}, tables_,
        [this](const SaEvent& event) {
          if (socket_) socket_->tell(event);
        }
    ));
    SaSocketSettings settings;
    settings.path = folder_.path() + "/sa";
    settings.allowed_uids = {::getuid()};
    socket_ = std::move(*SaSocket::open(loop_, settings, *manager_));
  }

  UniqueFd connect() {
    UniqueFd fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (folder_.path() + "/sa").copy(address.sun_path, sizeof(address.sun_path) - 1);
    const auto* name = reinterpret_cast<const sockaddr*>(&address);
    require(::connect(fd.get(), name, sizeof(address)) == 0, "the socket takes connections");
    return fd;
  }

  // Until all clients have come and gone.
  void serve() {
    stop_when_idle();
    loop_.run();
    require(manager_->size() <= kSasMax, "no more SAs than the table holds");
    manager_->tick(BootClock::now());
    manager_->repeat_events();
  }

  void forget_sas() {
    for (const SaInfo& sa : manager_->list(BootClock::now())) {
      socket_->tell(SaExpired{sa.id, true});
      socket_->tell(SaMapped{sa.id, sa.id.outer.source, 4500});
      socket_->tell(SaAcquire{sa.tunnel});
      require(manager_->remove(sa.id).ok(), "an SA that is listed can be removed");
    }
    require(manager_->size() == 0 && tables_.inbound.empty(), "nothing stays behind");
    for (auto& dispose : std::exchange(tables_.disposals, {})) dispose();
    tables_.outbound.clear();
  }

 private:
  void stop_when_idle() {
    loop_.call_after(std::chrono::nanoseconds{1}, [this] {
      came_ |= socket_->connections() != 0;
      if (!came_ || socket_->connections() != 0) return stop_when_idle();
      came_ = false;
      loop_.stop();
    });
  }

  fuzz::Folder folder_;
  event::Loop loop_;
  FakeTables tables_;
  std::unique_ptr<SaManager> manager_;
  std::unique_ptr<SaSocket> socket_;
  bool came_ = false;
};

// Nothing that the dataplane says holds more than its own structures.
void check_replies(const UniqueFd& client) {
  alignas(8) uint8_t reply[1024];
  for (;;) {
    const ssize_t size = ::recv(client.get(), reply, sizeof(reply), MSG_DONTWAIT);
    if (size <= 0) return;
    raven_sa_header header;
    require(size >= ssize_t{sizeof(header)}, "a reply has a header");
    std::memcpy(&header, reply, sizeof(header));
    require(header.magic == RAVEN_SA_MAGIC && header.size == size, "and says how long it is");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static Server server;
  fuzz::Input input{data, size};
  const UniqueFd client = server.connect();
  for (int i = 0; i < kMessagesMax && !input.empty(); ++i) {
    const Bytes message = next_message(input);
    if (message.empty()) break;
    ::send(client.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  ::shutdown(client.get(), SHUT_WR);
  server.serve();
  check_replies(client);
  server.forget_sas();
  return 0;
}

}  // namespace raven::dataplane
