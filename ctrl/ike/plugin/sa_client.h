/* The connection to raven-dataplane over the SA socket: requests with one reply each, and events.
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Threading: sa_client_call() from any thread, one request at a time.  Events and epochs are
 * reported from charon's worker threads.
 *
 * A dataplane that is away for less than two seconds is waited for.  After that, requests fail
 * at once until it is back, so that charon's threads do not queue up behind it.
 */
#ifndef KERNEL_RAVEN_SA_CLIENT_H
#define KERNEL_RAVEN_SA_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dpapi/sa_socket.h"

struct sa_client;

enum sa_call_result {
  SA_CALL_DONE,    /* the reply is there; its `result` says how it went */
  SA_CALL_NOT_SENT, /* the dataplane is away */
  SA_CALL_UNKNOWN, /* sent, no reply: it may have been carried out */
  SA_CALL_LOST,    /* as before, and it has restarted since: a key is not sent to it again */
};

struct sa_call {
  enum sa_call_result result;
  bool repeated;  /* sent more than once: ESRCH or EEXIST may be our own doing */
  uint64_t epoch; /* of the dataplane that answered */
  struct raven_sa_reply reply;
};

struct sa_client_listener {
  /* An event message; the header has been checked, the size fits its operation. */
  void (*event)(void *user, const struct raven_sa_header *message);
  /* The events connection is up, after a loss or at start. */
  void (*connected)(void *user);
  void *user;
};

/* `path` must outlive the client.  Connects in the background. */
struct sa_client *sa_client_create(const char *path, uint64_t instance,
                                   struct sa_client_listener listener);
void sa_client_destroy(struct sa_client *client);

/* Sends `message` (header filled in here) and waits for the reply. */
struct sa_call sa_client_call(struct sa_client *client, enum raven_sa_op op,
                              struct raven_sa_header *message, size_t size);

/* Epoch of the dataplane last spoken to; 0: none yet. */
uint64_t sa_client_epoch(struct sa_client *client);

#endif
