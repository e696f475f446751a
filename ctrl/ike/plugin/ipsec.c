/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipsec.h"

#include <daemon.h>
#include <errno.h>
#include <library.h>
#include <processing/jobs/callback_job.h>
#include <stdatomic.h>

#include "address.h"
#include "events.h"
#include "sa_client.h"
#include "sa_table.h"

#define SPI_BASE 0xc0000000u /* as the Linux kernel's range that charon uses */
#define SPI_RANDOM 0x0fffffffu
#define SPI_ATTEMPTS 100
#define REPAIR_PERIOD_MS 10000 /* between two attempts at what is left over from a failure */

struct raven_ipsec {
  kernel_ipsec_t public;
  rng_t *rng;
  struct sa_table *table;
  struct sa_events *events;
  struct sa_client *client;
  atomic_bool repair_due;   /* a repair is about to begin */
  atomic_bool repair_later; /* one will begin after REPAIR_PERIOD_MS */
};

/* ---- names of SAs ---- */

static struct raven_sa_id id_of(const kernel_ipsec_sa_id_t *id, bool inbound, bool encap) {
  return (struct raven_sa_id){.spi = ntohl(id->spi),
                              .direction = inbound ? RAVEN_SA_IN : RAVEN_SA_OUT,
                              .src = address_of(id->src, encap),
                              .dst = address_of(id->dst, encap)};
}

static bool find(struct raven_ipsec *this, const kernel_ipsec_sa_id_t *id,
                 struct sa_record *record) {
  const struct raven_sa_id wanted = id_of(id, TRUE, FALSE); /* the direction is not looked at */
  return sa_table_find(this->table, &wanted, record);
}

static struct sa_call call_for(struct raven_ipsec *this, enum raven_sa_op op,
                               const struct raven_sa_id *id) {
  struct raven_sa_lookup lookup = {.id = *id};
  return sa_client_call(this->client, op, &lookup.header, sizeof(lookup));
}

/* ---- repair: after a restart of the dataplane, or after an answer that never came ---- */

static bool is_stale(const struct sa_record *record, uint64_t epoch) {
  return record->state == SA_INSTALLED && record->epoch != epoch;
}

static bool is_doomed(const struct sa_record *record, uint64_t unused) {
  return record->state == SA_DOOMED;
}

/* Whether the restarted dataplane still has the SA, or cannot say so now. */
static bool may_have_survived(struct raven_ipsec *this, const struct sa_record *record) {
  const struct sa_call call = call_for(this, RAVEN_SA_QUERY, &record->id);
  if (call.result == SA_CALL_DONE && call.reply.result == 0)
    sa_table_confirm(this->table, &record->id, call.epoch);
  return call.result != SA_CALL_DONE || call.reply.result == 0;
}

/* One re-keying for both directions of a CHILD_SA. */
static bool goes_with_inbound(const struct sa_record *lost, size_t count,
                              const struct sa_record *record) {
  for (size_t i = 0; i < count && record->id.direction == RAVEN_SA_OUT; i++)
    if (lost[i].id.direction == RAVEN_SA_IN && lost[i].if_id == record->if_id) return TRUE;
  return FALSE;
}

/* A restarted dataplane is asked for every SA.  One that it has lost is never handed over again:
 * its outbound counter, and so its nonces, would start anew.  charon re-keys the CHILD_SA instead.
 * Returns how many SAs are not settled yet. */
static size_t resync(struct raven_ipsec *this) {
  size_t count = 0, lost = 0;
  const uint64_t epoch = sa_client_epoch(this->client);
  struct sa_record *stale = sa_table_collect(this->table, is_stale, epoch, &count);
  for (size_t i = 0; i < count; i++)
    if (!may_have_survived(this, &stale[i])) stale[lost++] = stale[i];
  if (count > 0)
    DBG1(DBG_KNL, "kernel-raven: dataplane has restarted, lost %zu of %zu SAs%s", lost, count,
         lost > 0 ? ", re-keying" : "");
  for (size_t i = 0; i < lost; i++)
    if (!goes_with_inbound(stale, lost, &stale[i])) sa_events_expire(&stale[i].id, FALSE);
  free(stale);
  free(sa_table_collect(this->table, is_stale, epoch, &count)); /* what is left */
  return count;
}

/* Returns how many are left.  A dataplane that does not answer now is asked again later, so that
 * charon's own requests do not wait behind these. */
static size_t delete_doomed(struct raven_ipsec *this) {
  size_t count = 0, gone = 0;
  struct sa_record *doomed = sa_table_collect(this->table, is_doomed, 0, &count);
  /* A dataplane that does not have it says so. */
  while (gone < count &&
         call_for(this, RAVEN_SA_DELETE, &doomed[gone].id).result == SA_CALL_DONE)
    sa_table_remove(this->table, &doomed[gone++].id);
  free(doomed);
  return count - gone;
}

static void repair(struct raven_ipsec *this);

static job_requeue_t begin_repair(struct raven_ipsec *this) {
  atomic_store(&this->repair_due, FALSE);
  repair(this);
  return JOB_REQUEUE_NONE;
}

static job_requeue_t begin_repair_again(struct raven_ipsec *this) {
  atomic_store(&this->repair_later, FALSE);
  repair(this);
  return JOB_REQUEUE_NONE;
}

static void schedule(struct raven_ipsec *this, callback_job_cb_t job, uint32_t delay_ms) {
  lib->scheduler->schedule_job_ms(
      lib->scheduler, (job_t *)callback_job_create(job, this, NULL, NULL), delay_ms);
}

static void repair_now(struct raven_ipsec *this) {
  if (!atomic_exchange(&this->repair_due, TRUE))
    schedule(this, (callback_job_cb_t)begin_repair, 0);
}

static void repair(struct raven_ipsec *this) {
  const size_t stale = resync(this);
  const size_t doomed = delete_doomed(this);
  if (stale + doomed > 0 && !atomic_exchange(&this->repair_later, TRUE))
    schedule(this, (callback_job_cb_t)begin_repair_again, REPAIR_PERIOD_MS);
}

static void on_connected(struct raven_ipsec *this) { repair_now(this); }

static void on_event(struct raven_ipsec *this, const struct raven_sa_header *message) {
  sa_events_handle(this->events, message);
}

/* The dataplane may have this SA although charon will not use it. */
static void doom(struct raven_ipsec *this, const struct sa_record *record) {
  struct sa_record doomed = *record;
  doomed.state = SA_DOOMED;
  if (sa_table_put(this->table, &doomed)) repair_now(this);
}

/* ---- kernel_ipsec_t ---- */

METHOD(kernel_ipsec_t, get_features, kernel_feature_t, struct raven_ipsec *this) {
  /* Without KERNEL_POLICY_SPI the responder of a re-keying starts to send on the new SA only when
   * the initiator deletes the old one, and so surely has the new one. */
  return KERNEL_NO_POLICY_UPDATES;
}

METHOD(kernel_ipsec_t, get_spi, status_t, struct raven_ipsec *this, host_t *src, host_t *dst,
       uint8_t protocol, uint32_t *spi) {
  if (protocol != IPPROTO_ESP) return NOT_SUPPORTED;
  struct raven_sa_id id = {
      .direction = RAVEN_SA_IN, .src = address_of(src, FALSE), .dst = address_of(dst, FALSE)};
  for (int attempt = 0; attempt < SPI_ATTEMPTS; attempt++) {
    uint32_t random;
    if (!this->rng->get_bytes(this->rng, sizeof(random), (uint8_t *)&random)) return FAILED;
    id.spi = SPI_BASE | (random & SPI_RANDOM);
    if (!sa_table_reserve(this->table, &id)) continue;
    *spi = htonl(id.spi);
    return SUCCESS;
  }
  return FAILED;
}

METHOD(kernel_ipsec_t, get_cpi, status_t, struct raven_ipsec *this, host_t *src, host_t *dst,
       uint16_t *cpi) {
  return NOT_SUPPORTED;
}

static bool copies_dscp(const kernel_ipsec_add_sa_t *data, dscp_copy_t one_way) {
  return data->copy_dscp == one_way || data->copy_dscp == DSCP_COPY_YES;
}

/* What of a configuration cannot be done as it says, NULL: nothing.  Congestion marks are always
 * carried over (RFC 6040), and the inner DSCP stays as it is (RFC 4301 section 5.1.2.1). */
static const char *unsupported(const kernel_ipsec_sa_id_t *id,
                               const kernel_ipsec_add_sa_t *data) {
  if (id->proto != IPPROTO_ESP) return "a protocol other than ESP";
  if (data->mode != MODE_TUNNEL) return "a mode other than tunnel";
  if (data->ipcomp != IPCOMP_NONE) return "compression";
  if (!data->copy_ecn) return "copy_ecn = no";
  if (data->inbound && copies_dscp(data, DSCP_COPY_IN_ONLY)) return "copy_dscp = in or yes";
  if (data->enc_key.len > RAVEN_SA_KEY_MAX || data->int_key.len > RAVEN_SA_KEY_MAX)
    return "a key of this size";
  return NULL;
}

static void fill_add(struct raven_sa_add *add, kernel_ipsec_sa_id_t *id,
                     kernel_ipsec_add_sa_t *data) {
  const lifetime_cfg_t *life = data->lifetime;
  *add = (struct raven_sa_add){
      .id = id_of(id, data->inbound, data->encap),
      .if_id = id->if_id,
      .reqid = data->reqid,
      .encryption = data->enc_alg,
      .integrity = data->int_alg == AUTH_UNDEFINED ? RAVEN_SA_AUTH_NONE : data->int_alg,
      .esn = data->esn,
      .udp_encap = data->encap,
      .copy_dscp = copies_dscp(data, DSCP_COPY_OUT_ONLY),
      .copy_df = data->copy_df,
      .replay_window = data->replay_window,
      .tfc_size = data->tfc,
      .rekey_after_seconds = life->time.rekey,
      .expire_after_seconds = life->time.life,
      .rekey_after_bytes = life->bytes.rekey,
      .expire_after_bytes = life->bytes.life,
      .rekey_after_packets = life->packets.rekey,
      .expire_after_packets = life->packets.life,
      .encryption_key_size = (uint16_t)data->enc_key.len,
      .integrity_key_size = (uint16_t)data->int_key.len};
  memcpy(add->encryption_key, data->enc_key.ptr, data->enc_key.len);
  memcpy(add->integrity_key, data->int_key.ptr, data->int_key.len);
}

/* EEXIST after a repetition to the same dataplane: the first attempt got through. */
static bool was_added(const struct sa_call *call) {
  return call->result == SA_CALL_DONE &&
         (call->reply.result == 0 || (call->repeated && call->reply.result == EEXIST));
}

METHOD(kernel_ipsec_t, add_sa, status_t, struct raven_ipsec *this, kernel_ipsec_sa_id_t *id,
       kernel_ipsec_add_sa_t *data) {
  const char *refused = unsupported(id, data);
  if (refused != NULL) {
    DBG1(DBG_KNL, "kernel-raven: SA %08x not installed: %s is not supported", ntohl(id->spi),
         refused);
    return NOT_SUPPORTED;
  }
  struct raven_sa_add add;
  fill_add(&add, id, data);
  struct sa_record record = {.id = add.id, .if_id = id->if_id, .state = SA_INSTALLING};
  const bool noted = sa_table_put(this->table, &record);
  struct sa_call call = {.result = SA_CALL_NOT_SENT};
  if (noted) call = sa_client_call(this->client, RAVEN_SA_ADD, &add.header, sizeof(add));
  memwipe(&add, sizeof(add));

  if (was_added(&call)) {
    record.state = SA_INSTALLED;
    record.epoch = call.epoch;
    sa_table_put(this->table, &record);
    /* The dataplane may have restarted since, unseen by the last repair. */
    if (call.epoch != sa_client_epoch(this->client)) repair_now(this);
    return SUCCESS;
  }
  if (call.result == SA_CALL_UNKNOWN || call.result == SA_CALL_LOST) {
    doom(this, &record);
  } else {
    sa_table_remove(this->table, &record.id);
  }
  DBG1(DBG_KNL, "kernel-raven: SA %08x not installed: %s", ntohl(id->spi),
       call.result == SA_CALL_DONE ? strerror(call.reply.result) : "dataplane is away");
  return FAILED;
}

METHOD(kernel_ipsec_t, update_sa, status_t, struct raven_ipsec *this, kernel_ipsec_sa_id_t *id,
       kernel_ipsec_update_sa_t *data) {
  struct sa_record record;
  if (!find(this, id, &record) || record.state != SA_INSTALLED) return NOT_FOUND;
  struct raven_sa_update update = {.id = record.id,
                                   .new_src = address_of(data->new_src, data->new_encap),
                                   .new_dst = address_of(data->new_dst, data->new_encap),
                                   .udp_encap = data->new_encap};
  const struct sa_call call =
      sa_client_call(this->client, RAVEN_SA_UPDATE, &update.header, sizeof(update));
  const bool done =
      call.result == SA_CALL_DONE &&
      (call.reply.result == 0 || (call.repeated && call.reply.result == ESRCH));
  if (!done) return FAILED;
  sa_table_remove(this->table, &record.id);
  record.id.src = update.new_src;
  record.id.dst = update.new_dst;
  return sa_table_put(this->table, &record) ? SUCCESS : FAILED;
}

METHOD(kernel_ipsec_t, query_sa, status_t, struct raven_ipsec *this, kernel_ipsec_sa_id_t *id,
       kernel_ipsec_query_sa_t *data, uint64_t *bytes, uint64_t *packets, time_t *used) {
  struct sa_record record;
  if (!find(this, id, &record) || record.state != SA_INSTALLED) return NOT_FOUND;
  const struct sa_call call = call_for(this, RAVEN_SA_QUERY, &record.id);
  if (call.result != SA_CALL_DONE || call.reply.result != 0) return FAILED;
  if (bytes != NULL) *bytes = call.reply.bytes;
  if (packets != NULL) *packets = call.reply.packets;
  if (used != NULL)
    *used = call.reply.idle_seconds < 0 ? 0 : time_monotonic(NULL) - call.reply.idle_seconds;
  return SUCCESS;
}

METHOD(kernel_ipsec_t, del_sa, status_t, struct raven_ipsec *this, kernel_ipsec_sa_id_t *id,
       kernel_ipsec_del_sa_t *data) {
  struct sa_record record;
  if (!find(this, id, &record)) return SUCCESS; /* it was never installed */
  if (record.state == SA_RESERVED) {
    sa_table_remove(this->table, &record.id);
    return SUCCESS;
  }
  const struct sa_call call = call_for(this, RAVEN_SA_DELETE, &record.id);
  if (call.result == SA_CALL_DONE) {
    sa_table_remove(this->table, &record.id);
  } else {
    doom(this, &record);
  }
  return SUCCESS;
}

/* charon deletes its SAs one by one; what a killed charon leaves behind, the dataplane drops. */
METHOD(kernel_ipsec_t, flush_sas, status_t, struct raven_ipsec *this) { return SUCCESS; }

/* Routing is by prefix in the dataplane, children are configured with policies = no.  The trap
 * and shunt policies that remain have nothing to act on. */
METHOD(kernel_ipsec_t, add_policy, status_t, struct raven_ipsec *this,
       kernel_ipsec_policy_id_t *id, kernel_ipsec_manage_policy_t *data) {
  return SUCCESS;
}

METHOD(kernel_ipsec_t, query_policy, status_t, struct raven_ipsec *this,
       kernel_ipsec_policy_id_t *id, kernel_ipsec_query_policy_t *data, time_t *used) {
  return NOT_SUPPORTED;
}

METHOD(kernel_ipsec_t, del_policy, status_t, struct raven_ipsec *this,
       kernel_ipsec_policy_id_t *id, kernel_ipsec_manage_policy_t *data) {
  return SUCCESS;
}

METHOD(kernel_ipsec_t, flush_policies, status_t, struct raven_ipsec *this) { return SUCCESS; }

/* The dataplane passes IKE to the kernel and takes ESP away before it: no exceptions needed. */
METHOD(kernel_ipsec_t, bypass_socket, bool, struct raven_ipsec *this, int fd, int family) {
  return TRUE;
}

METHOD(kernel_ipsec_t, enable_udp_decap, bool, struct raven_ipsec *this, int fd, int family,
       uint16_t port) {
  return TRUE;
}

METHOD(kernel_ipsec_t, destroy, void, struct raven_ipsec *this) {
  if (this->client != NULL) sa_client_destroy(this->client);
  if (this->events != NULL) sa_events_destroy(this->events);
  if (this->table != NULL) sa_table_destroy(this->table);
  DESTROY_IF(this->rng);
  free(this);
}

static struct raven_ipsec *create_methods(void) {
  struct raven_ipsec *this;
  INIT(this, .public = {
                 .get_features = _get_features,
                 .get_spi = _get_spi,
                 .get_cpi = _get_cpi,
                 .add_sa = _add_sa,
                 .update_sa = _update_sa,
                 .query_sa = _query_sa,
                 .del_sa = _del_sa,
                 .flush_sas = _flush_sas,
                 .add_policy = _add_policy,
                 .query_policy = _query_policy,
                 .del_policy = _del_policy,
                 .flush_policies = _flush_policies,
                 .bypass_socket = _bypass_socket,
                 .enable_udp_decap = _enable_udp_decap,
                 .destroy = _destroy,
             });
  return this;
}

kernel_ipsec_t *raven_ipsec_create(void) {
  struct raven_ipsec *this = create_methods();
  uint64_t instance = 0;
  this->table = sa_table_create();
  this->rng = lib->crypto->create_rng(lib->crypto, RNG_STRONG);
  if (this->table == NULL || this->rng == NULL ||
      !this->rng->get_bytes(this->rng, sizeof(instance), (uint8_t *)&instance)) {
    DBG1(DBG_KNL, "kernel-raven: no memory or no random numbers");
    _destroy(this);
    return NULL;
  }
  this->events = sa_events_create(this->table);
  const struct sa_client_listener listener = {
      .event = (void *)on_event, .connected = (void *)on_connected, .user = this};
  this->client = sa_client_create(
      lib->settings->get_str(lib->settings, "%s.plugins.kernel-raven.socket",
                             "/run/charon.raven", lib->ns),
      instance, listener);
  return &this->public;
}
