// SPDX-License-Identifier: Apache-2.0
#include "dataplane/server/server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>
#include <sys/socket.h>

#include <chrono>

#include "common/base/log.h"
#include "common/dpapi/dataplane.grpc.pb.h"
#include "dataplane/report/report.h"
#include "dataplane/server/grpc_status.h"
#include "dataplane/server/inspect_stream.h"
#include "dataplane/server/on_loop.h"

namespace raven::dataplane {
namespace {

constexpr std::chrono::milliseconds kShutdownTime{200};

}  // namespace

class ControlServer::Service : public dpapi::v1::Dataplane::Service {
 public:
  Service(
      event::Loop& loop, Engine& engine, PacketPath& path, const Mirror& mirror,
      const metrics::TableBase& statistics
  )
      : loop_{loop},
        engine_{engine},
        source_{engine, path, mirror},
        inspector_{path},
        statistics_{statistics} {}

  grpc::Status Apply(
      grpc::ServerContext*, const dpapi::v1::DesiredState* state, dpapi::v1::ApplyResult* result
  ) override {
    return run(result, [this, state = *state](dpapi::v1::ApplyResult& out) {
      const Result<Engine::Applied> applied = engine_.apply(state);
      if (!applied.ok()) return status_of(applied.error());
      out.set_generation(state.generation());
      out.set_changed(applied->changed);
      report_errors(applied->errors, *out.mutable_errors());
      return grpc::Status::OK;
    });
  }
  grpc::Status GetStatus(
      grpc::ServerContext*, const dpapi::v1::StatusRequest*, dpapi::v1::StatusReply* reply
  ) override {
    return run(reply, [this](dpapi::v1::StatusReply& out) {
      out = report_status(source_.view());
      return grpc::Status::OK;
    });
  }
  grpc::Status ListSas(
      grpc::ServerContext*, const dpapi::v1::SasRequest*, dpapi::v1::SasReply* reply
  ) override {
    return run(reply, [this](dpapi::v1::SasReply& out) {
      out = report_sas(source_.view());
      return grpc::Status::OK;
    });
  }
  grpc::Status ListRoutes(
      grpc::ServerContext*, const dpapi::v1::RoutesRequest*, dpapi::v1::RoutesReply* reply
  ) override {
    return run(reply, [this](dpapi::v1::RoutesReply& out) {
      out = report_routes(source_.view());
      return grpc::Status::OK;
    });
  }
  grpc::Status ListDrops(
      grpc::ServerContext*, const dpapi::v1::DropsRequest*, dpapi::v1::DropsReply* reply
  ) override {
    return run(reply, [this](dpapi::v1::DropsReply& out) {
      out = report_drops(drop_rows(source_.path.counters()));
      return grpc::Status::OK;
    });
  }
  grpc::Status GetStatistics(
      grpc::ServerContext*, const dpapi::v1::StatisticsRequest*, dpapi::v1::StatisticsReply* reply
  ) override {
    fill_statistics(*reply);
    return grpc::Status::OK;
  }
  grpc::Status Trace(
      grpc::ServerContext* context, const dpapi::v1::TraceRequest* request,
      grpc::ServerWriter<dpapi::v1::TraceEvent>* writer
  ) override {
    return stream_trace(loop_, source_, inspector_, *context, *request, *writer);
  }
  grpc::Status Capture(
      grpc::ServerContext* context, const dpapi::v1::CaptureRequest* request,
      grpc::ServerWriter<dpapi::v1::CaptureEvent>* writer
  ) override {
    return stream_capture(loop_, source_, inspector_, *context, *request, *writer);
  }

 private:
  // Runs `work` on the loop's thread with a reply of its own, so that a caller who gave up leaves
  // nothing dangling.
  template <class Reply, class Work>
  grpc::Status run(Reply* reply, Work work) {
    auto answer = on_loop(loop_, [work = std::move(work)] {
      Reply own;
      grpc::Status status = work(own);
      return std::pair{std::move(status), std::move(own)};
    });
    if (!answer) return busy();
    *reply = std::move(answer->second);
    return answer->first;
  }

  void fill_statistics(dpapi::v1::StatisticsReply& reply) const;

  event::Loop& loop_;
  Engine& engine_;
  const ViewSource source_;
  Inspector inspector_;
  const metrics::TableBase& statistics_;
};

void ControlServer::Service::fill_statistics(dpapi::v1::StatisticsReply& reply) const {
  const metrics::Values values = statistics_.snapshot();
  for (const auto& [row, series] : values.all()) {
    const metrics::Row& description = statistics_.rows()[row];
    const std::vector<std::string> names = metrics::label_names(description);
    for (const auto& [labels, value] : series) {
      auto& counter = *reply.add_counters();
      counter.set_name(std::string{description.name});
      counter.set_value(value);
      for (std::size_t i = 0; i < names.size(); ++i)
        (*counter.mutable_labels())[names[i]] = labels[i];
      if (description.name == "raven_dataplane_unaccounted_packets")
        reply.set_unaccounted_packets(static_cast<int64_t>(value));
    }
  }
}

ControlServer::ControlServer(event::Loop& loop, UnixListener listener)
    : loop_{loop}, listener_{std::move(listener)} {
  loop_.add_reader(listener_.fd(), [this] { accept(); });
}

Result<std::unique_ptr<ControlServer>> ControlServer::start(
    event::Loop& loop, const SocketSettings& settings, Engine& engine, PacketPath& path,
    const Mirror& mirror, const metrics::TableBase& statistics
) {
  RAVEN_ASSIGN(
      auto listener,
      UnixListener::open(
          settings.control, SOCK_STREAM, file_mode(settings.control_mode), settings.allowed_uids
      )
  );
  std::unique_ptr<ControlServer> server{new ControlServer{loop, std::move(listener)}};
  server->service_ = std::make_unique<Service>(loop, engine, path, mirror, statistics);
  grpc::ServerBuilder builder;
  builder.RegisterService(server->service_.get());
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  server->server_ = builder.BuildAndStart();
  if (!server->server_) return Error{ErrorCode::kInternal, "gRPC server did not start"};
  return server;
}

ControlServer::~ControlServer() {
  loop_.remove_reader(listener_.fd());
  if (server_) server_->Shutdown(std::chrono::system_clock::now() + kShutdownTime);
}

void ControlServer::accept() {
  Result<UnixListener::Connection> connection = listener_.accept();
  if (connection.ok()) {
    if (server_) grpc::AddInsecureChannelFromFd(server_.get(), connection->fd.release());
  } else if (connection.error().code != ErrorCode::kNotFound) {
    log::warning("control", "{}", connection.error().message);
  }
}

}  // namespace raven::dataplane
