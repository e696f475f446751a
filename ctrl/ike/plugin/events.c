/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "events.h"

#include <daemon.h>
#include <inttypes.h>
#include <stdatomic.h>

#include "address.h"

struct sa_events {
  struct sa_table *table;
  atomic_uint_fast64_t ignored;
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

/* The other side waits for its peer: both initiating at once would double every CHILD_SA. */
static bool is_ours(child_cfg_t *child, uint32_t tunnel_id) {
  return child->get_if_id(child, FALSE) >> RAVEN_SA_TUNNEL_SHIFT == tunnel_id &&
         (child->get_start_action(child) & ACTION_START);
}

/* The children of a tunnel that are ours to initiate, and the connection that has them. */
static linked_list_t *find_children(uint32_t tunnel_id, peer_cfg_t **owner) {
  peer_cfg_t *peer;
  child_cfg_t *child;
  linked_list_t *found = linked_list_create();
  enumerator_t *peers = charon->backends->create_peer_cfg_enumerator(
      charon->backends, NULL, NULL, NULL, NULL, IKE_ANY);
  while (found->get_count(found) == 0 && peers->enumerate(peers, &peer)) {
    enumerator_t *children = peer->create_child_cfg_enumerator(peer);
    while (children->enumerate(children, &child))
      if (is_ours(child, tunnel_id)) found->insert_last(found, child->get_ref(child));
    children->destroy(children);
    if (found->get_count(found) > 0) *owner = peer->get_ref(peer);
  }
  peers->destroy(peers);
  return found;
}

static bool makes_child(ike_sa_t *ike_sa, task_queue_t queue) {
  task_t *task;
  bool found = FALSE;
  enumerator_t *tasks = ike_sa->create_task_enumerator(ike_sa, queue);
  while (!found && tasks->enumerate(tasks, &task))
    found = task->get_type(task) == TASK_CHILD_CREATE;
  tasks->destroy(tasks);
  return found;
}

/* Whether charon works on it already.  Each further request would wait in its queue and become
 * one more CHILD_SA once the peer answers. */
static bool is_pending(peer_cfg_t *peer) {
  ike_sa_t *ike_sa;
  bool pending = FALSE;
  enumerator_t *sas = charon->controller->create_ike_sa_enumerator(charon->controller, TRUE);
  while (!pending && sas->enumerate(sas, &ike_sa)) {
    if (!streq(ike_sa->get_name(ike_sa), peer->get_name(peer))) continue;
    const ike_sa_state_t state = ike_sa->get_state(ike_sa);
    pending = state == IKE_CREATED || state == IKE_CONNECTING ||
              makes_child(ike_sa, TASK_QUEUE_ACTIVE) || makes_child(ike_sa, TASK_QUEUE_QUEUED);
  }
  sas->destroy(sas);
  return pending;
}

static void initiate(uint32_t tunnel_id) {
  peer_cfg_t *peer = NULL;
  child_cfg_t *child;
  linked_list_t *children = find_children(tunnel_id, &peer);
  if (peer != NULL && !is_pending(peer)) {
    DBG1(DBG_KNL, "kernel-raven: the dataplane asks for SAs of tunnel %06x", tunnel_id);
    while (children->remove_first(children, (void **)&child) == SUCCESS)
      charon->controller->initiate(charon->controller, peer->get_ref(peer), child, NULL, NULL, 0,
                                   FALSE);
  }
  children->destroy_offset(children, offsetof(child_cfg_t, destroy));
  DESTROY_IF(peer);
}

static bool is_outbound_of(const struct sa_record *record, uint64_t tunnel_id) {
  return record->id.direction == RAVEN_SA_OUT && record->state == SA_INSTALLED &&
         record->if_id >> RAVEN_SA_TUNNEL_SHIFT == tunnel_id;
}

/* Comes again every few seconds while the tunnel has no SA. */
static void on_acquire(struct sa_events *this, const struct raven_sa_acquire *event) {
  const uint32_t tunnel_id = event->if_id >> RAVEN_SA_TUNNEL_SHIFT;
  size_t count = 0;
  if (tunnel_id == 0) return ignore(this, "acquire without a tunnel", event->if_id);
  free(sa_table_collect(this->table, is_outbound_of, tunnel_id, &count));
  if (count == 0) initiate(tunnel_id);
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
