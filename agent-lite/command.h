// Running another program, without a shell.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"

namespace raven::agent_lite {

using Command = std::vector<std::string>;

// The standard output of the program, found through PATH.  kNotFound: there is no such program;
// kInvalid: it ended with another status than 0.  Its standard error is dropped.
Result<std::string> run(const Command& command);

}  // namespace raven::agent_lite
