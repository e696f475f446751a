// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/sa_sources.h"

#include "common/base/log.h"
#include "dataplane/sa/static_file.h"

namespace raven::dataplane {

Result<std::shared_ptr<SaJournal>> open_journal(const Settings& settings, const std::string& path) {
  if (!settings.keep_sas) {
    RamFile::remove(path);
    return std::shared_ptr<SaJournal>{};
  }
  Result<std::shared_ptr<SaJournal>> journal = SaJournal::open(path, settings.tables.sas_max);
  if (!journal.ok()) {
    if (journal.error().code != ErrorCode::kUnavailable) return journal;
    log::warning("sa", "{}: a crash of the dataplane loses its SAs", journal.error().message);
    return std::shared_ptr<SaJournal>{};
  }
  if (!(*journal)->locked())
    log::warning("sa", "{}: cannot be locked in RAM, its keys may be swapped", path);
  if ((*journal)->refused() > 0)
    log::warning("sa", "{}: {} SAs are not whole, not restored", path, (*journal)->refused());
  return journal;
}

Status add_static_sas(const Settings& settings, SaManager& sas, bool kept) {
  log::warning(
      "sa", "static SAs from {}: for labs and measurements only, a restart of {} repeats nonces",
      settings.static_sa_file, kept ? "this machine" : "the dataplane"
  );
  RAVEN_ASSIGN(auto configs, load_static_sas(settings.static_sa_file, settings.replay_window));
  for (SaConfig& config : configs) RAVEN_TRY(sas.add(std::move(config), BootClock::now()));
  return {};
}

}  // namespace raven::dataplane
