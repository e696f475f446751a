// Building, starting and stopping of the packet path.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/packet_path.h"

#include <fmt/format.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include <algorithm>

#include "dataplane/port/kernel_bridge.h"
#include "dataplane/worker/probe_request.h"
#include "dataplane/worker/worker.h"

namespace raven::dataplane {
namespace {

constexpr unsigned kMailboxSize = 2048;
constexpr unsigned kEthernetOverhead = 14 + 4 + 4;  // header, VLAN tag, FCS

// Worker w runs on lcore w + 1, see eal.h.
unsigned lcore_of(std::size_t worker) {
  return static_cast<unsigned>(worker) + 1;
}

int run_worker(void* worker) {
  static_cast<Worker*>(worker)->run();
  return 0;
}

// af_packet and others refuse buffers below their frame size, 2048 unless told otherwise.
unsigned frame_bytes_max(const std::vector<PortSettings>& ports) {
  unsigned bytes = 2048;
  for (const PortSettings& port : ports) bytes = std::max(bytes, port.mtu + kEthernetOverhead);
  return bytes;
}

}  // namespace

Result<std::unique_ptr<PacketPath>> PacketPath::create(const Settings& settings) {
  if (settings.ports.size() > kPortsMax) {
    return Error{
        ErrorCode::kInvalid,
        fmt::format("ports: {} given, at most {} are possible", settings.ports.size(), kPortsMax)};
  }
  std::unique_ptr<PacketPath> path{new PacketPath};
  path->settings_ = settings;
  RAVEN_ASSIGN(
      path->pool_,
      PacketPool::create("packets", settings.memory.packet_buffers, frame_bytes_max(settings.ports))
  );
  RAVEN_ASSIGN(path->bridge_, KernelBridge::create(*path->pool_));
  RAVEN_TRY(path->open_ports());
  RAVEN_ASSIGN(path->quiescence_, Quiescence::create(settings.workers.count));
  path->tables_ = std::make_unique<Tables>(settings.tables);
  path->writer_ = std::make_unique<TableWriter>(*path->tables_, *path->quiescence_);
  RAVEN_TRY(path->make_workers());
  return path;
}

Status PacketPath::open_ports() {
  for (const PortSettings& port : settings_.ports) {
    const PortIndex index{static_cast<uint16_t>(ports_.size())};
    RAVEN_ASSIGN(
        std::unique_ptr<Port> opened, Port::open(port, index, settings_.workers.count, *pool_)
    );
    if (!opened->is_shared()) {
      RAVEN_ASSIGN(
          TunDevice tap, TunDevice::open_tap(port.kernel_interface, opened->mac(), port.mtu)
      );
      bridge_->add(index, std::move(tap));
    }
    ports_.push_back(std::move(opened));
  }
  RAVEN_ASSIGN(TunDevice raven0, TunDevice::open_tun(settings_.raven0.name, settings_.raven0.mtu));
  bridge_->add(kRaven0Port, std::move(raven0));
  return {};
}

Status PacketPath::make_workers() {
  const uint32_t count = settings_.workers.count;
  for (uint32_t worker = 0; worker < count; ++worker) {
    RAVEN_ASSIGN(
        std::unique_ptr<Mailbox> mailbox,
        Mailbox::create(fmt::format("mailbox_{}", worker), kMailboxSize)
    );
    mailbox_list_.push_back(mailbox.get());
    mailboxes_.push_back(std::move(mailbox));
  }
  for (uint32_t worker = 0; worker < count; ++worker) {
    // Control, which rarely uses it, is no rival: the first worker needs no copy.
    RAVEN_ASSIGN(
        std::unique_ptr<CipherLibrary> library,
        worker == 0 ? CipherLibrary::create_linked() : CipherLibrary::create()
    );
    ContextSetup setup;
    setup.worker = WorkerId{static_cast<uint16_t>(worker)};
    setup.worker_count = static_cast<uint16_t>(count);
    setup.tables = tables_.get();
    setup.pool = pool_.get();
    setup.ports = ports_;
    setup.mailboxes = mailbox_list_;
    setup.kernel = &bridge_->mailbox();
    setup.inspection = &inspection_;
    workers_.push_back(
        std::make_unique<Worker>(setup, std::move(library), settings_.workers.idle, *quiescence_)
    );
  }
  return {};
}

Status PacketPath::start() {
  for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
    const int result = rte_eal_remote_launch(run_worker, workers_[worker].get(), lcore_of(worker));
    if (result != 0) {
      stop();
      return errno_error(fmt::format("start worker {}", worker), -result);
    }
    running_ = true;
  }
  bridge_->start(mailbox_list_);
  return {};
}

void PacketPath::stop() {
  if (!running_) return;
  bridge_->stop();
  for (const std::unique_ptr<Worker>& worker : workers_) worker->stop();
  for (std::size_t worker = 0; worker < workers_.size(); ++worker)
    rte_eal_wait_lcore(lcore_of(worker));
  running_ = false;
}

PacketPath::~PacketPath() {
  stop();
}

const WorkerCounters& PacketPath::counters(WorkerId worker) const {
  return workers_[worker.value()]->counters();
}

std::vector<const WorkerCounters*> PacketPath::counters() const {
  std::vector<const WorkerCounters*> all;
  for (const std::unique_ptr<Worker>& worker : workers_) all.push_back(&worker->counters());
  return all;
}

unsigned PacketPath::cpu_of(WorkerId worker) const {
  return static_cast<unsigned>(rte_lcore_to_cpu_id(static_cast<int>(lcore_of(worker.value()))));
}

uint64_t PacketPath::kernel_overruns() const {
  return bridge_->counters().overruns.value();
}

uint64_t PacketPath::kernel_refused() const {
  return bridge_->counters().write_errors.value();
}

std::optional<MovedPeer> PacketPath::take_moved_peer() {
  for (const std::unique_ptr<Worker>& worker : workers_)
    if (std::optional<MovedPeer> moved = worker->moved_peers().take()) return moved;
  return std::nullopt;
}

std::optional<TooBig> PacketPath::take_too_big() {
  for (const std::unique_ptr<Worker>& worker : workers_)
    if (std::optional<TooBig> report = worker->too_bigs().take()) return report;
  return std::nullopt;
}

void PacketPath::inspect(std::shared_ptr<Trace> trace, std::shared_ptr<Capture> capture) {
  std::unique_ptr<const Inspection> next;
  if (trace || capture)
    next = std::make_unique<const Inspection>(std::move(trace), std::move(capture));
  inspection_.publish(std::move(next), *quiescence_);
}

template <class Write>
ProbeSend PacketPath::send_request(PeerIndex peer, const Write& write) {
  const PeerSlot& slot = tables_->peers[peer];
  const WorkerId owner = slot.fallback_worker.load(std::memory_order_acquire);
  if (owner.value() >= workers_.size()) return ProbeSend::kNoKeys;
  if (rte_mbuf* packet = pool_->take(); packet != nullptr) {
    write(packet, slot.tunnel_id.load(std::memory_order_relaxed));
    if (mailbox_list_[owner.value()]->send(packet)) return ProbeSend::kSent;
    rte_pktmbuf_free(packet);
  }
  probes_refused_.add(1);
  return ProbeSend::kRefused;
}

ProbeSend PacketPath::send_probe(PeerIndex peer, uint32_t sequence) {
  return send_request(peer, [&](rte_mbuf* packet, uint32_t tunnel_id) {
    write_probe_request(packet, peer, tunnel_id, sequence);
  });
}

ProbeSend PacketPath::send_padded_probe(PeerIndex peer, uint16_t outer_size, uint32_t inner_size) {
  return send_request(peer, [&](rte_mbuf* packet, uint32_t tunnel_id) {
    write_padded_probe_request(packet, peer, tunnel_id, outer_size, inner_size);
  });
}

}  // namespace raven::dataplane
