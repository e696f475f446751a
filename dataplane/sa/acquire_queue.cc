// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/acquire_queue.h"

namespace raven::dataplane {

void AcquireQueue::add(TunnelId tunnel) {
  if (queued_.insert(tunnel).second) queue_.push_back(tunnel);
}

std::optional<TunnelId> AcquireQueue::take(Instant now) {
  if (now - interval_began_ >= kInterval) {
    interval_began_ = now;
    taken_ = 0;
  }
  if (queue_.empty() || taken_ == kPerInterval) return std::nullopt;
  ++taken_;
  const TunnelId tunnel = queue_.front();
  queue_.pop_front();
  queued_.erase(tunnel);
  return tunnel;
}

void AcquireQueue::put_back(TunnelId tunnel) {
  if (queued_.insert(tunnel).second) queue_.push_front(tunnel);
  taken_ = kPerInterval;
}

}  // namespace raven::dataplane
