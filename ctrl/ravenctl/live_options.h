// What the commands that look at packets have in common: filter, end by signal, output.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <stop_token>
#include <string>
#include <thread>

#include "common/base/result.h"
#include "common/dpapi/dataplane.pb.h"

namespace raven::ctl {

// Of every command, set before run().
struct CommonOptions {
  std::string socket;
  bool json = false;
};

// Says why on standard error.  What the dataplane refuses as wrong (an unknown peer, a bad prefix)
// is an error of the command line; everything else means that something is unavailable.
int fail(const Error& error);

// Adds the options of a filter.  `filter` outlives the parsing.
void add_filter_options(CLI::App& command, dpapi::v1::PacketFilter& filter);

// SIGINT and SIGTERM request a stop instead of ending the process.  REQUIRES: made before any other
// thread, which would take the signal.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread waiter_;
};

}  // namespace raven::ctl
