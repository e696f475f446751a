// The rows of the dataplane's settings, and the rules between them.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/settings/rules.h"
#include "common/wire/raven.h"

namespace raven::dataplane {
namespace {

constexpr std::size_t kInterfaceNameMax = 15;  // IFNAMSIZ - 1
constexpr uint32_t kMtuMin = 1280;             // RFC 8200 section 5
constexpr uint32_t kMtuMax = 9600;
constexpr uint32_t kProbeIntervalMax =
    20000;  // ms; keeps the mappings of NATs (RFC 3948 section 4)

bool is_name(const std::string& text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), allowed);
}

std::string check_interface(const std::string& name) {
  if (name.size() > kInterfaceNameMax)
    return fmt::format(
        "'{}' has {} characters, an interface name at most {}", name, name.size(), kInterfaceNameMax
    );
  if (!is_name(name)) return fmt::format("'{}' is not an interface name", name);
  return "";
}

std::string check_mode(const std::string& octal) {
  const auto digit = [](char c) { return c >= '0' && c <= '7'; };
  if (octal.size() != 4 || octal[0] != '0' || !std::all_of(octal.begin(), octal.end(), digit))
    return "must be four octal digits in quotes, such as \"0660\"";
  if ((file_mode(octal) & 0007) != 0) return "must not give access to other users";
  return "";
}

std::string check_path(const std::string& path) {
  constexpr std::size_t kUnixPathMax = 107;  // sockaddr_un.sun_path without the final zero
  if (path.empty() || path[0] != '/') return "must be an absolute path";
  if (path.size() > kUnixPathMax)
    return fmt::format("is longer than a socket path may be ({} bytes)", kUnixPathMax);
  return "";
}

std::string check_cpus(const WorkerSettings& workers) {
  const std::set<uint32_t> unique(workers.cpus.begin(), workers.cpus.end());
  if (unique.size() != workers.cpus.size()) return "names a CPU twice: each worker needs its own";
  if (!workers.cpus.empty() && workers.cpus.size() != workers.count)
    return fmt::format(
        "lists {} CPUs for {} workers: give one CPU per worker, or none", workers.cpus.size(),
        workers.count
    );
  return "";
}

std::string check_port_mode(const PortSettings& port) {
  if (port.isolate_kernel && port.mode != PortMode::kOwned)
    return "is for owned ports: a shared port needs the kernel to see its frames";
  if (port.isolate_kernel && port.isolate_interface.empty())
    return "needs isolate_interface, the interface that carries the port's frames";
  return "";
}

std::string check_ports(const Settings& settings) {
  if (settings.ports.empty()) return "lists no port: nothing could be forwarded";
  std::set<std::string> names, interfaces;
  bool lan = false, wan = false;
  for (const PortSettings& port : settings.ports) {
    if (!names.insert(port.name).second)
      return fmt::format("names '{}' twice: each port needs its own name", port.name);
    if (!interfaces.insert(port.kernel_interface).second)
      return fmt::format("uses kernel_interface '{}' twice", port.kernel_interface);
    lan = lan || port.role != PortRole::kWan;
    wan = wan || port.role != PortRole::kLan;
  }
  if (interfaces.contains(settings.raven0.name))
    return fmt::format("uses '{}', which is the name of raven0", settings.raven0.name);
  if (!lan) return "has no port with role lan or both";
  if (!wan) return "has no port with role wan or both";
  return "";
}

std::string check_sockets(const SocketSettings& sockets) {
  if (sockets.control == sockets.sa) return "must not be the path of the control socket";
  return check_path(sockets.sa);
}

std::string check_replay_window(const Settings& settings) {
  return settings.replay_window % 64 == 0 ? "" : "must be a multiple of 64";
}

}  // namespace

unsigned file_mode(const std::string& octal) {
  return static_cast<unsigned>(std::stoul(octal, nullptr, 8));
}

void WorkerSettings::describe(settings::Schema<WorkerSettings>& schema) {
  schema.field("count", &WorkerSettings::count, "Workers: threads that forward packets.")
      .range(1, 16);
  schema
      .field(
          "cpus", &WorkerSettings::cpus,
          "The CPU of each worker.  Empty: the workers are not bound to a CPU."
      )
      .range(0, 1023)
      .example("[2]");
  schema.choice(
      "idle", &WorkerSettings::idle, {"poll", "adaptive"},
      "Without packets a worker spins (poll: lowest latency, takes the whole core) or sleeps in "
      "small steps (adaptive)."
  );
  schema.check("cpus", check_cpus);
}

void MemorySettings::describe(settings::Schema<MemorySettings>& schema) {
  schema.field(
      "hugepages", &MemorySettings::hugepages,
      "Take memory from 2 MiB pages.  false is slower and meant for labs."
  );
  schema
      .field(
          "size_mb", &MemorySettings::size_mb,
          "Memory of packets and tables, all allocated at start."
      )
      .range(64, 65536)
      .unit("MiB");
  schema
      .field(
          "packet_buffers", &MemorySettings::packet_buffers,
          "Packet buffers: packets that can be held at the same time."
      )
      .range(2048, 4194304)
      .unit("packets");
}

void PortSettings::describe(settings::Schema<PortSettings>& schema) {
  schema.field("name", &PortSettings::name, "Name in metrics and status.")
      .required()
      .example("wan");
  schema
      .field(
          "devargs", &PortSettings::devargs,
          "The device as DPDK names it: a PCI address, or a virtual device with its arguments."
      )
      .required()
      .example("\"0000:01:00.0\"");
  schema.choice(
      "mode", &PortSettings::mode, {"owned", "shared"},
      "owned: the device belongs to the dataplane, a TAP with its MAC carries the addresses of the "
      "box.  shared: the kernel keeps the device (af_packet, af_xdp) and the dataplane takes "
      "tunnel traffic only."
  );
  schema.choice(
      "role", &PortSettings::role, {"lan", "wan", "both"},
      "lan: nodes of the local pool.  wan: peers in other pools.  both: one port for both."
  );
  schema
      .field(
          "kernel_interface", &PortSettings::kernel_interface,
          "owned: name of the TAP, created when it is absent.  shared: the interface of the device."
      )
      .required()
      .example("wan0");
  schema.field("mtu", &PortSettings::mtu, "Largest IP packet of the port.")
      .range(kMtuMin, kMtuMax)
      .unit("bytes");
  schema.field(
      "isolate_kernel", &PortSettings::isolate_kernel,
      "An owned port on top of a kernel interface (af_packet on a veth, in labs): the kernel still "
      "sees its frames.  true makes the kernel drop them all."
  );
  schema
      .field(
          "isolate_interface", &PortSettings::isolate_interface,
          "The interface to drop on when isolate_kernel is true."
      )
      .example("veth0");
  schema.check("name", [](const PortSettings& port) {
    return is_name(port.name) ? "" : fmt::format("'{}' is not a name", port.name);
  });
  schema.check("devargs", [](const PortSettings& port) {
    return port.devargs.empty() ? "must not be empty" : "";
  });
  schema.check("kernel_interface", [](const PortSettings& port) {
    return check_interface(port.kernel_interface);
  });
  schema.check("isolate_kernel", check_port_mode);
  schema.check("isolate_interface", [](const PortSettings& port) -> std::string {
    return port.isolate_interface.empty() ? "" : check_interface(port.isolate_interface);
  });
}

void Raven0Settings::describe(settings::Schema<Raven0Settings>& schema) {
  schema.field(
      "name", &Raven0Settings::name,
      "The interface through which the box itself reaches remote pools."
  );
  schema
      .field(
          "mtu", &Raven0Settings::mtu, "Largest IP packet that the box itself sends into a tunnel."
      )
      .range(kMtuMin, kMtuMax)
      .unit("bytes");
  schema.check("name", [](const Raven0Settings& raven0) { return check_interface(raven0.name); });
}

void SocketSettings::describe(settings::Schema<SocketSettings>& schema) {
  schema.field(
      "control", &SocketSettings::control, "Control API (gRPC), for the agent and ravenctl."
  );
  schema.field("control_mode", &SocketSettings::control_mode, "File mode of the control socket.");
  schema.field("sa", &SocketSettings::sa, "SA socket, for the IKE daemon.  Empty: none.");
  schema.field("sa_mode", &SocketSettings::sa_mode, "File mode of the SA socket.");
  schema.field(
      "allowed_uids", &SocketSettings::allowed_uids,
      "Users that may connect, whatever the file mode says."
  );
  schema.check("control", [](const SocketSettings& s) { return check_path(s.control); });
  schema.check("control_mode", [](const SocketSettings& s) { return check_mode(s.control_mode); });
  schema.check("sa", [](const SocketSettings& s) { return s.sa.empty() ? "" : check_sockets(s); });
  schema.check("sa_mode", [](const SocketSettings& s) { return check_mode(s.sa_mode); });
  schema.check("allowed_uids", [](const SocketSettings& s) {
    return s.allowed_uids.empty() ? "is empty: nobody could connect" : "";
  });
}

void TableSettings::describe(settings::Schema<TableSettings>& schema) {
  schema.field("routes_max", &TableSettings::routes_max, "Prefixes of all kinds.")
      .range(64, 1048576);
  schema.field("sas_max", &TableSettings::sas_max, "SAs, both directions.").range(16, 65536);
  schema.field("tunnels_max", &TableSettings::tunnels_max, "Peers.").range(1, 16384);
  schema.field("adjacencies_max", &TableSettings::adjacencies_max, "Next hops on all ports.")
      .range(16, 65536);
}

static void add_checks(settings::Schema<Settings>& schema) {
  schema.check("instance", [](const Settings& s) {
    return is_name(s.instance) ? "" : fmt::format("'{}' is not a name", s.instance);
  });
  schema.check("metrics_address", [](const Settings& s) {
    return settings::check_listen_address(s.metrics_address);
  });
  schema.check("ports", check_ports);
  schema.check("replay_window", check_replay_window);
  schema.check("cluster_cidrs", [](const Settings& s) {
    return settings::check_no_default_route(s.cluster_cidrs);
  });
  schema.check("state_dir", [](const Settings& s) { return check_path(s.state_dir); });
  schema.check("static_sa_file", [](const Settings& s) -> std::string {
    return s.static_sa_file.empty() ? "" : check_path(s.static_sa_file);
  });
}

void Settings::describe(settings::Schema<Settings>& schema) {
  schema.field(
      "instance", &Settings::instance, "Name of the lock and of DPDK's files: one per box."
  );
  schema.field("workers", &Settings::workers, "The threads that forward packets.");
  schema.field("memory", &Settings::memory, "Memory of packets and tables.");
  schema.field("ports", &Settings::ports, "The network ports.").required();
  schema.field("raven0", &Settings::raven0, "The tunnel interface of the box itself.");
  schema.field("sockets", &Settings::sockets, "How other processes of the box connect.");
  schema.field(
      "metrics_address", &Settings::metrics_address, "Where /metrics and /healthz are served."
  );
  schema.field(
      "metrics_spi_label", &Settings::metrics_spi_label,
      "One time series per SA (label spi).  Each re-key starts new ones."
  );
  schema.field("replay_window", &Settings::replay_window, "Anti-replay window of an inbound SA.")
      .range(kReplayWindowMin, kReplayWindowMax)
      .unit("packets");
  schema.choice(
      "outer_df", &Settings::outer_df, {"as-negotiated", "copy", "set", "clear"},
      "DF of outer IPv4 headers; as-negotiated: as the IKE daemon says for the SA."
  );
  schema.field("outer_dscp", &Settings::outer_dscp, "DSCP of outer headers.  64: as-negotiated.")
      .range(0, 64);
  schema
      .field("probe_interval_ms", &Settings::probe_interval_ms, "Time between probes of a tunnel.")
      .range(10, kProbeIntervalMax)
      .unit("ms");
  schema
      .field(
          "probe_loss_max", &Settings::probe_loss_max,
          "Probes in a row without an answer after which a tunnel is down."
      )
      .range(1, 100);
  schema
      .field(
          "switch_back_ms", &Settings::switch_back_ms,
          "How long a preferred gateway must answer again before traffic moves back to it."
      )
      .range(0, 3600000)
      .unit("ms");
  schema
      .field(
          "sa_grace_seconds", &Settings::sa_grace_seconds,
          "How long SAs of an IKE daemon that restarted are kept until it has replaced them."
      )
      .range(1, 86400)
      .unit("s");
  schema.field(
      "cluster_cidrs", &Settings::cluster_cidrs,
      "The pod networks of the whole cluster, as in the settings of the agent: dropped until the "
      "agent has said which of them are remote and which are local.  Empty: no such guard."
  );
  schema.field(
      "keep_sas", &Settings::keep_sas,
      "Keep SAs with their keys across a crash, in state_dir if that is in RAM; else the IKE "
      "daemon re-keys them."
  );
  schema.field(
      "static_sa_file", &Settings::static_sa_file,
      "SAs from a file, for labs and measurements without IKE only: keys would be used again after "
      "the machine has restarted.  Empty: none."
  );
  schema.field("state_dir", &Settings::state_dir, "Lock file, kept SAs and last desired state.");
  schema.field("tables", &Settings::tables, "Sizes of tables, allocated at start.");
  add_checks(schema);
}

}  // namespace raven::dataplane
