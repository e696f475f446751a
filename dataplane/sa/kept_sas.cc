// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/kept_sas.h"

#include <algorithm>

#include "common/base/log.h"
#include "dataplane/ipsec/replay_window.h"

namespace raven::dataplane {

std::vector<KeptSa*> KeptSas::of_daemons() const {
  std::vector<KeptSa*> found;
  if (journal_ == nullptr) return found;
  for (KeptSa& kept : journal_->kept())
    if (kept.config.instance != 0) found.push_back(&kept);
  return found;
}

// A key is what must not start anew, whatever else the file says now.
KeptSa* KeptSas::find_key(const SaConfig& config) const {
  for (KeptSa& kept : journal_->kept())
    if (kept.config.instance == 0 && !kept.taken && kept.config.direction == config.direction &&
        kept.config.key.equals(config.key))
      return &kept;
  return nullptr;
}

Result<KeptSas::Resumed> KeptSas::resume(SaConfig& config) const {
  if (journal_ == nullptr || config.instance != 0) return Resumed{};
  KeptSa* kept = find_key(config);
  if (kept == nullptr && journal_->counters_lost())
    return Error{
        ErrorCode::kInvalid,
        config.text() +
            ": what was kept of earlier runs was damaged or of another version, so this key may "
            "have been used and nonces would repeat: put new keys into the file, then remove " +
            journal_->path()};
  if (kept == nullptr) return Resumed{};
  config.past = kept->config.past;
  config.last_sequence = kept->config.last_sequence;
  const bool same_window = config.replay_window == kept->config.replay_window;
  if (kept->window != nullptr && !same_window)
    config.last_sequence =
        ReplayWindow::kept_highest(kept->config.replay_window, kept->window).value_or(0);
  // The two together are a description that nobody has checked yet.
  RAVEN_TRY(validate(config));
  return Resumed{kept, same_window ? kept->window : nullptr};
}

Result<SaMemory> KeptSas::take_place(
    SaEntry& entry, const SaConfig& config, WorkerId worker, const uint64_t* window
) const {
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
