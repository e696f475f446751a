// The conditions of a filter.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/filter.h"

namespace raven::dataplane {

Filter::Bits Filter::wanted() const {
  Bits bits = 0;
  if (headers_given()) bits |= kHeaders;
  if (spi) bits |= kSpi;
  if (peer) bits |= kPeer;
  if (ingress) bits |= kIngress;
  if (drop) bits |= kDrop;
  return bits;
}

Filter::Bits Filter::of_headers(const Headers& headers) const {
  if (headers.family == 0) return 0;
  Bits bits = 0;
  if (headers_given() && headers_match(headers)) bits |= kHeaders;
  return bits | of_spi(headers.spi);
}

bool Filter::headers_match(const Headers& headers) const {
  if (address && !address->contains(headers.source) && !address->contains(headers.destination))
    return false;
  if (source && !source->contains(headers.source)) return false;
  if (destination && !destination->contains(headers.destination)) return false;
  if (protocol && headers.protocol != *protocol) return false;
  return !port || headers.source_port == *port || headers.destination_port == *port;
}

}  // namespace raven::dataplane
