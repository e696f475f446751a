// SPDX-License-Identifier: Apache-2.0
#include "dataplane/server/inspect_stream.h"

#include <memory>
#include <thread>
#include <utility>

#include "dataplane/report/inspect_report.h"
#include "dataplane/server/grpc_status.h"
#include "dataplane/server/inspect_request.h"
#include "dataplane/server/on_loop.h"

namespace raven::dataplane {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPause{20};               // after the rings were empty
constexpr std::size_t kEventBytesMax = 1 << 19;  // what the loop does for us at a time
constexpr uint32_t kTraceTimeoutMs = 10000;

// When a call is to end by itself.
class Limit {
 public:
  explicit Limit(uint32_t timeout_ms) : timeout_{timeout_ms} {}
  bool over() const { return timeout_.count() != 0 && BootClock::now() - begin_ > timeout_; }

 private:
  const milliseconds timeout_;
  const Instant begin_ = BootClock::now();
};

// Held while somebody looks: its end ends the looking, also when the caller gave up waiting for the
// beginning.
using Lease = std::shared_ptr<void>;

template <class Work>
Lease at_end(event::Loop& loop, Work work) {
  return Lease{nullptr, [&loop, work](void*) { loop.post(work); }};
}

// Sends what `next` gives until nothing more will come, or nobody listens any more.
// Next: () -> std::optional<Event>; nothing: the call was cancelled meanwhile.
template <class Event, class Done, class Next>
grpc::Status stream(
    const grpc::ServerContext& context, grpc::ServerWriter<Event>& writer, Lease lease, Done done,
    Next next
) {
  bool last = false;
  while (!context.IsCancelled()) {
    if (!last && done()) {
      last = true;
      lease.reset();
    }
    const std::optional<Event> event = next();
    if (!event) break;
    if (!event->packets().empty()) {
      if (!writer.Write(*event)) break;
      continue;
    }
    if (last) {
      Event end = *event;
      end.set_ended(true);
      writer.Write(end);
      return grpc::Status::OK;
    }
    std::this_thread::sleep_for(kPause);
  }
  return {grpc::StatusCode::CANCELLED, "the caller has disconnected"};
}

dpapi::v1::TraceEvent next_stories(const View& view, const WallClock& clock, Trace& trace) {
  dpapi::v1::TraceEvent event;
  Story story;
  while (event.ByteSizeLong() < kEventBytesMax && trace.read(story))
    *event.add_packets() = report_story(view, clock, story);
  event.set_lost(trace.lost());
  event.set_followed(trace.followed());
  return event;
}

dpapi::v1::CaptureEvent next_copies(const View& view, const WallClock& clock, Capture& capture) {
  dpapi::v1::CaptureEvent event;
  std::size_t bytes = 0;
  const auto take = [&](const CaptureRecord& record, const uint8_t* data) {
    *event.add_packets() = report_copy(view, clock, record, data);
    bytes += sizeof(record) + record.kept;
  };
  while (bytes < kEventBytesMax && capture.read(take)) {
  }
  report_counts(capture, event);
  return event;
}

}  // namespace

grpc::Status stream_trace(
    event::Loop& loop, const ViewSource& source, Inspector& inspector,
    const grpc::ServerContext& context, const dpapi::v1::TraceRequest& request,
    grpc::ServerWriter<dpapi::v1::TraceEvent>& writer
) {
  struct Started {
    std::shared_ptr<Trace> trace;
    Lease lease;
  };
  const auto cancelled = [&context] { return context.IsCancelled(); };
  const auto start = [&loop, &source, &inspector, request]() -> Result<Started> {
    const View view = source.view();
    RAVEN_ASSIGN(const Filter filter, read_filter(view, request.filter()));
    Started begun;
    RAVEN_ASSIGN(begun.trace, inspector.start_trace(filter, std::max(request.packets(), 1u)));
    begun.lease = at_end(loop, [&inspector] { inspector.stop_trace(); });
    return begun;
  };
  auto started = on_loop(loop, start, cancelled);
  if (!started) return busy();
  if (!started->ok()) return status_of(started->error());
  const std::shared_ptr<Trace> trace = started->value().trace;
  const Limit limit{request.timeout_ms() == 0 ? kTraceTimeoutMs : request.timeout_ms()};
  const WallClock clock;
  writer.Write({});
  return stream(
      context, writer, std::move(started->value().lease),
      [&] { return trace->done() || limit.over(); },
      [&] {
        return on_loop(
            loop, [&source, clock, trace] { return next_stories(source.view(), clock, *trace); },
            cancelled
        );
      }
  );
}

grpc::Status stream_capture(
    event::Loop& loop, const ViewSource& source, Inspector& inspector,
    const grpc::ServerContext& context, const dpapi::v1::CaptureRequest& request,
    grpc::ServerWriter<dpapi::v1::CaptureEvent>& writer
) {
  struct Started {
    std::shared_ptr<Capture> capture;
    dpapi::v1::CaptureEvent event;  // the interfaces
    Lease lease;
  };
  const auto cancelled = [&context] { return context.IsCancelled(); };
  const auto start = [&loop, &source, &inspector, request]() -> Result<Started> {
    const View view = source.view();
    RAVEN_ASSIGN(const CaptureOptions options, read_capture(view, request));
    Started begun;
    report_interfaces(view, options, begun.event);
    RAVEN_ASSIGN(begun.capture, inspector.start_capture(options));
    begun.lease = at_end(loop, [&inspector] { inspector.stop_capture(); });
    return begun;
  };
  auto started = on_loop(loop, start, cancelled);
  if (!started) return busy();
  if (!started->ok()) return status_of(started->error());
  const std::shared_ptr<Capture> capture = started->value().capture;
  const Limit limit{request.timeout_ms()};
  const WallClock clock;
  writer.Write(started->value().event);
  return stream(
      context, writer, std::move(started->value().lease),
      [&] { return capture->done() || limit.over(); },
      [&] {
        return on_loop(
            loop, [&source, clock, capture] { return next_copies(source.view(), clock, *capture); },
            cancelled
        );
      }
  );
}

}  // namespace raven::dataplane
