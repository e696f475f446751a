// What the SA manager takes over from the run before, and leaves for the next one.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "common/base/log.h"
#include "dataplane/sa/manager_entry.h"

namespace raven::dataplane {
namespace {

// Makes `config` go on where `kept` has ended.  Returns the window that can be taken as it is.
const uint64_t* go_on(const KeptSa& kept, SaConfig& config) {
  config.past = kept.config.past;
  config.last_sequence = kept.config.last_sequence;
  if (kept.window == nullptr) return nullptr;
  if (config.replay_window == kept.config.replay_window) return kept.window;
  config.last_sequence =
      ReplayWindow::kept_highest(kept.config.replay_window, kept.window).value_or(0);
  return nullptr;
}

}  // namespace

std::size_t SaManager::restore(Instant now) {
  if (journal_ == nullptr) return 0;
  std::size_t restored = 0;
  for (KeptSa& kept : journal_->kept()) {
    if (kept.config.instance == 0) continue;  // of a file
    const bool there = kept.worker.value() < settings_.workers;
    const WorkerId worker =
        there ? kept.worker : choose_worker(kept.config.tunnel_id, kept.config.direction);
    const Status status = install(std::move(kept.config), worker, kept.window, now);
    kept.taken = true;
    if (status.ok()) {
      ++restored;
    } else {
      log::warning("sa", "not restored: {}", status.error().message);
    }
  }
  return restored;
}

Status SaManager::add(SaConfig config, Instant now) {
  const uint64_t* window = nullptr;
  KeptSa* kept = kept_of_file(config);
  if (kept != nullptr) {
    window = go_on(*kept, config);
  } else if (config.instance == 0 && journal_ != nullptr && journal_->counters_lost()) {
    return Error{
        ErrorCode::kInvalid,
        config.text() +
            ": what was kept of earlier runs was damaged or of another version, so this key may "
            "have been used and nonces would repeat: put new keys into the file, then remove " +
            journal_->path()};
  }
  const WorkerId worker = choose_worker(config.tunnel_id, config.direction);
  RAVEN_TRY(install(std::move(config), worker, window, now));
  if (kept != nullptr) kept->taken = true;
  return {};
}

// A key is what must not start anew, whatever else the file says now.
KeptSa* SaManager::kept_of_file(const SaConfig& config) const {
  if (journal_ == nullptr || config.instance != 0) return nullptr;
  for (KeptSa& kept : journal_->kept())
    if (kept.config.instance == 0 && !kept.taken && kept.config.direction == config.direction &&
        kept.config.key.equals(config.key))
      return &kept;
  return nullptr;
}

// What goes on from kept state, or may come again with its key, never lives without a record.
Result<SaMemory> SaManager::take_place(
    Entry& entry, const SaConfig& config, WorkerId worker, const uint64_t* window
) {
  if (journal_ == nullptr) return SaMemory{};
  Result<SaPlace> place = journal_->place_for(config, worker, entry.serial);
  if (!place.ok()) {
    if (window != nullptr || config.instance == 0) return std::move(place).error();
    log::warning("sa", "{}: a crash will lose it: {}", config.text(), place.error().message);
    return SaMemory{};
  }
  entry.place = std::move(*place);
  SaMemory memory = entry.place.memory();
  if (window != nullptr) {
    std::copy_n(window, ReplayWindow::words(config.replay_window), memory.window);
    memory.window_is_kept = true;
  }
  return memory;
}

}  // namespace raven::dataplane
