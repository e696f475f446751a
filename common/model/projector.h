// Projector: the Network of the newest Gateways, for one node that looks at them over and over.
// SPDX-License-Identifier: Apache-2.0
//
// A Gateway is parsed again only when its object changed, and the pools are put together again only
// when some Gateway did.
//
// Threading: one thread; what it returns never changes and may be held anywhere.
#pragma once

#include <memory>
#include <string>

#include "common/kube/typed_view.h"
#include "common/model/network.h"

namespace raven::model {

class Projector {
 public:
  explicit Projector(std::string self, NetworkOptions options = {})
      : self_{std::move(self)}, options_{std::move(options)} {}

  // Never null.  The same pointer as before: nothing changed.
  std::shared_ptr<const Network> project(const kube::Snapshot& gateways);

 private:
  const std::string self_;
  const NetworkOptions options_;
  kube::TypedView<Gateway> view_{parse_gateway};
  std::shared_ptr<const Network> network_;
};

}  // namespace raven::model
