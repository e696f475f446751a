// PortFilter: the kernel's share of the frames of each port, from start to end of the dataplane.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "common/base/result.h"
#include "dataplane/filter/filter_sets.h"
#include "dataplane/filter/nft.h"
#include "dataplane/settings.h"

namespace raven::dataplane {

class PortFilter : public FilterSets {
 public:
  // Puts the rules in place before the first packet.  An error means that the box is not safe to
  // run on: do not start.  `closed`: what may not pass in clear on shared ports until the first
  // update; where a previous run has left its sets, those hold instead.
  static Result<std::unique_ptr<PortFilter>> install(
      const std::vector<PortSettings>& ports, const std::vector<IpPrefix>& closed = {}
  );

  Status update(const std::vector<IpAddress>& own) override;
  Status update(
      const std::vector<IpAddress>& own, const std::vector<IpPrefix>& remote,
      const std::vector<IpPrefix>& open = {}
  ) override;

  // At a clean end: gives tunnel traffic back to the kernel, keeps what must not leave in clear.
  void release();

 private:
  PortFilter(Nft nft, std::vector<std::string> shared)
      : nft_{std::move(nft)}, shared_{std::move(shared)} {}
  Status replace(std::string sets);

  Nft nft_;
  std::vector<std::string> shared_;
  std::string last_sets_;
};

}  // namespace raven::dataplane
