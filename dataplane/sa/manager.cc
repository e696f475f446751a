// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/manager.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "common/base/log.h"
#include "dataplane/sa/manager_entry.h"

namespace raven::dataplane {
namespace {

uint64_t random_number() {
  uint64_t number = 0;
  while (number == 0)
    if (::getrandom(&number, sizeof(number), 0) != sizeof(number)) number = 0;
  return number;
}

}  // namespace

SaManager::SaManager(
    const SaManagerSettings& settings, SaTables& tables, std::function<void(const SaEvent&)> tell,
    std::shared_ptr<SaJournal> journal
)
    : settings_{settings},
      tables_{tables},
      tell_{std::move(tell)},
      journal_{std::move(journal)},
      epoch_{random_number()} {}

SaManager::~SaManager() = default;

Result<std::unique_ptr<SaManager>> SaManager::create(
    const SaManagerSettings& settings, SaTables& tables, std::function<void(const SaEvent&)> tell,
    std::shared_ptr<SaJournal> journal
) {
  std::unique_ptr<SaManager> manager{
      new SaManager{settings, tables, std::move(tell), std::move(journal)}};
  RAVEN_ASSIGN(manager->library_, CipherLibrary::create_linked());
  return manager;
}

Status SaManager::check_new(const SaConfig& config) const {
  RAVEN_TRY(validate(config));
  if (entries_.size() >= settings_.sas_max)
    return Error{
        ErrorCode::kExhausted,
        fmt::format("SA table is full: {} (setting tables.sas_max)", settings_.sas_max)};
  const Entry* existing = find({config.spi, config.direction, config.outer});
  if (existing != nullptr &&
      (existing->inbound() || existing->id.outer.destination == config.outer.destination))
    return Error{ErrorCode::kExists, "SA exists already: " + config.text()};
  return {};
}

Status SaManager::install(SaConfig config, WorkerId worker, const uint64_t* window, Instant now) {
  RAVEN_TRY(check_new(config));
  if (config.instance != 0) {
    config.dscp = settings_.outer_rules.dscp.value_or(config.dscp);
    config.df = settings_.outer_rules.df.value_or(config.df);
  }
  auto entry = std::make_unique<Entry>();
  entry->id = {config.spi, config.direction, config.outer};
  entry->tunnel = config.tunnel_id;
  entry->instance = config.instance;
  entry->serial = next_serial_++;
  RAVEN_ASSIGN(const SaMemory memory, take_place(*entry, config, worker, window));
  if (config.direction == Direction::kInbound) {
    RAVEN_ASSIGN(entry->in, InboundSa::create(config, worker, *library_, memory));
  } else {
    RAVEN_ASSIGN(entry->out, OutboundSa::create(config, worker, *library_, memory));
  }
  if (entry->place) entry->place.commit();
  entry->lifetime().check_time(now);
  const bool inbound = entry->inbound();
  entries_.push_back(std::move(entry));
  inbound ? publish_inbound() : publish_outbound(config.tunnel_id);
  log::info(
      "sa", "added {} tunnel {:06x} worker {}", config.text(), config.tunnel_id.value(),
      worker.value()
  );
  return {};
}

// An outbound SA is meant by SPI and destination; after the peer moved, its daemon may still name
// the old destination, which is enough when the SPI is unique.
SaManager::Entry* SaManager::find(const SaId& id) const {
  Entry* by_spi = nullptr;
  unsigned same_spi = 0;
  for (const auto& entry : entries_) {
    if (entry->id.spi != id.spi || entry->id.direction != id.direction) continue;
    if (entry->inbound() || entry->id.outer.destination == id.outer.destination) return entry.get();
    by_spi = entry.get();
    ++same_spi;
  }
  return same_spi == 1 ? by_spi : nullptr;
}

// Fewest SAs of the tunnel first; those about to be replaced do not count.  When all workers have
// as many, a re-key is under way: the worker whose SA is the oldest gets the new one.
WorkerId SaManager::choose_worker(TunnelId tunnel, Direction direction) const {
  struct Load {
    unsigned of_tunnel = 0, of_all = 0;
    uint64_t oldest_serial = 0;
  };
  std::vector<Load> loads(settings_.workers);
  for (const auto& entry : entries_) {
    if (entry->id.direction != direction) continue;
    Load& load = loads[entry->worker().value()];
    ++load.of_all;
    if (entry->tunnel != tunnel || !entry->usable() || entry->wants_new_keys()) continue;
    if (load.of_tunnel++ == 0) load.oldest_serial = entry->serial;
  }
  const auto rank = [](const Load& load) {
    return std::tuple{load.of_tunnel, load.oldest_serial, load.of_all};
  };
  const auto best = std::ranges::min_element(loads, {}, rank);
  return WorkerId{static_cast<uint16_t>(best - loads.begin())};
}

Status SaManager::update(const SaId& id, const OuterAddresses& outer) {
  Entry* entry = find(id);
  if (entry == nullptr) return Error{ErrorCode::kNotFound, "no such SA"};
  RAVEN_TRY(validate(outer));
  if (entry->inbound()) {
    std::shared_ptr<const OuterAddresses> old = entry->in->move_to(outer);
    tables_.free_later([old = std::move(old)]() mutable { old.reset(); });
  } else {
    RAVEN_ASSIGN(auto header, entry->out->move_to(outer));
    std::shared_ptr<const OuterHeader> old = std::move(header);
    tables_.free_later([old = std::move(old)]() mutable { old.reset(); });
  }
  entry->id.outer = outer;
  if (entry->place) entry->place.move_to(outer);
  if (!entry->inbound()) publish_outbound(entry->tunnel);
  return {};
}

Status SaManager::remove(const SaId& id) {
  const Entry* wanted = find(id);
  if (wanted == nullptr) return Error{ErrorCode::kNotFound, "no such SA"};
  remove_if([wanted](const Entry& entry) { return &entry == wanted; });
  return {};
}

// First out of the tables, then free when no worker can hold it.
void SaManager::remove_if(const std::function<bool(const Entry&)>& goes) {
  const auto first = std::stable_partition(
      entries_.begin(), entries_.end(), [&](const auto& entry) { return !goes(*entry); }
  );
  Entries gone{std::move_iterator{first}, std::move_iterator{entries_.end()}};
  entries_.erase(first, entries_.end());
  bool inbound = false;
  std::set<TunnelId> outbound;
  for (const auto& entry : gone) {
    if (entry->place) entry->place.forget();
    inbound = inbound || entry->inbound();
    if (!entry->inbound()) outbound.insert(entry->tunnel);
    log::info(
        "sa", "removed {} SPI {:#010x} tunnel {:06x}", entry->inbound() ? "in" : "out",
        entry->id.spi.value(), entry->tunnel.value()
    );
  }
  if (inbound) publish_inbound();
  for (const TunnelId tunnel : outbound) publish_outbound(tunnel);
  for (auto& entry : gone) retire(std::move(entry));
}

// Workers may count on until nobody holds it any more.
void SaManager::retire(std::unique_ptr<Entry> entry) {
  const Traffic so_far = entry->traffic();
  (*retired_)[entry->flow()] += so_far;
  std::shared_ptr<Entry> last = std::move(entry);
  tables_.free_later([last = std::move(last), so_far, retired = retired_]() mutable {
    if (const auto sum = retired->find(last->flow()); sum != retired->end())
      sum->second += last->traffic().since(so_far);
    last.reset();
  });
}

void SaManager::flush(uint64_t instance) {
  remove_if([instance](const Entry& entry) { return entry.instance == instance; });
}

void SaManager::daemon_started(uint64_t instance, Instant now) {
  for (const auto& entry : entries_) {
    if (entry->instance == instance) entry->drop_at.reset();
    if (entry->instance == instance || entry->instance == 0 || entry->drop_at) continue;
    entry->drop_at = now + settings_.grace;
  }
}

void SaManager::repeat_events() {
  for (const auto& entry : entries_) {
    const bool hard = !entry->usable();
    if (hard || entry->wants_new_keys()) tell_(SaExpired{entry->id, hard});
  }
}

void SaManager::sa_wanted(TunnelId tunnel, Instant now) {
  if (newest_outbound(tunnel) != nullptr) return;
  const auto [last, first_time] = acquired_.emplace(tunnel, now);
  if (!first_time && now - last->second < kAcquireInterval) return;
  last->second = now;
  tell_(SaAcquire{tunnel});
}

void SaManager::source_moved(Spi inbound, const IpAddress& address, uint16_t port) {
  if (const Entry* entry = find({inbound, Direction::kInbound, {}}); entry != nullptr)
    tell_(SaMapped{entry->id, address, port});
}

void SaManager::peers_changed() {
  std::erase_if(*retired_, [this](const auto& flow) {
    return tables_.peer_of(flow.first.first) == kNoPeer;
  });
  publish_inbound();
  std::set<TunnelId> tunnels;
  for (const auto& entry : entries_)
    if (!entry->inbound()) tunnels.insert(entry->tunnel);
  for (const TunnelId tunnel : tunnels) publish_outbound(tunnel);
}

void SaManager::tick(Instant now) {
  for (const auto& entry : entries_) {
    check_lifetime(*entry, now);
    if (entry->place) entry->place.note(entry->lifetime().packets(), entry->lifetime().bytes());
  }
  remove_if([now](const Entry& entry) { return entry.drop_at && *entry.drop_at <= now; });
}

void SaManager::check_lifetime(Entry& entry, Instant now) {
  entry.lifetime().check_time(now);
  if (!entry.usable()) {
    if (std::exchange(entry.hard_told, true)) return;
    log::warning(
        "sa", "{} SPI {:#010x} tunnel {:06x}: lifetime has run out", entry.inbound() ? "in" : "out",
        entry.id.spi.value(), entry.tunnel.value()
    );
    if (!entry.inbound()) publish_outbound(entry.tunnel);
    tell_(SaExpired{entry.id, true});
  } else if (entry.wants_new_keys() && !std::exchange(entry.soft_told, true)) {
    tell_(SaExpired{entry.id, false});
  }
}

void SaManager::publish_inbound() {
  std::vector<SadEntry> sad;
  for (const auto& entry : entries_) {
    if (!entry->inbound()) continue;
    sad.push_back(
        {.spi = entry->id.spi.value(),
         .peer = tables_.peer_of(entry->tunnel),
         .worker = entry->worker(),
         .sa = entry->in.get()}
    );
  }
  tables_.publish_inbound(sad);
}

void SaManager::publish_outbound(TunnelId tunnel) {
  const PeerIndex peer = tables_.peer_of(tunnel);
  if (peer == kNoPeer) return;
  std::vector<OutboundSa*> per_worker(settings_.workers, nullptr);
  const OutboundSa* newest = nullptr;
  for (const auto& entry : entries_) {
    if (entry->inbound() || entry->tunnel != tunnel || !entry->usable()) continue;
    per_worker[entry->worker().value()] = entry->out.get();
    newest = entry->out.get();
  }
  tables_.set_outbound(peer, per_worker, newest == nullptr ? kNoWorker : newest->owner(), newest);
}

}  // namespace raven::dataplane
