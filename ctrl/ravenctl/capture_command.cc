// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ravenctl/capture_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>

#include "common/base/unique_fd.h"
#include "common/dpapi/client.h"
#include "common/process/program.h"
#include "ctrl/ravenctl/capture_file.h"

namespace raven::ctl {
namespace {

int64_t now_ns() {
  return std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count();
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return errno_error("write the capture", errno);
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Traffic in clear is for the eyes of its owner.
Result<UniqueFd> open_file(const std::string& path) {
  UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (!fd) return errno_error("open " + path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode) && ::fchmod(fd.get(), 0600) != 0)
    return errno_error("set the mode of " + path, errno);
  return fd;
}

}  // namespace

CaptureCommand::CaptureCommand(CLI::App& app)
    : command_{*app.add_subcommand("capture", "Write packets to a pcapng file, for Wireshark")} {
  command_.add_option("-w,--write", file_, "File (mode 0600); -: standard output")
      ->capture_default_str();
  command_
      .add_option(
          "--point", points_,
          "rx, tx: frames of ports; clear-out, clear-in: inner packets before encryption, after "
          "decryption; drop: what is dropped.  Several with commas [rx,tx]"
      )
      ->delimiter(',');
  command_.add_option("-n,--packets", packets_, "Stop after this many packets; 0: no limit")
      ->capture_default_str();
  command_.add_option("-t,--time", seconds_, "Stop after this many seconds; 0: no limit")
      ->check(CLI::Range(0, 86400))
      ->capture_default_str();
  command_.add_option("-s,--snap", snap_length_, "Bytes kept of each packet; 0: all")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  add_filter_options(command_, *request_.mutable_filter());
}

int CaptureCommand::run(const CommonOptions& options) {
  UniqueFd file;
  int fd = STDOUT_FILENO;
  if (file_ != "-") {
    Result<UniqueFd> opened = open_file(file_);
    if (!opened.ok()) return fail(opened.error());
    file = std::move(opened).value();
    fd = file.get();
  } else if (::isatty(fd) != 0) {
    std::fputs(
        "ravenctl: capture does not write pcapng to a terminal: give --write FILE\n", stderr
    );
    return process::kExitUsage;
  }
  const Status written = write(options, fd);
  return written.ok() ? process::kExitOk : fail(written.error());
}

Status CaptureCommand::write(const CommonOptions& options, int fd) {
  for (const std::string& point : points_) request_.add_points(point);
  request_.set_packets(packets_);
  request_.set_timeout_ms(seconds_ * 1000);
  request_.set_snap_length(snap_length_);
  const Interrupt interrupt;
  std::stop_source broken;
  const std::stop_callback forward{interrupt.token(), [&broken] { broken.request_stop(); }};
  dpapi::DataplaneClient dataplane{options.socket};
  CaptureFile file{snap_length_};
  Status written;
  RAVEN_TRY(dataplane
                .capture(request_, broken.get_token(), [&](const dpapi::v1::CaptureEvent& event) {
                  if (written.ok()) written = write_all(fd, file.add(event));
                  if (!written.ok()) broken.request_stop();
                }));
  RAVEN_TRY(std::move(written));
  RAVEN_TRY(write_all(fd, file.end(now_ns())));
  const std::string total =
      fmt::format("{} packets captured, {} lost to the capture\n", file.packets(), file.lost());
  std::fputs(total.c_str(), stderr);
  return {};
}

}  // namespace raven::ctl
