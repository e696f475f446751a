// The full JSON type, for code that builds values: Json{{"spec", {{"replicas", 1}}}}.
// SPDX-License-Identifier: Apache-2.0
//
// Apart from json.h because this header takes seconds to compile.  Reading goes through the getters
// of json.h; operator[] and at() of a const value of unknown shape abort or throw.
#pragma once

#include <nlohmann/json.hpp>

#include "common/kube/json.h"
