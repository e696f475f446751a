// diff(): from what a Gateway says and what it should say to the patches and events that are
// needed. SPDX-License-Identifier: Apache-2.0
//
// Pure.  What is already equal is not written: a patch is there only if it changes something.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/kube/events.h"
#include "ctrl/controller/plan.h"

namespace raven::controller {

struct Notice {  // an Event to be recorded
  kube::EventType type;
  std::string reason;
  std::string message;
  bool operator==(const Notice&) const = default;
};

struct Edit {
  std::shared_ptr<const kube::Json> patch;  // a merge patch; null: nothing to write
  std::vector<Notice> notices;              // to be recorded once it is written
};

struct Change {
  // For the status subresource; carries resourceVersion, so that a stale one is refused.
  Edit status;
  // For the object itself: our annotation and nothing else.
  Edit annotation;
  bool switched = false;  // the status patch changes which endpoints are active

  bool empty() const { return !status.patch && !annotation.patch; }
};

// `object` is what `gateway` was parsed from.
Change diff(const kube::Json& object, const model::Gateway& gateway, const Desired& desired);

}  // namespace raven::controller
