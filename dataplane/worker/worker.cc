// The worker's loop.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/worker.h"

#include <rte_cycles.h>

#include "dataplane/pipeline/pipeline.h"
#include "dataplane/worker/plain_packet.h"

namespace raven::dataplane {
namespace {

constexpr unsigned kDrainLoops = 1000;

ContextSetup with_library(ContextSetup setup, CipherLibrary& library) {
  setup.cipher_library = &library;
  return setup;
}

}  // namespace

Worker::Worker(
    ContextSetup setup, std::unique_ptr<CipherLibrary> library, IdleMode idle,
    Quiescence& quiescence
)
    : library_{std::move(library)},
      context_{with_library(setup, *library_)},
      mailbox_{*setup.mailboxes[setup.worker.value()]},
      quiescence_{quiescence},
      idle_{idle, setup.worker, setup.ports, mailbox_, quiescence} {}

void Worker::stop() {
  stop_.store(true, std::memory_order_relaxed);
  mailbox_.ring_bell();
}

void Worker::run() {
  idle_.prepare_thread();
  const WorkerId id = context_.setup.worker;
  WorkerCounters& counters = context_.counters;
  quiescence_.online(id);
  uint64_t last = rte_rdtsc();
  while (!stop_.load(std::memory_order_relaxed)) {
    const uint64_t begin = rte_rdtsc();  // not `last`: sleep lies between
    const uint32_t packets = run_once();
    const uint64_t end = rte_rdtsc();
    const uint64_t busy = packets > 0 ? end - begin : 0;
    counters.cycles_busy.add(busy);
    counters.cycles_idle.add(end - last - busy);
    last = end;
    quiescence_.quiescent(id);
    idle_.after(packets);
  }
  for (unsigned loop = 0; loop < kDrainLoops && run_once() > 0; ++loop) {
  }
  quiescence_.offline(id);
}

uint32_t Worker::run_once() {
  context_.load_tables();
  if (context_.reassembly.busy()) [[unlikely]]
    tend_fragments();
  uint32_t packets = 0;
  for (const std::unique_ptr<Port>& port : context_.setup.ports) packets += receive(*port);
  packets += take_mail();
  context_.counters.loops.add(1);
  context_.counters.packets.add(packets);
  return packets;
}

uint32_t Worker::receive(Port& port) {
  Lane& lane = context_.lane(Stage::kClassify);
  const uint16_t count = port.receive(context_.setup.worker.value(), lane.begin(), kBurst);
  if (count == 0) return 0;
  uint64_t bytes = 0;
  lane.count = 0;
  for (uint16_t i = 0; i < count; ++i) {
    rte_mbuf* packet = lane.packets[i];
    bytes += packet->pkt_len;
    if (!is_plain(packet)) [[unlikely]]
      packet = receive_copy(packet);
    if (packet != nullptr) [[likely]]
      lane.packets[lane.count++] = packet;
  }
  PortCounters& counters = context_.counters.ports[port.index().value()];
  counters.received.add(count);
  counters.received_bytes.add(bytes);
  context_.receive_port = &port;
  run_pipeline(context_);
  return count;
}

void Worker::tend_fragments() {
  context_.reassembly.expire(context_.counters, rte_rdtsc());
  context_.reassembly.release(context_.counters, context_.lane(Stage::kPunt));
  run_pipeline(context_);
}

// nullptr: dropped, here and not by a stage: a buffer of another pool has no room for Meta.
rte_mbuf* Worker::receive_copy(rte_mbuf* packet) {
  rte_mbuf* copy = copy_plain(packet, *context_.setup.pool);
  if (copy != nullptr) return copy;
  context_.counters.drops.add(Stage::kReceive, Drop::kSegments);
  rte_pktmbuf_free(packet);
  return nullptr;
}

uint32_t Worker::take_mail() {
  Lane& lane = context_.lane(Stage::kInbox);
  lane.count = static_cast<uint16_t>(mailbox_.receive(lane.begin(), kBurst));
  const uint32_t count = lane.count;
  if (count == 0) return 0;
  context_.counters.from_inbox.add(count);
  run_pipeline(context_);
  return count;
}

}  // namespace raven::dataplane
