// model_bench: what one event of a remote Gateway costs the agents.  One JSON object on stdout.
// SPDX-License-Identifier: Apache-2.0
//
//   model_bench [--pools N] [--nodes N] [--events N]
//
//   switch   the site makes its other gateway the active one
//   prefix   a node of the site gets another IPv4 prefix
//
// Each pool has two gateways among its nodes, each node one prefix of each family.  CPU time of the
// thread in ms from the new snapshot to the finished plan and what has to change: project (parse
// the object, put the pools together), remember, plan, diff.  Reading from and writing to the
// kernel, charon, the dataplane and the disk are outside.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <ctime>

#include "agent-lite/diff.h"
#include "common/kube/json_value.h"
#include "common/model/names.h"
#include "common/model/projector.h"
#include "common/wire/raven.h"
#include "ctrl/gateway-agent/ike_diff.h"
#include "ctrl/gateway-agent/plan.h"
#include "perf/canary.h"

namespace raven::perf {
namespace {

struct Arguments {
  unsigned pools = 1000;
  unsigned nodes = 4;
  unsigned events = 50;
};

double cpu_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// ---- the Gateways ----

// As the API server gives them; each event makes one new object and a new snapshot.
class Sites {
 public:
  explicit Sites(const Arguments& arguments) : nodes_{arguments.nodes} {
    for (unsigned pool = 0; pool < arguments.pools; ++pool) put(pool, 0, 0);
  }

  kube::Snapshot snapshot() const { return std::make_shared<const kube::Objects>(objects_); }

  // `active`: which of the two gateways; `moved`: how often the prefix of its last node changed.
  void put(unsigned pool, unsigned active, unsigned moved) {
    std::vector<model::GatewayNode> nodes;
    for (unsigned node = 0; node < nodes_; ++node) {
      const unsigned number = pool * nodes_ + node;
      const unsigned v4 = (10u << 24) + (number << 8) + (node + 1 == nodes_ ? moved << 28 : 0);
      nodes.push_back(
          {node_name(pool, node),
           IpAddress::v4((172u << 24) + (16u << 16) + number).text(),
           {IpPrefix::masked(IpAddress::v4(v4), 24).text(),
            fmt::format("fd00:{:x}:{:x}::/64", number >> 16, number & 0xffff)}}
      );
    }
    std::vector<model::Endpoint> endpoints;
    for (unsigned box = 0; box < 2; ++box) {
      model::Endpoint& endpoint = endpoints.emplace_back();
      endpoint.node_name = node_name(pool, box);
      endpoint.port = kTunnelPort;
      endpoint.public_ip = IpAddress::v4((198u << 24) + (18u << 16) + pool * 2 + box).text();
    }
    kube::Json listed = kube::Json::array();
    for (const model::Endpoint& endpoint : endpoints) listed.push_back(endpoint_json(endpoint));
    const std::string name = pool_name(pool);
    objects_[name] = std::make_shared<const kube::Json>(kube::Json{
        {"apiVersion", model::gateway_kind().api_version()},
        {"metadata", {{"name", name}, {"resourceVersion", std::to_string(++version_)}}},
        {"spec", {{"tunnelConfig", {{"Replicas", 1}}}, {"endpoints", std::move(listed)}}},
        {"status", gateway_status_json(std::move(nodes), {endpoints[active]})}});
  }

  static std::string pool_name(unsigned pool) { return fmt::format("pool-{:05}", pool); }
  static std::string node_name(unsigned pool, unsigned node) {
    return fmt::format("p{:05}-n{}", pool, node);
  }

 private:
  const unsigned nodes_;
  uint64_t version_ = 0;
  kube::Objects objects_;
};

// ---- the agents ----

enum Phase { kProject, kRemember, kPlan, kDiff, kPhases };
constexpr const char* kPhaseNames[kPhases] = {"project", "remember", "plan", "diff"};

// CPU time of each phase of each event.
class Clock {
 public:
  void begin() { last_ = cpu_ms(); }
  void end(Phase phase) {
    const double now = cpu_ms();
    current_[phase] = now - last_;
    last_ = now;
  }
  void keep() {
    double sum = 0;
    for (unsigned phase = 0; phase < kPhases; ++phase) {
      phases_[phase].push_back(current_[phase]);
      sum += current_[phase];
    }
    sums_.push_back(sum);
  }
  std::string json() const {
    const Spread all = Spread::of(sums_);
    std::string text = fmt::format(
        R"("ms": {:.2f}, "min": {:.2f}, "max": {:.2f}, "events": {})", all.median, all.min, all.max,
        all.samples
    );
    for (unsigned phase = 0; phase < kPhases; ++phase)
      text +=
          fmt::format(R"(, "{}": {:.2f})", kPhaseNames[phase], Spread::of(phases_[phase]).median);
    return text;
  }

 private:
  double last_ = 0;
  std::array<double, kPhases> current_{};
  std::array<std::vector<double>, kPhases> phases_;
  std::vector<double> sums_;
};

// As the kernel lists it: by family, prefix and metric.
netlink::Routing as_listed(netlink::Routing routing) {
  std::ranges::sort(routing.routes, {}, &netlink::Route::key);
  return routing;
}

// A plain node of the first pool.
class PlainNode {
 public:
  explicit PlainNode(const Arguments& arguments)
      : projector_{Sites::node_name(0, arguments.nodes - 1)} {
    facts_.lan_link = 3;
    facts_.lan_mtu = 1500;
    facts_.addresses = {IpAddress::v4((172u << 24) + (16u << 16) + arguments.nodes - 1)};
  }

  // How many changes follow.
  std::size_t event(const kube::Snapshot& gateways, Clock& clock) {
    clock.begin();
    const auto network = projector_.project(gateways);
    clock.end(kProject);
    remote_ = model::remember_prefixes(remote_, *network);
    clock.end(kRemember);
    agent_lite::Desired desired =
        resolve(plan(*network, remote_, facts_, Sites::node_name(0, 0), {}), kOverlay);
    clock.end(kPlan);
    const agent_lite::Changes changes = diff(desired, actual_);
    clock.end(kDiff);
    actual_.addresses = std::move(desired.addresses);
    actual_.neighbours = std::move(desired.neighbours);
    actual_.forwarding = std::move(desired.forwarding);
    actual_.routing = as_listed(std::move(desired.routing));
    return changes.size();
  }

 private:
  static constexpr uint32_t kOverlay = 9;
  model::Projector projector_;
  model::RemotePrefixes remote_;
  agent_lite::NodeFacts facts_;
  agent_lite::Actual actual_;
};

// The first gateway box of the first pool.
class GatewayBox {
 public:
  GatewayBox() : projector_{Sites::node_name(0, 0)} {
    facts_.workers = 2;
    facts_.kernel.raven_link = 9;
  }

  std::size_t event(const kube::Snapshot& gateways, Clock& clock) {
    clock.begin();
    const auto network = projector_.project(gateways);
    clock.end(kProject);
    facts_.remote = model::remember_prefixes(facts_.remote, *network);
    clock.end(kRemember);
    gateway_agent::Desired desired = plan(*network, facts_, settings_);
    clock.end(kPlan);
    const std::size_t changes = diff(desired, clock);
    routing_ = as_listed(std::move(*desired.routes));
    connections_.clear();
    listed_.clear();
    for (const gateway_agent::IkeConnection& connection : desired.ike) {
      connections_[connection.name] = {connection, {}, {}};
      listed_.push_back(connection.name);
    }
    return changes;
  }

 private:
  std::size_t diff(const gateway_agent::Desired& desired, Clock& clock) {
    const netlink::RoutingOperations routes = netlink::diff(*desired.routes, routing_);
    const auto ike = gateway_agent::diff_connections(desired.ike, connections_, listed_);
    std::string state = desired.dataplane.SerializeAsString();
    const bool state_differs = state != applied_;
    clock.end(kDiff);
    applied_ = std::move(state);
    return routes.size() + ike.load.size() + ike.remove.size() + state_differs;
  }

  model::Projector projector_;
  gateway_agent::Facts facts_;
  const gateway_agent::Settings settings_;
  netlink::Routing routing_;
  gateway_agent::LoadedConnections connections_;
  std::vector<std::string> listed_;
  std::string applied_;  // what the dataplane has
};

// ---- measuring ----

// Events of changing pools, none of them our own.  `expected`: changes that follow from each.
template <class Agent>
Result<std::string> measure(
    const char* name, Agent& agent, Sites& sites, const Arguments& arguments, bool prefix,
    std::size_t expected
) {
  Clock clock;
  agent.event(sites.snapshot(), clock);
  for (unsigned i = 0; i < arguments.events; ++i) {
    const unsigned pool = 1 + i * 7919 % (arguments.pools - 1);
    sites.put(pool, prefix ? 0 : 1, prefix ? 1 : 0);
    if (const std::size_t changes = agent.event(sites.snapshot(), clock); changes != expected)
      return Error{
          ErrorCode::kInvalid, fmt::format("{}: {} changes, not {}", name, changes, expected)};
    clock.keep();
    sites.put(pool, 0, 0);
    agent.event(sites.snapshot(), clock);
  }
  return fmt::format(R"("{}": {{{}}})", name, clock.json());
}

Status measure_all(const Arguments& arguments) {
  Sites sites{arguments};
  PlainNode plain{arguments};
  GatewayBox box;
  RAVEN_ASSIGN(const auto plain_switch, measure("switch", plain, sites, arguments, false, 0));
  RAVEN_ASSIGN(const auto plain_prefix, measure("prefix", plain, sites, arguments, true, 4));
  RAVEN_ASSIGN(const auto box_switch, measure("switch", box, sites, arguments, false, 1));
  RAVEN_ASSIGN(const auto box_prefix, measure("prefix", box, sites, arguments, true, 5));
  fmt::print(
      R"({{"pools": {}, "prefixes": {}, "agent_lite": {{{}, {}}}, "gateway_agent": {{{}, {}}}}})"
      "\n",
      arguments.pools, arguments.pools * arguments.nodes * 2, plain_switch, plain_prefix,
      box_switch, box_prefix
  );
  return {};
}

int run(int argc, char** argv) {
  CLI::App app{"What one event of a remote Gateway costs the agents."};
  Arguments arguments;
  app.add_option("--pools", arguments.pools, "Gateways")->check(CLI::Range(2, 10'000));
  app.add_option("--nodes", arguments.nodes, "of each pool")->check(CLI::Range(3, 16));
  app.add_option("--events", arguments.events, "of each kind")->check(CLI::Range(1, 10'000));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  const Status status = measure_all(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "model_bench: %s\n", status.error().message.c_str());
  return 69;
}

}  // namespace
}  // namespace raven::perf

int main(int argc, char** argv) {
  return raven::perf::run(argc, argv);
}
