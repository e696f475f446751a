// SPDX-License-Identifier: Apache-2.0
#include "common/process/signal_watch.h"

#include <sys/signalfd.h>

#include <csignal>

namespace raven::process {

SignalWatch::SignalWatch(
    event::Loop& loop, std::function<void()> terminate, std::function<void()> reload
)
    : loop_{loop}, terminate_{std::move(terminate)}, reload_{std::move(reload)} {
  sigset_t handled;
  sigemptyset(&handled);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&handled, signal);
  fd_ = UniqueFd{signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK)};
  loop_.add_reader(fd_.get(), [this] { read_signal(); });
}

SignalWatch::~SignalWatch() {
  loop_.remove_reader(fd_.get());
}

void SignalWatch::read_signal() {
  signalfd_siginfo info{};
  while (::read(fd_.get(), &info, sizeof(info)) == sizeof(info)) {
    if (info.ssi_signo != SIGHUP)
      terminate_();
    else if (reload_)
      reload_();
  }
}

}  // namespace raven::process
