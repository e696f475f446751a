// The settings of raven-dataplane (YAML), one description for parser, checks, sample and docs.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: plain values, read-only after start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "common/settings/settings.h"
#include "common/wire/raven.h"

namespace raven::dataplane {

enum class IdleMode { kPoll, kAdaptive };
enum class PortMode { kOwned, kShared };
enum class PortRole { kLan, kWan, kBoth };
enum class OuterDf { kAsNegotiated, kCopy, kSet, kClear };

struct WorkerSettings {
  uint32_t count = 1;
  std::vector<uint32_t> cpus;
  IdleMode idle = IdleMode::kAdaptive;
  static void describe(settings::Schema<WorkerSettings>& schema);
};

struct MemorySettings {
  bool hugepages = true;
  uint32_t size_mb = 512;
  uint32_t packet_buffers = 16384;
  static void describe(settings::Schema<MemorySettings>& schema);
};

struct PortSettings {
  std::string name;
  std::string devargs;
  PortMode mode = PortMode::kOwned;
  PortRole role = PortRole::kBoth;
  std::string kernel_interface;
  uint32_t mtu = 1500;
  bool isolate_kernel = false;
  std::string isolate_interface;
  static void describe(settings::Schema<PortSettings>& schema);
};

struct Raven0Settings {
  std::string name = kOverlayName;
  uint32_t mtu = 1400;
  static void describe(settings::Schema<Raven0Settings>& schema);
};

struct SocketSettings {
  std::string control = "/run/raven-gateway/dataplane.sock";
  std::string control_mode = "0660";
  std::string sa = "/run/charon.raven";
  std::string sa_mode = "0600";
  std::vector<uint32_t> allowed_uids = {0};
  static void describe(settings::Schema<SocketSettings>& schema);
};

struct TableSettings {
  uint32_t routes_max = 16384;
  uint32_t sas_max = 4096;
  uint32_t tunnels_max = 1024;
  uint32_t adjacencies_max = 4096;
  static void describe(settings::Schema<TableSettings>& schema);
};

inline constexpr uint32_t kDscpAsNegotiated = 64;

struct Settings {
  std::string instance = "raven";
  WorkerSettings workers;
  MemorySettings memory;
  std::vector<PortSettings> ports;
  Raven0Settings raven0;
  SocketSettings sockets;
  std::string metrics_address = "127.0.0.1:10301";
  bool metrics_spi_label = false;
  uint32_t replay_window = kReplayWindowDefault;
  OuterDf outer_df = OuterDf::kAsNegotiated;
  uint32_t outer_dscp = kDscpAsNegotiated;
  uint32_t probe_interval_ms = 100;
  uint32_t probe_loss_max = 3;
  uint32_t switch_back_ms = 5000;
  uint32_t sa_grace_seconds = 120;
  std::vector<IpPrefix> cluster_cidrs;
  bool keep_sas = true;
  std::string static_sa_file;
  std::string state_dir = "/run/raven-gateway";
  TableSettings tables;
  static void describe(settings::Schema<Settings>& schema);
};

// The octal text of a mode setting ("0660").  REQUIRES: the settings were checked.
unsigned file_mode(const std::string& octal);

}  // namespace raven::dataplane
