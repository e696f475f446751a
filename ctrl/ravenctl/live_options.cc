// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ravenctl/live_options.h"

#include <charconv>
#include <csignal>
#include <cstdio>

#include "common/process/program.h"

namespace raven::ctl {
namespace {

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

// As `ravenctl sas` shows it: eight hexadecimal digits, with or without 0x.
uint32_t parse_spi(std::string text) {
  if (text.starts_with("0x")) text.erase(0, 2);
  uint32_t spi = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), spi, 16);
  if (error != std::errc{} || end != text.data() + text.size() || spi == 0)
    throw CLI::ValidationError("--spi", text + ": not an SPI in hexadecimal digits");
  return spi;
}

}  // namespace

int fail(const Error& error) {
  std::fprintf(stderr, "ravenctl: %s\n", error.message.c_str());
  return error.code == ErrorCode::kInvalid ? process::kExitUsage : process::kExitUnavailable;
}

void add_filter_options(CLI::App& command, dpapi::v1::PacketFilter& filter) {
  const auto text = [&command](const char* name, const char* help, auto set) {
    command.add_option_function<std::string>(name, set, help);
  };
  text("--address", "Address or prefix, as source or destination", [&](const std::string& value) {
    filter.set_address(value);
  });
  text("--from", "Source address or prefix", [&](const std::string& value) {
    filter.set_source(value);
  });
  text("--to", "Destination address or prefix", [&](const std::string& value) {
    filter.set_destination(value);
  });
  text("--protocol", "tcp, udp, icmp, icmp6, esp or a number", [&](const std::string& value) {
    filter.set_protocol(value);
  });
  command.add_option_function<uint16_t>(
      "--port", [&](const uint16_t& value) { filter.set_port(value); },
      "TCP or UDP port, as source or destination"
  );
  text(
      "--spi", "SPI in hexadecimal digits, as the table of `ravenctl sas` shows it",
      [&](const std::string& value) { filter.set_spi(parse_spi(value)); }
  );
  text("--peer", "Tunnel with that gateway box", [&](const std::string& value) {
    filter.set_peer(value);
  });
  text("--in", "Received on that port, or through raven0", [&](const std::string& value) {
    filter.set_ingress(value);
  });
  text(
      "--drop", "Dropped for that reason, as `ravenctl drops` names it",
      [&](const std::string& value) { filter.set_drop_reason(value); }
  );
}

Interrupt::Interrupt() {
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  waiter_ = std::jthread{[source = source_](std::stop_token ended) mutable {
    const sigset_t awaited = ending_signals();
    const timespec step{0, 100'000'000};
    while (!ended.stop_requested())
      if (sigtimedwait(&awaited, nullptr, &step) > 0) source.request_stop();
  }};
}

Interrupt::~Interrupt() = default;

}  // namespace raven::ctl
