// Pipeline: which stage follows which.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dataplane/stage/context.h"

namespace raven::dataplane {

struct StageRow {
  Stage stage;
  std::string_view name;  // in metrics, traces, the picture
  void (*run)(Context&, Lane&);
  std::span<const Stage> next;  // always later rows; drop is possible from everywhere
};

// The table, in the order in which the stages run.
std::span<const StageRow> pipeline();

// Runs all stages over what is in the lanes, again as long as stages hold packets back for another
// pass (bounded: a held packet is either an ICMP error, which causes no other, or the first of the
// next pass).  Afterwards every lane is empty.
void run_pipeline(Context& context);

// The table as a picture for Graphviz.
std::string pipeline_dot();

}  // namespace raven::dataplane
