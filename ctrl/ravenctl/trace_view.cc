// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ravenctl/trace_view.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "ctrl/ravenctl/table.h"

namespace raven::ctl {
namespace {

using dpapi::v1::TracedPacket;
using dpapi::v1::TraceStep;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// What the stage found out.
std::string findings(const TraceStep& step) {
  std::vector<std::string> words;
  if (!step.target().empty()) words.push_back(step.target());
  if (!step.peer().empty()) words.push_back("peer " + step.peer());
  if (step.mtu() != 0) words.push_back(fmt::format("mtu {}", step.mtu()));
  if (!step.next_hop().empty()) words.push_back("next hop " + step.next_hop());
  return joined(words);
}

// Where the packet went from there.
std::string way(const TraceStep& step) {
  if (step.way() == "next") return step.next();
  if (step.way() == "held") return step.next() + " (next pass)";
  if (step.way() == "answered")
    return fmt::format("DROP {}, ICMP error to {}", step.drop_reason(), step.next());
  if (step.way() == "handed-over") return "handed over to " + step.next();
  if (step.way() == "dropped") return "DROP " + step.drop_reason();
  if (step.way() == "sent") return "sent by port " + step.port();
  if (step.way() == "to-kernel") return "to the kernel";
  if (step.way() == "punted") return "left to the kernel, port " + step.port();
  return "waits for the other fragments";
}

std::string hex(const std::string& bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % 16 == 0) text += fmt::format("{}    {:04x} ", i == 0 ? "" : "\n", i);
    text += fmt::format(" {:02x}", static_cast<unsigned char>(bytes[i]));
  }
  return text + "\n";
}

std::string verdict(const TracedPacket& packet) {
  if (packet.steps().empty()) return "unknown";
  return way(packet.steps(packet.steps_size() - 1));
}

}  // namespace

std::string time_text(int64_t ns) {
  const auto seconds = static_cast<std::time_t>(ns / 1'000'000'000);
  return fmt::format(
      "{:%Y-%m-%d %H:%M:%S}.{:06}", fmt::localtime(seconds), ns % 1'000'000'000 / 1000
  );
}

std::string trace_text(const TracedPacket& packet, uint64_t number, bool with_bytes) {
  std::string text = fmt::format(
      "packet {}: in by {}, {}", number, packet.entrance(), time_text(packet.time_ns())
  );
  if (packet.parent_id() != 0) text += ", a fragment of the one before";
  text += "\n";
  Table table{{"AFTER_US", "WORKER", "STAGE", "BYTES", "PACKET", "FOUND", "THEN"}};
  std::string last;
  for (const TraceStep& step : packet.steps()) {
    const bool same = step.packet() == last;
    last = step.packet();
    table.add(
        {fmt::format("{:.2f}", static_cast<double>(step.offset_ns()) / 1000),
         std::to_string(step.worker()), step.stage(), std::to_string(step.size()),
         same ? "\"" : step.packet(), findings(step), way(step)}
    );
  }
  text += table.text();
  if (packet.steps_lost() != 0)
    text += fmt::format("{} more steps were not recorded\n", packet.steps_lost());
  if (with_bytes) {
    for (const TraceStep& step : packet.steps())
      text += fmt::format("  bytes at {}:\n{}", step.stage(), hex(step.header()));
  }
  return text + "verdict: " + verdict(packet) + "\n";
}

}  // namespace raven::ctl
