// SPDX-License-Identifier: Apache-2.0
#include "common/settings/rules.h"

#include <algorithm>
#include <charconv>

namespace raven::settings {

std::string check_listen_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  uint16_t number = 0;
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), number);
  const auto address = IpAddress::parse(host);
  const bool good = code == std::errc{} && end == port.data() + port.size() && address.ok() &&
                    address->is_v4() != bracketed;
  return good ? "" : "\"" + text + "\" is not IP:PORT or [IPv6]:PORT";
}

std::string check_no_default_route(const std::vector<IpPrefix>& networks) {
  const auto is_default = [](const IpPrefix& network) { return network.length() == 0; };
  return std::ranges::any_of(networks, is_default) ? "holds a default route: name the networks"
                                                   : "";
}

}  // namespace raven::settings
