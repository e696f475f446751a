// SPDX-License-Identifier: Apache-2.0
#include "common/model/raven_cfg.h"

#include <algorithm>

#include "common/model/names.h"

namespace raven::model {
namespace {

bool is_on(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text == "true";
}

void override_by(const Gateway& gateway, std::string_view annotation, bool& value) {
  const auto found = gateway.annotations.find(std::string{annotation});
  if (found != gateway.annotations.end()) value = is_on(found->second);
}

}  // namespace

RavenConfig RavenConfig::parse(const kube::Json* config_map) {
  if (config_map == nullptr) return {};
  return {
      is_on(kube::text_or(*config_map, {"data", kEnableTunnelConfig})),
      is_on(kube::text_or(*config_map, {"data", kEnableProxyConfig}))};
}

RavenConfig RavenConfig::for_gateway(const Gateway& gateway) const {
  RavenConfig config = *this;
  override_by(gateway, kEnableTunnelAnnotation, config.tunnel);
  override_by(gateway, kEnableProxyAnnotation, config.proxy);
  return config;
}

}  // namespace raven::model
