// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/diff.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "common/kube/json_value.h"
#include "common/model/names.h"

namespace raven::controller {
namespace {

using kube::EventType;
using kube::Json;

bool same_array(const Json& object, const char* member, const Json& wanted) {
  const Json* current = kube::find(object, {"status", member});
  return current == nullptr ? wanted.empty() : *current == wanted;
}

std::shared_ptr<const Json> status_patch(
    const Json& object, const model::Gateway& gateway, const Desired& desired
) {
  Json status = model::gateway_status_json(desired.nodes, desired.active);
  for (const char* member : {"nodes", "activeEndpoints"})
    if (!status.contains(member)) status[member] = Json::array();
  if (same_array(object, "nodes", status["nodes"]) &&
      same_array(object, "activeEndpoints", status["activeEndpoints"]))
    return nullptr;
  return std::make_shared<const Json>(Json{
      {"metadata", {{"resourceVersion", gateway.resource_version}}}, {"status", std::move(status)}}
  );
}

const char* type_text(model::EndpointType type) {
  return type == model::EndpointType::kTunnel ? "tunnel" : "proxy";
}

using Seats = std::set<std::pair<std::string, model::EndpointType>>;

Seats seats_of(const std::vector<model::Endpoint>& endpoints) {
  Seats seats;
  for (const model::Endpoint& endpoint : endpoints)
    seats.emplace(endpoint.node_name, endpoint.type);
  return seats;
}

// Raven's two events, word for word: tools look for them.
void note_election(
    const model::Gateway& gateway, const Desired& desired, std::vector<Notice>& notices
) {
  for (const model::Endpoint& endpoint : desired.active)
    notices.push_back(
        {EventType::kNormal, "ActiveEndpointElected",
         fmt::format(
             "The endpoint hosted by node {} has been elected active endpoint, publicIP: {}, "
             "type: {}",
             endpoint.node_name, endpoint.public_ip, type_text(endpoint.type)
         )}
    );
  if (!desired.active.empty()) return;
  for (const model::Endpoint& endpoint : gateway.active_endpoints)
    notices.push_back(
        {EventType::kWarning, "ActiveEndpointLost",
         fmt::format(
             "The active endpoint hosted by node {} was change, publicIP: {}, type :{}",
             endpoint.node_name, endpoint.public_ip, type_text(endpoint.type)
         )}
    );
}

// A condition that turns bad, or is bad in another way, is worth an event; so is its end.
void note_conditions(
    const Conditions& before, const Conditions& after, std::vector<Notice>& notices
) {
  for (const Condition& now : after) {
    const auto then = std::ranges::find(before, now.type, &Condition::type);
    const bool was_ok = then == before.end() || then->ok;
    if (now.ok ? was_ok : then != before.end() && now == *then) continue;
    const EventType type = now.ok ? EventType::kNormal : EventType::kWarning;
    notices.push_back({type, now.reason, now.type + ": " + now.message});
  }
}

std::string annotation_of(const model::Gateway& gateway, std::string_view key) {
  const auto annotation = gateway.annotations.find(std::string{key});
  return annotation == gateway.annotations.end() ? "" : annotation->second;
}

// An annotation without a text goes.
void add_changed(
    const model::Gateway& gateway, std::string_view key, const std::string& text, Json& annotations
) {
  if (annotation_of(gateway, key) == text) return;
  annotations[std::string{key}] = text.empty() ? Json{} : Json(text);
}

// The agents close what nobody may have; the status lists only what is routed.
std::string refused_text(const Desired& desired) {
  std::set<std::string> texts;
  for (const IpPrefix& prefix : desired.refused) texts.insert(prefix.text());
  return fmt::format("{}", fmt::join(texts, ","));
}

}  // namespace

Change diff(const Json& object, const model::Gateway& gateway, const Desired& desired) {
  Change change;
  change.status.patch = status_patch(object, gateway, desired);
  change.switched =
      change.status.patch && seats_of(gateway.active_endpoints) != seats_of(desired.active);
  if (change.switched) note_election(gateway, desired, change.status.notices);

  const std::string before = annotation_of(gateway, kConditionsAnnotation);
  Json annotations = Json::object();
  add_changed(gateway, kConditionsAnnotation, conditions_text(desired.conditions), annotations);
  add_changed(gateway, model::kRefusedSubnetsAnnotation, refused_text(desired), annotations);
  if (annotations.empty()) return change;
  change.annotation.patch =
      std::make_shared<const Json>(Json{{"metadata", {{"annotations", std::move(annotations)}}}});
  note_conditions(parse_conditions(before), desired.conditions, change.annotation.notices);
  return change;
}

}  // namespace raven::controller
