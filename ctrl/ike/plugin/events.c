/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "events.h"

#include <daemon.h>
#include <inttypes.h>
#include <stdatomic.h>

#include "address.h"

#define ACQUIRE_PAUSE_S 5 /* between two attempts, so that a dead peer is not hammered */

struct sa_events {
  struct sa_table *table;
  atomic_uint_fast64_t ignored;
  time_t acquired_at; /* touched by the events job alone */
  uint32_t acquired_tunnel;
};

struct sa_events *sa_events_create(struct sa_table *table) {
  struct sa_events *this;
  INIT(this, .table = table);
  return this;
}

void sa_events_destroy(struct sa_events *this) { free(this); }

static void ignore(struct sa_events *this, const char *what, uint32_t number) {
  const uint64_t ignored = atomic_fetch_add(&this->ignored, 1) + 1;
  DBG1(DBG_KNL, "kernel-raven: event ignored: %s %08x (%" PRIu64 " so far)", what, number,
       ignored);
}

void sa_events_expire(const struct raven_sa_id *id, bool hard) {
  host_t *dst = host_of(&id->dst);
  if (dst == NULL) return;
  charon->kernel->expire(charon->kernel, IPPROTO_ESP, htonl(id->spi), dst, hard);
  dst->destroy(dst);
}

static void on_expire(struct sa_events *this, const struct raven_sa_expire *event) {
  struct sa_record record;
  if (!sa_table_find_event(this->table, &event->id, &record))
    return ignore(this, "expiry of an unknown SA", event->id.spi);
  DBG1(DBG_KNL, "kernel-raven: SA %08x %s", event->id.spi,
       event->hard ? "has expired" : "is to be re-keyed");
  sa_events_expire(&record.id, event->hard != 0);
}

static void on_mapping(struct sa_events *this, const struct raven_sa_mapping *event) {
  struct sa_record record;
  host_t *remote = host_of(&event->remote);
  if (remote == NULL || event->remote.port == 0 || event->id.direction != RAVEN_SA_IN ||
      !sa_table_find_event(this->table, &event->id, &record)) {
    DESTROY_IF(remote);
    return ignore(this, "new address of an unknown SA", event->id.spi);
  }
  host_t *dst = host_of(&record.id.dst);
  DBG1(DBG_KNL, "kernel-raven: peer of SA %08x is now at %#H", event->id.spi, remote);
  charon->kernel->mapping(charon->kernel, IPPROTO_ESP, htonl(record.id.spi), dst, remote);
  dst->destroy(dst);
  remote->destroy(remote);
}

/* The child of any connection that is ours to initiate and belongs to the tunnel.  The other side
 * waits for its peer: both initiating at once would double every CHILD_SA. */
static child_cfg_t *find_child(peer_cfg_t *peer, uint32_t tunnel_id) {
  child_cfg_t *child, *found = NULL;
  enumerator_t *children = peer->create_child_cfg_enumerator(peer);
  while (found == NULL && children->enumerate(children, &child)) {
    if (child->get_if_id(child, FALSE) >> RAVEN_SA_TUNNEL_SHIFT == tunnel_id &&
        (child->get_start_action(child) & ACTION_START))
      found = child->get_ref(child);
  }
  children->destroy(children);
  return found;
}

static bool initiate(uint32_t tunnel_id) {
  peer_cfg_t *peer, *found = NULL;
  child_cfg_t *child = NULL;
  enumerator_t *peers = charon->backends->create_peer_cfg_enumerator(
      charon->backends, NULL, NULL, NULL, NULL, IKE_ANY);
  while (child == NULL && peers->enumerate(peers, &peer)) {
    child = find_child(peer, tunnel_id);
    if (child != NULL) found = peer->get_ref(peer);
  }
  peers->destroy(peers);
  if (child == NULL) return FALSE;
  charon->controller->initiate(charon->controller, found, child, NULL, NULL, 0, FALSE);
  return TRUE;
}

static bool is_outbound_of(const struct sa_record *record, uint64_t tunnel_id) {
  return record->id.direction == RAVEN_SA_OUT && record->state == SA_INSTALLED &&
         record->if_id >> RAVEN_SA_TUNNEL_SHIFT == tunnel_id;
}

static void on_acquire(struct sa_events *this, const struct raven_sa_acquire *event) {
  const uint32_t tunnel_id = event->if_id >> RAVEN_SA_TUNNEL_SHIFT;
  const time_t now = time_monotonic(NULL);
  size_t count = 0;
  if (tunnel_id == 0) return ignore(this, "acquire without a tunnel", event->if_id);
  if (tunnel_id == this->acquired_tunnel && now - this->acquired_at < ACQUIRE_PAUSE_S) return;
  free(sa_table_collect(this->table, is_outbound_of, tunnel_id, &count));
  if (count > 0) return;
  this->acquired_tunnel = tunnel_id;
  this->acquired_at = now;
  if (!initiate(tunnel_id)) ignore(this, "acquire, not ours to initiate, tunnel", tunnel_id);
}

void sa_events_handle(struct sa_events *this, const struct raven_sa_header *message) {
  switch (message->op) {
    case RAVEN_SA_EXPIRE:
      return on_expire(this, (const struct raven_sa_expire *)message);
    case RAVEN_SA_MAPPING:
      return on_mapping(this, (const struct raven_sa_mapping *)message);
    case RAVEN_SA_ACQUIRE:
      return on_acquire(this, (const struct raven_sa_acquire *)message);
    default:
      return ignore(this, "operation", message->op);
  }
}
