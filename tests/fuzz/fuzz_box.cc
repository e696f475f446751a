// Runs and checks of FuzzBox.
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz_box.h"

#include <gtest/gtest.h>
#include <rte_cycles.h>
#include <sanitizer/asan_interface.h>

#include <map>

#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"
#include "dataplane/port/eal.h"
#include "tests/unit/dataplane/testing/eal_environment.h"

namespace raven::fuzz {
namespace {

using namespace dataplane;
using test::BenchOptions;

void start_eal() {
  static const auto* eal = new Result<std::unique_ptr<Eal>>{Eal::start(test::test_settings())};
  require(eal->ok(), "the EAL starts");
}

// Behind the first fragment the others are put together, and from the fragment stage on packets
// may grow; all other stages only look at what is there.
bool may_write_behind(Stage stage) {
  return stage >= Stage::kFragment || stage == Stage::kReassemble;
}

// Poisons the bytes behind each packet of a lane for as long as it lives.
class TailGuard {
 public:
  TailGuard(Stage stage, Lane& lane) {
    if (may_write_behind(stage)) return;
    for (rte_mbuf* packet : lane) {
      uint8_t* end = bytes_of(packet) + packet->data_len;
      uint8_t* buffer_end = static_cast<uint8_t*>(packet->buf_addr) + packet->buf_len;
      tails_[count_++] = {end, static_cast<std::size_t>(buffer_end - end)};
      ASAN_POISON_MEMORY_REGION(end, static_cast<std::size_t>(buffer_end - end));
    }
  }
  ~TailGuard() {
    for (std::size_t i = 0; i < count_; ++i)
      ASAN_UNPOISON_MEMORY_REGION(tails_[i].first, tails_[i].second);
  }
  TailGuard(const TailGuard&) = delete;
  TailGuard& operator=(const TailGuard&) = delete;

 private:
  std::array<std::pair<uint8_t*, std::size_t>, kBurst> tails_;
  std::size_t count_ = 0;
};

void check_ip(const Bytes& packet) {
  IpView view;
  const auto size = static_cast<uint32_t>(packet.size());
  const IpVerdict verdict = parse_ip(packet.data(), size, view);
  require(verdict == IpVerdict::kOk, "what leaves is a well-formed packet");
  require(view.size == packet.size(), "and as long as it says");
}

bool starts_with(const Bytes& bytes, std::size_t offset, std::initializer_list<uint8_t> start) {
  return bytes.size() >= offset + start.size() &&
         std::equal(start.begin(), start.end(), bytes.begin() + static_cast<long>(offset));
}

// Plain packets to the pools B and C and to the prefix that leads nowhere (box_bench.h).
void check_is_no_leak(const Bytes& frame) {
  const bool v4 = starts_with(frame, 12, {0x08, 0x00}) && frame.size() >= 34;
  const bool v6 = starts_with(frame, 12, {0x86, 0xdd}) && frame.size() >= 54;
  for (const uint8_t pool : Bytes{2, 3, 4})
    require(!v4 || !starts_with(frame, 30, {10, pool}), "nothing for a pool leaves in clear");
  require(!v6 || !starts_with(frame, 38, {0xfd, 0, 0, 2}), "nothing for a pool leaves in clear");
}

// ESP to the far end, in UDP or not.
bool is_tunnel_frame(const Bytes& frame) {
  return starts_with(frame, 12, {0x08, 0x00}) && starts_with(frame, 30, {198, 51, 100, 2});
}

}  // namespace

FuzzBox& FuzzBox::with(const BenchOptions& options) {
  start_eal();
  // Failed expectations of the bench end the run like ours.
  GTEST_FLAG_SET(break_on_failure, true);
  using Key = std::tuple<bool, bool, bool, bool, uint16_t>;
  static auto& boxes = *new std::map<Key, FuzzBox*>;
  FuzzBox*& box = boxes[{
      options.owned, options.one_port, options.udp_encapsulated, options.with_outbound_sa,
      options.path_mtu}];
  if (box == nullptr) box = new FuzzBox{options};
  return *box;
}

FuzzBox::FuzzBox(const BenchOptions& options)
    : bench_{options}, buffers_at_start_{bench_.pool().available()} {
  // Its input decides what a run does, not the time: of a clock of 1 Hz each cycle is a second.
  IcmpLimit& limit = bench_.context().icmp_limit;
  std::destroy_at(&limit);
  std::construct_at(&limit, 1u, uint64_t{1});
}

void FuzzBox::put_frame(Port& port, const Bytes& frame) {
  Context& context = bench_.context();
  context.load_tables();
  context.receive_port = &port;
  context.lane(Stage::kClassify).push(test::make_packet(bench_.pool(), frame));
  context.counters.ports[port.index().value()].received.add(1);
}

void FuzzBox::put_from_kernel(const Bytes& ip) {
  Context& context = bench_.context();
  context.load_tables();
  rte_mbuf* packet = test::make_packet(bench_.pool(), ip);
  meta(packet).entry = Entry::kKernelIp;
  meta(packet).port = kRaven0Port;
  context.lane(Stage::kInbox).push(packet);
  context.counters.from_inbox.add(1);
}

void FuzzBox::put_from_tap(Port& port, const Bytes& frame) {
  Context& context = bench_.context();
  context.load_tables();
  rte_mbuf* packet = test::make_packet(bench_.pool(), frame);
  meta(packet).entry = Entry::kKernelFrame;
  meta(packet).port = port.index();
  context.lane(Stage::kInbox).push(packet);
  context.counters.from_inbox.add(1);
  tap_was_used_ = true;
}

void FuzzBox::run_stage(Stage stage) {
  Context& context = bench_.context();
  Lane& lane = context.lane(stage);
  if (lane.empty()) return;
  {
    const TailGuard guard{stage, lane};
    dataplane::run_stage(context, stage);
  }
}

bool FuzzBox::waits_at(Stage stage) {
  return !bench_.context().lane(stage).empty();
}

void FuzzBox::run_stages() {
  Context& context = bench_.context();
  do {
    for (std::size_t i = 0; i < kStageCount; ++i) run_stage(static_cast<Stage>(i));
    std::swap(context.lane(Stage::kRoute), context.held_for_route);
    std::swap(context.lane(Stage::kFragment), context.held_for_fragment);
  } while (waits_at(Stage::kRoute) || waits_at(Stage::kFragment));
  require(context.counters.entered() == context.counters.left(), "every packet ends once");
}

FuzzBox::Output FuzzBox::run() {
  run_stages();
  return collect();
}

void FuzzBox::settle() {
  Context& context = bench_.context();
  context.reassembly.release(context.counters, context.lane(Stage::kPunt));
  run();
  context.reassembly.expire(context.counters, rte_rdtsc() + 10 * rte_get_tsc_hz());
  run();
  for (const std::unique_ptr<Mailbox>& mailbox : bench_.mailboxes())
    for (rte_mbuf* packet; mailbox->receive(&packet, 1) == 1;) rte_pktmbuf_free(packet);
  require(!context.reassembly.busy(), "nothing is held for ever");
  require(bench_.pool().available() == buffers_at_start_, "every buffer is back");
}

FuzzBox::Output FuzzBox::collect() {
  Output output;
  const bool kernel_sent = std::exchange(tap_was_used_, false);
  for (Port* port : {&bench_.wan(), &bench_.lan()})
    for (const Bytes& frame : bench_.sent(*port)) {
      check_is_no_leak(frame);
      if (!kernel_sent) take_frame(*port, frame, output);
    }
  for (test::BoxBench::ToKernel& packet : bench_.to_kernel()) {
    if (packet.port != kRaven0Port) continue;
    check_ip(packet.packet);
    output.kernel.push_back(std::move(packet.packet));
  }
  return output;
}

void FuzzBox::take_frame(Port& port, const Bytes& frame, Output& output) {
  require(frame.size() >= 34, "a frame has headers");
  const Bytes ip{frame.begin() + 14, frame.end()};
  check_ip(ip);
  if (!is_tunnel_frame(frame)) {
    require(port.has_lan_role(), "the WAN sees nothing but ESP");
    output.lan.push_back(ip);
    return;
  }
  output.tunnel.push_back(bench_.open(frame));
  require(!output.tunnel.back().empty(), "the far end can open what it is sent");
  check_ip(output.tunnel.back());
}

uint64_t FuzzBox::errors_made() const {
  return const_cast<FuzzBox*>(this)->bench_.context().counters.generated.value();
}

void repair_ipv4_checksum(Bytes& bytes, std::size_t offset) {
  if (bytes.size() < offset + 20) return;
  const std::size_t size = (bytes[offset] & 15u) * 4u;
  if (bytes[offset] >> 4 != 4 || size < 20 || bytes.size() < offset + size) return;
  test::set_u16(bytes, offset + 10, 0);
  test::set_u16(bytes, offset + 10, test::internet_checksum(test::slice(bytes, offset, size)));
}

}  // namespace raven::fuzz
