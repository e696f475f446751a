// Pipeline: which stage follows which.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dataplane/stage/context.h"
#include "dataplane/stage/stages.h"

namespace raven::dataplane {

// The table, in the order in which the stages run.
std::span<const StageRow> pipeline();

// Of a stage, or of another place where packets are dropped.
std::string_view stage_name(Stage place);

// Runs all stages over what is in the lanes, repeated as long as stages hold packets back for
// another pass (bounded: a held packet is either an ICMP error, which causes no other, or the first
// of the next pass).  Afterwards every lane is empty.
void run_pipeline(Context& context);

// Runs one stage over its lane, which is empty afterwards, as run_pipeline() does.  For those who
// look at each stage by itself.
void run_stage(Context& context, Stage stage);

// The table as a picture for Graphviz.
std::string pipeline_dot();

}  // namespace raven::dataplane
