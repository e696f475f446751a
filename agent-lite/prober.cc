// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/prober.h"

#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/log.h"
#include "common/wire/probe.h"
#include "common/wire/raven.h"

namespace raven::agent_lite {
namespace {

constexpr uint8_t kProbeVersion = 1;

uint64_t random_start() {
  uint64_t value = 0;
  // Never shorter than asked for below 256 bytes once the system has booted.
  if (::getrandom(&value, sizeof value, 0) != sizeof value) value = 1;
  return value >> 1;  // room to count without wrapping
}

socklen_t fill(const IpAddress& address, uint16_t port, sockaddr_storage& out) {
  out = {};
  if (address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out);
    v4->sin_family = AF_INET;
    v4->sin_port = Be16::from_host(port).raw();
    std::memcpy(&v4->sin_addr, address.bytes().data(), 4);
    return sizeof *v4;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = Be16::from_host(port).raw();
  std::memcpy(&v6->sin6_addr, address.bytes().data(), 16);
  return sizeof *v6;
}

IpAddress address_of(const sockaddr_storage& from) {
  if (from.ss_family == AF_INET)
    return IpAddress::v4_bytes(&reinterpret_cast<const sockaddr_in*>(&from)->sin_addr);
  return IpAddress::v6_bytes(&reinterpret_cast<const sockaddr_in6*>(&from)->sin6_addr);
}

uint16_t port_of(const sockaddr_storage& from) {
  const uint16_t raw = from.ss_family == AF_INET
                           ? reinterpret_cast<const sockaddr_in*>(&from)->sin_port
                           : reinterpret_cast<const sockaddr_in6*>(&from)->sin6_port;
  return host_to_big(raw);
}

}  // namespace

Prober::Prober(
    event::Loop& loop, const ProbeSettings& settings, Metrics& metrics,
    std::function<void()> changed
)
    : loop_{loop},
      metrics_{metrics},
      changed_{std::move(changed)},
      loss_max_{settings.loss_max},
      selector_{{settings.loss_max, std::chrono::milliseconds{settings.switch_back_delay_ms}}},
      sequence_{random_start()},
      timer_{
          loop.call_every(std::chrono::milliseconds{settings.interval_ms}, [this] { round(); })} {}

Prober::~Prober() {
  loop_.cancel(timer_);
  for (const auto& [family, fd] : sockets_) loop_.remove_reader(fd.get());
}

void Prober::set_targets(std::vector<Target> targets) {
  if (targets == targets_) return;
  std::vector<std::string> names;
  for (const Target& target : targets) {
    names.push_back(target.name);
    // A gateway with another address is another one to us.
    const auto before = std::ranges::find(targets_, target.name, &Target::name);
    if (before != targets_.end() && before->address != target.address) probes_.erase(target.name);
  }
  targets_ = std::move(targets);
  std::erase_if(probes_, [&](const auto& entry) {
    return std::ranges::find(names, entry.first) == names.end();
  });
  selector_.set_gateways(names);
  selector_.choose(BootClock::now());
  export_states();
}

void Prober::round() {
  for (const auto& [family, fd] : sockets_) receive(fd.get());
  for (const Target& target : targets_) {
    selector_.on_probe_sent(target.name);
    send(target);
  }
  choose();
}

void Prober::send(const Target& target) {
  const auto fd = socket_for(target.address.family());
  if (!fd.ok()) return log::warning("probe", "{}", fd.error().message);
  Probe& probe = probes_[target.name];
  probe.sequence = ++sequence_;
  probe.sent_at = BootClock::now();
  ProbePayload payload{};
  payload.magic = Be32::from_host(kProbeMagic);
  payload.version = kProbeVersion;
  payload.type = static_cast<uint8_t>(ProbeType::kRequest);
  payload.sequence = Be64::from_host(probe.sequence);
  sockaddr_storage to;
  const socklen_t to_size = fill(target.address, kProbePort, to);
  metrics_.add(Metric::kProbesSent, {target.name});
  // A probe that cannot be sent stays unanswered, which is what counts.
  (void)::sendto(*fd, &payload, sizeof payload, 0, reinterpret_cast<sockaddr*>(&to), to_size);
}

void Prober::receive(int fd) {
  for (;;) {
    std::array<uint8_t, sizeof(ProbePayload)> payload;
    sockaddr_storage from{};
    socklen_t from_size = sizeof from;
    const ssize_t size = ::recvfrom(
        fd, payload.data(), payload.size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&from),
        &from_size
    );
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return;
    if (port_of(from) != kProbePort ||
        !accept(payload.data(), static_cast<std::size_t>(size), address_of(from)))
      metrics_.add(Metric::kProbesRefused);
  }
}

bool Prober::accept(const void* bytes, std::size_t size, const IpAddress& sender) {
  const Target* target = target_at(sender);
  if (target == nullptr || size != sizeof(ProbePayload)) return false;
  ProbePayload payload;
  std::memcpy(&payload, bytes, sizeof payload);
  Probe& probe = probes_[target->name];
  const uint64_t sequence = payload.sequence.host();
  // Sequence numbers are shared by all targets: a recent one is at most loss_max rounds old.
  const uint64_t span = uint64_t{loss_max_} * targets_.size();
  if (payload.magic.host() != kProbeMagic || payload.version != kProbeVersion ||
      payload.type != static_cast<uint8_t>(ProbeType::kReply) || sequence > probe.sequence ||
      sequence + span < probe.sequence || sequence <= probe.answered)
    return false;
  const Instant now = BootClock::now();
  probe.answered = sequence;
  metrics_.add(Metric::kProbesAnswered, {target->name});
  if (sequence == probe.sequence)
    metrics_.set(
        Metric::kProbeRoundTrip, {target->name},
        std::chrono::duration<double>(now - probe.sent_at).count()
    );
  selector_.on_answer(target->name, (payload.flags & kProbeFlagForwarding) != 0, now);
  return true;
}

const Prober::Target* Prober::target_at(const IpAddress& address) const {
  const auto found = std::ranges::find(targets_, address, &Target::address);
  return found == targets_.end() ? nullptr : &*found;
}

void Prober::choose() {
  const auto before = selector_.current();
  const auto now = selector_.choose(BootClock::now());
  export_states();
  if (before == now) return;
  log::warning("probe", "gateway {} instead of {}", now.value_or("none"), before.value_or("none"));
  if (before && now) metrics_.add(Metric::kGatewaySwitches);
  changed_();
}

void Prober::export_states() {
  metrics_.clear(Metric::kGatewayUp);
  metrics_.clear(Metric::kGatewaySelected);
  for (const std::string& name : selector_.names()) {
    const bool up = selector_.state(name) == Selector::State::kUp;
    metrics_.set(Metric::kGatewayUp, {name}, up ? 1 : 0);
    metrics_.set(Metric::kGatewaySelected, {name}, selector_.current() == name ? 1 : 0);
  }
}

Result<int> Prober::socket_for(IpFamily family) {
  UniqueFd& fd = sockets_[family];
  if (fd) return fd.get();
  const int domain = family == IpFamily::kV4 ? AF_INET : AF_INET6;
  fd = UniqueFd{::socket(domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return errno_error("open the probe socket", errno);
  loop_.add_reader(fd.get(), [this, descriptor = fd.get()] {
    receive(descriptor);
    choose();
  });
  return fd.get();
}

}  // namespace raven::agent_lite
