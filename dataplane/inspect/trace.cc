// Stories of packets: begun at the two entrances, told at an end.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/trace.h"

#include <rte_cycles.h>

#include <algorithm>
#include <cstring>

#include "dataplane/packet/mbuf.h"

namespace raven::dataplane {
namespace {

constexpr std::size_t kRingBytes = 1 << 20;  // of each worker: some hundred stories
constexpr unsigned kSlotsPerWorker = 512;    // a burst, what is held, what lies in mailboxes
constexpr unsigned kSlotTriesMax = 8;

uint32_t next_session() {
  static std::atomic<uint32_t> last{0};
  uint32_t session;
  do session = last.fetch_add(1, std::memory_order_relaxed) + 1;
  while (session == 0);
  return session;
}

std::size_t bytes_used(const Story& story) {
  return offsetof(Story, steps) + story.step_count * sizeof(Step);
}

// The worker that owns the SA and will take the packet over; kNoWorker: this one, or nobody.
WorkerId owner_of(const Context& context, Stage stage, const Meta& info, const Headers& headers) {
  WorkerId owner = kNoWorker;
  if (stage == Stage::kEspIn) {
    const SadEntry* entry = context.sad->find(headers.spi);
    if (entry != nullptr) owner = entry->worker;
  } else if (encrypts(stage)) {
    const PeerSlot& peer = context.setup.tables->peers[info.peer];
    if (peer.outbound[context.setup.worker.value()].load(std::memory_order_acquire) == nullptr)
      owner = peer.fallback_worker.load(std::memory_order_acquire);
  }
  return owner == context.setup.worker ? kNoWorker : owner;
}

bool hands_over(Stage stage) {
  return stage == Stage::kEspIn || encrypts(stage);
}

// What became of a packet that the stage gave away.
std::optional<Way> end_of(Stage stage) {
  if (stage == Stage::kTransmit) return Way::kSent;
  if (stage == Stage::kRaven0) return Way::kToKernel;
  if (stage == Stage::kPunt) return Way::kPunted;
  if (stage == Stage::kReassemble) return Way::kWaits;
  return std::nullopt;
}

// What `stage` wrote into the Meta of a packet that is now in the lane of `to`.
void note_decision(Step& step, const Meta& info, Stage to) {
  switch (step.stage) {
    case Stage::kClassify:
      step.port = info.port;
      break;
    case Stage::kEspIn:
      if (to == Stage::kRoute || to == Stage::kProbe) step.peer = info.peer;
      break;
    case Stage::kRoute:
      step.target = info.target;
      if (to == Stage::kPunt || to == Stage::kDrop || to == Stage::kRoute) break;
      step.mtu = info.mtu;
      if (info.target.kind == TargetKind::kRemotePool) step.peer = info.peer;
      if (info.target.kind == TargetKind::kLocalNode) step.adjacency = info.adjacency;
      break;
    case Stage::kEspOut:
    case Stage::kEspFragment:
      step.peer = info.peer;
      if (to == Stage::kNeighbour) step.adjacency = info.adjacency;
      break;
    case Stage::kVxlanOut:
      step.target = info.target;
      step.adjacency = info.adjacency;
      break;
    case Stage::kNeighbour:
      step.adjacency = info.adjacency;
      if (to == Stage::kTransmit) step.port = info.port;
      break;
    default:
      break;
  }
}

}  // namespace

void Story::begin(uint64_t number) {
  id = number;
  parent_id = 0;
  ingress = PortIndex{kNoIndex};
  from_mailbox = reassembled = false;
  seen = 0;
  step_count = steps_lost = 0;
}

Step* Story::add_step() {
  if (step_count >= kStepsMax) {
    steps_lost = static_cast<uint8_t>(std::min(steps_lost + 1, 255));
    return nullptr;
  }
  steps[step_count] = {};
  return &steps[step_count++];
}

Trace::Desk::Desk(unsigned number)
    : ring{kRingBytes}, next_id{(static_cast<uint64_t>(number) << 48) + 1} {}

Trace::Trace(const Filter& filter, uint64_t packets, unsigned workers)
    : filter_{filter},
      session_{next_session()},
      left_{static_cast<int64_t>(packets)},
      slots_(workers * std::size_t{kSlotsPerWorker}) {
  for (unsigned worker = 0; worker < workers; ++worker) desks_.emplace_back(worker);
}

void Trace::before(const Context& context, const StageRun& run) {
  if (run.stage() == Stage::kDrop) return;
  Desk& desk = desks_[context.setup.worker.value()];
  const auto packets = run.packets();
  for (std::size_t i = 0; i < packets.size(); ++i) {
    Slot* slot = slot_of(desk, context, run, packets[i]);
    desk.open[i] = slot;
    desk.steps[i] = slot == nullptr ? nullptr : record(context, run, packets[i], slot->story);
    if (end_of(run.stage())) mark(packets[i], nullptr);  // after() cannot, unless it comes back
  }
}

Trace::Slot* Trace::slot_of(
    Desk& desk, const Context& context, const StageRun& run, rte_mbuf* packet
) {
  const Meta& info = meta(packet);
  if (run.stage() == Stage::kClassify) return begin(desk, context, run, packet);
  Slot* known = known_slot(info);
  if (run.stage() != Stage::kInbox) return known;
  const bool handed_over = info.entry == Entry::kEspIn || info.entry == Entry::kEspOut;
  return handed_over && known != nullptr ? known : begin(desk, context, run, packet);
}

Trace::Slot* Trace::known_slot(const Meta& info) {
  if (info.trace_session != session_ || info.trace_slot >= slots_.size()) return nullptr;
  return &slots_[info.trace_slot];
}

Trace::Slot* Trace::begin(
    Desk& desk, const Context& context, const StageRun& run, rte_mbuf* packet
) {
  Slot* slot = take_slot(desk, context, packet);
  if (slot == nullptr) return nullptr;
  const Meta& info = meta(packet);
  Story& story = slot->story;
  story.from_mailbox = run.stage() == Stage::kInbox;
  story.reassembled = run.stage() == Stage::kReassemble;
  if (run.stage() == Stage::kClassify)
    story.ingress = context.receive_port->index();
  else if (story.reassembled || info.entry == Entry::kKernelIp || info.entry == Entry::kKernelFrame)
    story.ingress = info.port;
  story.entry = info.entry;
  story.seen = filter_.of_ingress(story.ingress);
  return slot;
}

// Marks the packet as the slot's, or as nobody's.
Trace::Slot* Trace::take_slot(Desk& desk, const Context& context, rte_mbuf* packet) {
  mark(packet, nullptr);
  if (done()) return nullptr;
  const uint32_t first = context.setup.worker.value() * kSlotsPerWorker;
  for (unsigned tries = 0; tries < kSlotTriesMax; ++tries) {
    Slot& slot = slots_[first + desk.cursor++ % kSlotsPerWorker];
    if (slot.taken.load(std::memory_order_acquire)) continue;
    slot.taken.store(true, std::memory_order_relaxed);
    slot.story.begin(desk.next_id++);
    mark(packet, &slot);
    desk.followed.add(1);
    return &slot;
  }
  desk.lost.add(1);
  return nullptr;
}

void Trace::mark(rte_mbuf* packet, const Slot* slot) const {
  Meta& info = meta(packet);
  info.trace_session = slot == nullptr ? 0 : session_;
  if (slot != nullptr) info.trace_slot = static_cast<uint32_t>(slot - slots_.data());
}

// Once given away, packet and story belong to somebody else: what can be said is said now.
Step* Trace::record(const Context& context, const StageRun& run, rte_mbuf* packet, Story& story) {
  const Meta& info = meta(packet);
  const Layer layer = run.layer_of(packet);
  const Headers headers = read_headers(bytes_of(packet), packet->data_len, layer);
  story.seen |= filter_.of_headers(headers);
  if (encrypts(run.stage())) story.seen |= filter_.of_peer(info.peer);
  Step* step = story.add_step();
  if (step == nullptr) return nullptr;
  step->tsc = rte_rdtsc();
  step->stage = run.stage();
  step->worker = context.setup.worker;
  step->size = packet->data_len;
  step->layer = layer;
  step->headers = headers;
  step->byte_count =
      static_cast<uint8_t>(std::min<std::size_t>(packet->data_len, step->bytes.size()));
  std::memcpy(step->bytes.data(), bytes_of(packet), step->byte_count);
  if (run.stage() == Stage::kTransmit || run.stage() == Stage::kPunt) step->port = info.port;
  if (hands_over(run.stage())) {
    step->way = Way::kHandedOver;
    step->next_worker = owner_of(context, run.stage(), info, headers);
  }
  return step;
}

void Trace::after(const Context& context, const StageRun& run) {
  if (run.stage() == Stage::kDrop) return;
  Desk& desk = desks_[context.setup.worker.value()];
  for (std::size_t i = 0; i < run.packets().size(); ++i)
    if (desk.open[i] != nullptr) follow(desk, run, i);
  for (const StageRun::Made& made : run.made()) begin_made(desk, context, run, made);
}

void Trace::follow(Desk& desk, const StageRun& run, std::size_t i) {
  Slot& slot = *desk.open[i];
  Step* step = desk.steps[i];
  const std::optional<Stage> to = run.went_to(i);
  if (!to) {
    if (hands_over(run.stage())) return;  // slot and step are the other worker's
    if (step != nullptr) step->way = end_of(run.stage()).value_or(Way::kSent);
    return end(desk, slot);
  }
  const Meta& info = meta(run.packets()[i]);
  const bool held = *to <= run.stage();
  const bool answered = held && *to == Stage::kRoute;
  if (step != nullptr) {
    step->next = *to;
    step->way = answered ? Way::kAnswered : held ? Way::kHeld : Way::kNext;
    note_decision(*step, info, *to);
    if (step->peer != kNoPeer) slot.story.seen |= filter_.of_peer(step->peer);
  }
  if (answered || *to == Stage::kDrop) {
    slot.story.seen |= filter_.of_drop(info.drop);
    if (step != nullptr) step->drop = info.drop;
  }
  if (*to != Stage::kDrop) return mark(run.packets()[i], &slot);
  if (step != nullptr) step->way = Way::kDropped;
  mark(run.packets()[i], nullptr);
  end(desk, slot);
}

void Trace::begin_made(
    Desk& desk, const Context& context, const StageRun& run, const StageRun::Made& made
) {
  mark(made.packet, nullptr);  // its Meta is a copy, or old
  if (made.to == Stage::kDrop) return;
  if (run.stage() == Stage::kReassemble) {
    begin(desk, context, run, made.packet);
    return;
  }
  const Slot* parent = desk.open[made.from];
  Slot* slot = parent == nullptr ? nullptr : take_slot(desk, context, made.packet);
  if (slot == nullptr) return;
  slot->story.parent_id = parent->story.id;
  slot->story.ingress = parent->story.ingress;
  slot->story.entry = parent->story.entry;
  slot->story.from_mailbox = parent->story.from_mailbox;
  slot->story.seen = parent->story.seen;
}

void Trace::end(Desk& desk, Slot& slot) {
  const Filter::Bits wanted = filter_.wanted();
  if ((slot.story.seen & wanted) == wanted) {
    const bool one_of_the_next = left_.fetch_sub(1, std::memory_order_relaxed) > 0;
    const bool told = one_of_the_next && tell(desk, slot.story);
    if (!told) left_.fetch_add(1, std::memory_order_relaxed);
    if (one_of_the_next && !told) desk.lost.add(1);
  }
  slot.taken.store(false, std::memory_order_release);
}

bool Trace::tell(Desk& desk, const Story& story) {
  const auto size = static_cast<uint32_t>(bytes_used(story));
  uint8_t* record = desk.ring.reserve(size);
  if (record == nullptr) return false;
  std::memcpy(record, static_cast<const void*>(&story), size);
  desk.ring.publish();
  return true;
}

bool Trace::read(Story& story) {
  const auto copy = [&story](std::span<const uint8_t> record) {
    std::memcpy(static_cast<void*>(&story), record.data(), record.size());
  };
  return std::ranges::any_of(desks_, [&](Desk& desk) { return desk.ring.read(copy); });
}

uint64_t Trace::lost() const {
  uint64_t sum = 0;
  for (const Desk& desk : desks_) sum += desk.lost.value();
  return sum;
}

uint64_t Trace::followed() const {
  uint64_t sum = 0;
  for (const Desk& desk : desks_) sum += desk.followed.value();
  return sum;
}

}  // namespace raven::dataplane
