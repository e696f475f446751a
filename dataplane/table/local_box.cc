// Addresses of the box.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table/local_box.h"

#include <algorithm>

namespace raven::dataplane {

void LocalBox::add_address(const IpAddress& address) {
  const uint8_t* bytes = address.bytes().data();
  if (address.is_v4()) {
    uint32_t raw;
    std::memcpy(&raw, bytes, sizeof(raw));
    // The rest of a new group repeats its first address.
    if (v4_count_ % 4 == 0) v4_.push_back({{raw, raw, raw, raw}});
    v4_.back().addresses[v4_count_++ % 4] = raw;
  } else {
    std::memcpy(v6_.emplace_back().data(), bytes, 16);
  }
}

void LocalBox::set_icmp_source(const IpAddress& address) {
  const uint8_t* bytes = address.bytes().data();
  if (address.is_v4()) {
    std::memcpy(source_v4_.data(), bytes, source_v4_.size());
    has_source_v4_ = true;
  } else {
    std::memcpy(source_v6_.data(), bytes, source_v6_.size());
    has_source_v6_ = true;
  }
}

bool LocalBox::owns_v6(const void* address) const {
  return std::any_of(v6_.begin(), v6_.end(), [address](const std::array<uint8_t, 16>& own) {
    return std::memcmp(own.data(), address, own.size()) == 0;
  });
}

}  // namespace raven::dataplane
