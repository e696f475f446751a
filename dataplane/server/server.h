// ControlServer: the control API (gRPC) on its UNIX socket.
// SPDX-License-Identifier: Apache-2.0
//
// Connections are accepted here, so that the caller's uid, as the kernel reports it, is checked
// before gRPC sees a byte.  Calls arrive on gRPC's threads; each runs on the loop's thread, one at
// a time, so nothing behind it needs a lock.
#pragma once

#include <functional>
#include <memory>

#include "common/event/loop.h"
#include "common/metrics/metrics.h"
#include "dataplane/ipc/unix_listener.h"
#include "dataplane/report/view.h"

namespace grpc {
class Server;
}

namespace raven::dataplane {

class ControlServer {
 public:
  // `statistics` gives all metrics; called on a thread of gRPC.
  static Result<std::unique_ptr<ControlServer>> start(
      event::Loop& loop, const SocketSettings& settings, Engine& engine, PacketPath& path,
      const Mirror& mirror, const metrics::TableBase& statistics
  );
  // REQUIRES: the loop does not run any more.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  class Service;
  ControlServer(event::Loop& loop, UnixListener listener);
  void accept();

  event::Loop& loop_;
  UnixListener listener_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace raven::dataplane
