// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/public_ip.h"

#include "common/kube/json_value.h"
#include "common/kube/object.h"

namespace raven::gateway_agent {

Result<PublicIpSource> PublicIpSource::parse(std::string_view text) {
  constexpr std::string_view kInterface = "interface:";
  constexpr std::size_t kInterfaceNameMax = 15;  // IFNAMSIZ without the zero
  PublicIpSource source;
  if (text == "none") return source;
  if (text.starts_with(kInterface)) {
    source.interface = text.substr(kInterface.size());
    if (source.interface.empty() || source.interface.size() > kInterfaceNameMax)
      return Error{ErrorCode::kInvalid, "\"" + std::string{text} + "\" names no interface"};
    return source;
  }
  auto address = IpAddress::parse(text);
  if (!address.ok() || address->is_unspecified() || address->is_loopback() ||
      address->is_multicast() || address->is_link_local())
    return Error{
        ErrorCode::kInvalid,
        "\"" + std::string{text} + "\" is neither none, interface:NAME nor an address of a host"};
  source.address = *address;
  return source;
}

std::optional<IpAddress> global_address(
    std::span<const netlink::Address> addresses, uint32_t link
) {
  std::optional<IpAddress> found;
  for (const netlink::Address& entry : addresses) {
    if (entry.link != link || entry.scope != netlink::AddressScope::kGlobal) continue;
    if (entry.address.is_link_local() || entry.address.is_loopback()) continue;
    if (entry.address.is_v4()) return entry.address;
    if (!found) found = entry.address;
  }
  return found;
}

std::optional<kube::Json> public_ip_patch(
    const kube::Json& gateway, std::string_view node, const IpAddress& address
) {
  const kube::Json* endpoints = kube::find(gateway, {"spec", "endpoints"});
  if (endpoints == nullptr || !endpoints->is_array()) return std::nullopt;
  kube::Json filled = *endpoints;
  bool changed = false;
  for (kube::Json& endpoint : filled) {
    if (kube::text_or(endpoint, {"nodeName"}) != node) continue;
    if (kube::text_or(endpoint, {"type"}, "tunnel") != "tunnel") continue;
    if (!kube::text_or(endpoint, {"publicIP"}).empty()) continue;
    endpoint["publicIP"] = address.text();
    changed = true;
  }
  if (!changed) return std::nullopt;
  return kube::Json{
      {"metadata", {{"resourceVersion", kube::resource_version(gateway)}}},
      {"spec", {{"endpoints", std::move(filled)}}}};
}

}  // namespace raven::gateway_agent
