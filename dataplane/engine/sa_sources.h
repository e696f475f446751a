// SAs that exist before any client connects: those of the previous run, and those of a file.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread, at start.
#pragma once

#include <memory>
#include <string>

#include "dataplane/sa/journal.h"
#include "dataplane/sa/manager.h"
#include "dataplane/settings.h"

namespace raven::dataplane {

// nullptr: not wanted, or not possible here, which is logged as a warning.
Result<std::shared_ptr<SaJournal>> open_journal(const Settings& settings, const std::string& path);

// `kept`: there is a journal, so that a restart repeats no nonces.
Status add_static_sas(const Settings& settings, SaManager& sas, bool kept);

}  // namespace raven::dataplane
