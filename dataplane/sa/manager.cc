// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/manager.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <tuple>

#include "common/base/log.h"

namespace raven::dataplane {
namespace {

uint64_t random_number() {
  uint64_t number = 0;
  while (number == 0)
    if (::getrandom(&number, sizeof(number), 0) != sizeof(number)) number = 0;
  return number;
}

std::string text_of(const SaEntry& entry) {
  return fmt::format(
      "{} SPI {:#010x} tunnel {:06x}", entry.inbound() ? "in" : "out", entry.id.spi.value(),
      entry.tunnel.value()
  );
}

}  // namespace

SaManager::SaManager(
    const SaManagerSettings& settings, SaTables& tables, std::function<void(const SaEvent&)> tell,
    std::shared_ptr<SaJournal> journal
)
    : settings_{settings},
      tables_{tables},
      tell_{std::move(tell)},
      epoch_{random_number()},
      kept_{std::move(journal)},
      lifecycle_{entries_, settings.grace},
      publication_{entries_, tables, settings.workers} {}

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

std::size_t SaManager::restore(Instant now) {
  std::size_t restored = 0;
  for (KeptSa* kept : kept_.of_daemons()) {
    const bool there = kept->worker.value() < settings_.workers;
    const WorkerId worker =
        there ? kept->worker : choose_worker(kept->config.tunnel_id, kept->config.direction);
    const Status status = install(std::move(kept->config), worker, kept->window, now);
    kept->taken = true;
    if (status.ok()) {
      ++restored;
    } else {
      log::warning("sa", "not restored: {}", status.error().message);
    }
  }
  return restored;
}

Status SaManager::add(SaConfig config, Instant now) {
  RAVEN_ASSIGN(const KeptSas::Resumed resumed, kept_.resume(config));
  const WorkerId worker = choose_worker(config.tunnel_id, config.direction);
  RAVEN_TRY(install(std::move(config), worker, resumed.window, now));
  if (resumed.kept != nullptr) resumed.kept->taken = true;
  return {};
}

Status SaManager::check_room(const SaConfig& config) const {
  if (entries_.size() >= settings_.sas_max)
    return Error{
        ErrorCode::kExhausted,
        fmt::format("SA table is full: {} (setting tables.sas_max)", settings_.sas_max)};
  if (entries_.find_exact({config.spi, config.direction, config.outer}) != nullptr)
    return Error{ErrorCode::kExists, "SA exists already: " + config.text()};
  return {};
}

Status SaManager::install(SaConfig config, WorkerId worker, const uint64_t* window, Instant now) {
  RAVEN_TRY(check_room(config));
  if (config.instance != 0) {
    config.dscp = settings_.outer_rules.dscp.value_or(config.dscp);
    config.df = settings_.outer_rules.df.value_or(config.df);
  }
  auto entry = std::make_unique<SaEntry>();
  entry->id = {config.spi, config.direction, config.outer};
  entry->tunnel = config.tunnel_id;
  entry->instance = config.instance;
  entry->serial = entries_.next_serial();
  RAVEN_ASSIGN(const SaMemory memory, kept_.take_place(*entry, config, worker, window));
  if (config.direction == Direction::kInbound) {
    RAVEN_ASSIGN(entry->in, InboundSa::create(config, worker, *library_, memory));
  } else {
    RAVEN_ASSIGN(entry->out, OutboundSa::create(config, worker, *library_, memory));
  }
  if (entry->place) entry->place.commit();
  entry->lifetime().check_time(now);
  publication_.added(entries_.add(std::move(entry)));
  log::info(
      "sa", "added {} tunnel {:06x} worker {}", config.text(), config.tunnel_id.value(),
      worker.value()
  );
  return {};
}

// Fewest SAs of the tunnel first; those about to be replaced do not count.  When all workers have
// as many, a re-key is under way: the worker whose SA is the oldest gets the new one.
WorkerId SaManager::choose_worker(TunnelId tunnel, Direction direction) const {
  struct Load {
    unsigned of_tunnel = 0;
    uint64_t oldest_serial = 0;
    std::size_t of_all = 0;
  };
  std::vector<Load> loads(settings_.workers);
  for (const SaEntry* entry : entries_.flow(tunnel, direction)) {
    if (!entry->usable() || entry->wants_new_keys()) continue;
    Load& load = loads[entry->worker().value()];
    if (load.of_tunnel++ == 0) load.oldest_serial = entry->serial;
  }
  for (uint16_t worker = 0; worker < loads.size(); ++worker)
    loads[worker].of_all = entries_.count(WorkerId{worker}, direction);
  const auto rank = [](const Load& load) {
    return std::tuple{load.of_tunnel, load.oldest_serial, load.of_all};
  };
  const auto best = std::ranges::min_element(loads, {}, rank);
  return WorkerId{static_cast<uint16_t>(best - loads.begin())};
}

Status SaManager::update(const SaId& id, const OuterAddresses& outer) {
  SaEntry* entry = entries_.find(id);
  if (entry == nullptr) return Error{ErrorCode::kNotFound, "no such SA"};
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
  if (!entry->inbound()) publication_.publish_outbound(entry->tunnel);
  return {};
}

Status SaManager::remove(const SaId& id) {
  const SaEntry* entry = entries_.find(id);
  if (entry == nullptr) return Error{ErrorCode::kNotFound, "no such SA"};
  remove_all({&entry, 1});
  return {};
}

// First out of the tables, then free when no worker can hold it.
void SaManager::remove_all(std::span<const SaEntry* const> entries) {
  std::vector<std::unique_ptr<SaEntry>> gone;
  for (const SaEntry* entry : entries) {
    gone.push_back(entries_.take(*entry));
    if (gone.back()->place) gone.back()->place.forget();
    log::info("sa", "removed {}", text_of(*entry));
  }
  publication_.removed(gone);
  for (auto& entry : gone) retire(std::move(entry));
}

// Workers may count on until nobody holds it any more.
void SaManager::retire(std::unique_ptr<SaEntry> entry) {
  const Traffic so_far = entry->traffic();
  (*retired_)[entry->flow()] += so_far;
  std::shared_ptr<SaEntry> last = std::move(entry);
  tables_.free_later([last = std::move(last), so_far, retired = retired_]() mutable {
    if (const auto sum = retired->find(last->flow()); sum != retired->end())
      sum->second += last->traffic().since(so_far);
    last.reset();
  });
}

void SaManager::flush(uint64_t instance) {
  std::vector<const SaEntry*> goes;
  for (const auto& [serial, entry] : entries_.by_serial())
    if (entry->instance == instance) goes.push_back(entry.get());
  remove_all(goes);
}

void SaManager::daemon_started(uint64_t instance, Instant now) {
  lifecycle_.daemon_started(instance, now);
}

void SaManager::repeat_events() {
  for (const SaExpired& event : lifecycle_.standing_events()) tell_(event);
}

void SaManager::sa_wanted(TunnelId tunnel, Instant now) {
  if (newest_outbound(tunnel) != nullptr) return;
  const auto [last, first_time] = acquired_.emplace(tunnel, now);
  if (!first_time && now - last->second < kAcquireInterval) return;
  last->second = now;
  tell_(SaAcquire{tunnel});
}

void SaManager::source_moved(Spi inbound, const IpAddress& address, uint16_t port) {
  if (const SaEntry* entry = entries_.find({inbound, Direction::kInbound, {}}); entry != nullptr)
    tell_(SaMapped{entry->id, address, port});
}

void SaManager::peers_changed() {
  std::erase_if(*retired_, [this](const auto& flow) {
    return tables_.peer_of(flow.first.first) == kNoPeer;
  });
  std::erase_if(acquired_, [this](const auto& item) {
    return tables_.peer_of(item.first) == kNoPeer;
  });
  publication_.publish_all();
}

void SaManager::tick(Instant now) {
  const SaLifecycle::Changes changes = lifecycle_.look(now);
  for (const SaEntry* entry : changes.soft) tell_(SaExpired{entry->id, false});
  for (const SaEntry* entry : changes.hard) {
    log::warning("sa", "{}: lifetime has run out", text_of(*entry));
    if (!entry->inbound()) publication_.publish_outbound(entry->tunnel);
    tell_(SaExpired{entry->id, true});
  }
  for (const auto& [serial, entry] : entries_.by_serial())
    if (entry->place) entry->place.note(entry->lifetime().packets(), entry->lifetime().bytes());
  if (!changes.gone.empty()) remove_all(changes.gone);
}

std::vector<SaInfo> SaManager::list(Instant now) const {
  std::vector<SaInfo> all;
  all.reserve(entries_.size());
  for (const auto& [serial, entry] : entries_.by_serial())
    all.push_back(describe(*entry, entries_, now));
  return all;
}

std::size_t SaManager::count_usable(TunnelId tunnel, Direction direction) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_.flow(tunnel, direction), &SaEntry::usable)
  );
}

Result<SaInfo> SaManager::query(const SaId& id, Instant now) const {
  const SaEntry* entry = entries_.find(id);
  if (entry == nullptr) return Error{ErrorCode::kNotFound, "no such SA"};
  return describe(*entry, entries_, now);
}

TrafficByTunnel SaManager::traffic() const {
  TrafficByTunnel sums = *retired_;
  for (const auto& [flow, sas] : entries_.flows())
    for (const SaEntry* entry : sas) sums[flow] += entry->traffic();
  return sums;
}

const OutboundSa* SaManager::find_outbound(Spi spi, const IpAddress& peer) const {
  OuterAddresses outer;
  outer.destination = peer;
  const SaEntry* entry = entries_.find_exact({spi, Direction::kOutbound, outer});
  return entry == nullptr ? nullptr : entry->out.get();
}

const OutboundSa* SaManager::newest_outbound(TunnelId tunnel) const {
  const SaEntry* entry = entries_.newest_outbound(tunnel);
  return entry == nullptr ? nullptr : entry->out.get();
}

}  // namespace raven::dataplane
