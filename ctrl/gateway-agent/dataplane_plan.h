// What the dataplane is to do, as its control API says it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "common/dpapi/dataplane.pb.h"
#include "common/model/network.h"
#include "common/model/remote_prefixes.h"
#include "ctrl/gateway-agent/peers.h"
#include "ctrl/gateway-agent/settings.h"

namespace raven::gateway_agent {

// Without a generation: the applier sets it.  REQUIRES: `peers` are sorted by name.
dpapi::v1::DesiredState plan_dataplane(
    const model::Network& network, const model::RemotePrefixes& remote,
    const std::vector<Peer>& peers, site::Encapsulation encapsulation
);

}  // namespace raven::gateway_agent
