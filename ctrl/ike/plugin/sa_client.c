/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sa_client.h"

#include <daemon.h>
#include <errno.h>
#include <inttypes.h>
#include <library.h>
#include <processing/jobs/callback_job.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <threading/mutex.h>
#include <unistd.h>

#define ABSENCE_MAX_MS 2000     /* how long a request waits for a dataplane that is away */
#define REPLY_MS 1000           /* given to the dataplane for each answer */
#define RETRY_MS 50             /* between two attempts of one request */
#define RECONNECT_FIRST_MS 100  /* of the events connection, doubled up to the next line */
#define RECONNECT_MAX_MS 2000

struct sa_client {
  const char *path;
  uint64_t instance;
  struct sa_client_listener listener;
  atomic_uint_fast64_t epoch;

  mutex_t *lock; /* of the five members below */
  int rpc;
  uint64_t rpc_epoch;
  uint32_t cookie;
  bool away;           /* the last attempt to reach the dataplane failed ... */
  int64_t away_since_ms; /* ... for the first time at */

  int events; /* touched by the events job alone */
  uint32_t reconnect_ms;
};

static int64_t now_ms(void) {
  timeval_t now;
  time_monotonic(&now);
  return (int64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
}

static void set_timeout(int fd, int64_t ms) {
  const struct timeval timeout = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

static struct raven_sa_header header_of(enum raven_sa_op op, size_t size, uint32_t cookie) {
  return (struct raven_sa_header){.magic = RAVEN_SA_MAGIC,
                                  .version = RAVEN_SA_VERSION,
                                  .op = op,
                                  .size = (uint32_t)size,
                                  .cookie = cookie};
}

static bool header_is(const struct raven_sa_header *header, enum raven_sa_op op, size_t size,
                      uint32_t cookie) {
  return header->magic == RAVEN_SA_MAGIC && header->version == RAVEN_SA_VERSION &&
         header->op == op && header->size == size && header->cookie == cookie;
}

/* Keys are given to root or to our own user only, whoever else may have bound the path. */
static bool server_is_trusted(int fd) {
  struct ucred peer;
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return FALSE;
  if (peer.uid == 0 || peer.uid == geteuid()) return TRUE;
  DBG1(DBG_KNL, "kernel-raven: SA socket belongs to uid %d, not used", peer.uid);
  errno = EACCES;
  return FALSE;
}

/* Says hello and learns the epoch.  A new epoch is seen here first, whichever connection is the
 * faster one: from now on the entries of the SA table that carry the old one are lost. */
static bool exchange_hello(struct sa_client *this, int fd, enum raven_sa_channel channel,
                           uint64_t *epoch) {
  struct raven_sa_hello hello = {.header = header_of(RAVEN_SA_HELLO, sizeof(hello), 0),
                                 .instance = this->instance,
                                 .channel = channel};
  if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) != sizeof(hello)) return FALSE;
  if (recv(fd, &hello, sizeof(hello), 0) != sizeof(hello)) return FALSE;
  if (!header_is(&hello.header, RAVEN_SA_HELLO, sizeof(hello), 0) || hello.epoch == 0) {
    DBG1(DBG_KNL, "kernel-raven: dataplane speaks another version of the SA socket");
    errno = EPROTO;
    return FALSE;
  }
  atomic_store(&this->epoch, hello.epoch);
  *epoch = hello.epoch;
  return TRUE;
}

static int dial(struct sa_client *this, enum raven_sa_channel channel, uint64_t *epoch) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(this->path) >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, this->path);
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  set_timeout(fd, REPLY_MS);
  if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && server_is_trusted(fd) &&
      exchange_hello(this, fd, channel, epoch))
    return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* ---- requests ---- */

static bool exchange(struct sa_client *this, const struct raven_sa_header *message,
                     bool *sent, struct raven_sa_reply *reply) {
  if (send(this->rpc, message, message->size, MSG_NOSIGNAL) != (ssize_t)message->size)
    return FALSE;
  *sent = TRUE;
  if (recv(this->rpc, reply, sizeof(*reply), 0) != sizeof(*reply)) return FALSE;
  return header_is(&reply->header, message->op, sizeof(*reply), message->cookie);
}

static void close_rpc(struct sa_client *this) {
  if (this->rpc >= 0) close(this->rpc);
  this->rpc = -1;
}

static void note_failure(struct sa_client *this) {
  const int error = errno;
  close_rpc(this);
  if (this->away) return;
  this->away = TRUE;
  this->away_since_ms = now_ms();
  DBG1(DBG_KNL, "kernel-raven: dataplane cannot be reached at %s: %s", this->path,
       strerror(error));
}

static struct sa_call call_locked(struct sa_client *this, struct raven_sa_header *message) {
  struct sa_call call = {.result = SA_CALL_NOT_SENT};
  const int64_t deadline_ms = (this->away ? this->away_since_ms : now_ms()) + ABSENCE_MAX_MS;
  uint64_t sent_epoch = 0;
  for (;;) {
    if (this->rpc < 0) this->rpc = dial(this, RAVEN_SA_CHANNEL_RPC, &this->rpc_epoch);
    /* The key may be in use there, from the first attempt: it is sent once.  All else may be
     * asked twice. */
    if (this->rpc >= 0 && sent_epoch != 0 && this->rpc_epoch != sent_epoch &&
        message->op == RAVEN_SA_ADD) {
      call.result = SA_CALL_LOST;
      return call;
    }
    bool sent = FALSE;
    if (this->rpc >= 0 && exchange(this, message, &sent, &call.reply)) {
      this->away = FALSE;
      call.result = SA_CALL_DONE;
      call.epoch = this->rpc_epoch;
      return call;
    }
    note_failure(this);
    if (sent) {
      call.result = SA_CALL_UNKNOWN;
      call.repeated = TRUE;
      sent_epoch = this->rpc_epoch;
    }
    if (now_ms() >= deadline_ms) return call;
    usleep(RETRY_MS * 1000);
  }
}

struct sa_call sa_client_call(struct sa_client *this, enum raven_sa_op op,
                              struct raven_sa_header *message, size_t size) {
  this->lock->lock(this->lock);
  *message = header_of(op, size, ++this->cookie);
  const struct sa_call call = call_locked(this, message);
  this->lock->unlock(this->lock);
  return call;
}

uint64_t sa_client_epoch(struct sa_client *this) { return atomic_load(&this->epoch); }

/* ---- events ---- */

static job_requeue_t connect_events(struct sa_client *this);

static void schedule_connect(struct sa_client *this) {
  lib->scheduler->schedule_job_ms(
      lib->scheduler,
      (job_t *)callback_job_create((callback_job_cb_t)connect_events, this, NULL, NULL),
      this->reconnect_ms);
  this->reconnect_ms = min(this->reconnect_ms * 2, RECONNECT_MAX_MS);
}

static size_t size_of_event(uint16_t op) {
  switch (op) {
    case RAVEN_SA_EXPIRE:
      return sizeof(struct raven_sa_expire);
    case RAVEN_SA_MAPPING:
      return sizeof(struct raven_sa_mapping);
    case RAVEN_SA_ACQUIRE:
      return sizeof(struct raven_sa_acquire);
    default:
      return 0;
  }
}

static bool on_events(struct sa_client *this, int fd, watcher_event_t event) {
  union {
    struct raven_sa_header header;
    struct raven_sa_expire expire;
    struct raven_sa_mapping mapping;
    struct raven_sa_acquire acquire;
  } message;
  const ssize_t size = recv(fd, &message, sizeof(message), MSG_DONTWAIT | MSG_TRUNC);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return TRUE;
  if (size <= 0) {
    DBG1(DBG_KNL, "kernel-raven: dataplane closed its connection");
    close(fd);
    this->events = -1;
    schedule_connect(this);
    return FALSE;
  }
  if (size < (ssize_t)sizeof(message.header) || (size_t)size != size_of_event(message.header.op) ||
      !header_is(&message.header, message.header.op, (size_t)size, 0)) {
    DBG1(DBG_KNL, "kernel-raven: malformed event of %zd bytes, ignored", size);
    return TRUE;
  }
  this->listener.event(this->listener.user, &message.header);
  return TRUE;
}

static job_requeue_t connect_events(struct sa_client *this) {
  uint64_t epoch = 0;
  this->events = dial(this, RAVEN_SA_CHANNEL_EVENTS, &epoch);
  if (this->events < 0) {
    DBG2(DBG_KNL, "kernel-raven: connecting to %s: %s", this->path, strerror(errno));
    schedule_connect(this);
    return JOB_REQUEUE_NONE;
  }
  DBG1(DBG_KNL, "kernel-raven: connected to the dataplane at %s, epoch %" PRIx64, this->path,
       epoch);
  this->reconnect_ms = RECONNECT_FIRST_MS;
  lib->watcher->add(lib->watcher, this->events, WATCHER_READ, (watcher_cb_t)on_events, this);
  this->listener.connected(this->listener.user);
  return JOB_REQUEUE_NONE;
}

struct sa_client *sa_client_create(const char *path, uint64_t instance,
                                   struct sa_client_listener listener) {
  struct sa_client *this;
  INIT(this, .path = path, .instance = instance, .listener = listener,
       .lock = mutex_create(MUTEX_TYPE_DEFAULT), .rpc = -1, .events = -1,
       .reconnect_ms = RECONNECT_FIRST_MS);
  schedule_connect(this);
  return this;
}

void sa_client_destroy(struct sa_client *this) {
  if (this->events >= 0) {
    lib->watcher->remove(lib->watcher, this->events);
    close(this->events);
  }
  close_rpc(this);
  this->lock->destroy(this->lock);
  free(this);
}
