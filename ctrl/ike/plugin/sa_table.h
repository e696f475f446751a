/* The SAs that this plugin knows of: SPIs it has reserved, SAs the dataplane has, and SAs the
 * dataplane may still have although charon has given them up.  It holds no keys: what the
 * dataplane has lost cannot be handed over again, only re-keyed.
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Threading: every function may be called from any thread.  Plain C, nothing of charon in it.
 */
#ifndef KERNEL_RAVEN_SA_TABLE_H
#define KERNEL_RAVEN_SA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dpapi/sa_socket.h"

enum sa_state {
  SA_RESERVED,   /* inbound SPI handed to charon, nothing installed */
  SA_INSTALLING, /* the dataplane has been asked */
  SA_INSTALLED,
  SA_DOOMED, /* to be deleted in the dataplane as soon as it can be reached */
};

/* A copy of an entry; `id` is exactly what the dataplane knows the SA by, ports included. */
struct sa_record {
  struct raven_sa_id id;
  uint32_t if_id;
  enum sa_state state;
  uint64_t epoch; /* of the dataplane that has it */
};

struct sa_table;

struct sa_table *sa_table_create(void); /* NULL: no memory */
void sa_table_destroy(struct sa_table *table);

/* Reserves an inbound SPI; false when an inbound SA of any address has it already. */
bool sa_table_reserve(struct sa_table *table, const struct raven_sa_id *id);

/* Adds or replaces the entry of this SPI, addresses and direction; false: no memory. */
bool sa_table_put(struct sa_table *table, const struct sa_record *record);

/* Looks up by SPI and both addresses (ports do not count), as charon names an SA.  A reserved SPI
 * is found by its SPI alone: its addresses may have changed before anything was installed. */
bool sa_table_find(struct sa_table *table, const struct raven_sa_id *id, struct sa_record *found);

/* Looks up by SPI, direction and destination, as an event of the dataplane names an SA. */
bool sa_table_find_event(struct sa_table *table, const struct raven_sa_id *id,
                         struct sa_record *found);

/* The installed SA of this identity is with the dataplane of this epoch, if it is still known. */
void sa_table_confirm(struct sa_table *table, const struct raven_sa_id *id, uint64_t epoch);

/* Removes the entry that has exactly this identity (ports do not count). */
void sa_table_remove(struct sa_table *table, const struct raven_sa_id *id);

/* Copies of the entries for which `wanted` is true, as an array of `*count` for free(); NULL when
 * there are none or no memory. */
typedef bool (*sa_table_filter)(const struct sa_record *record, uint64_t argument);
struct sa_record *sa_table_collect(struct sa_table *table, sa_table_filter wanted,
                                   uint64_t argument, size_t *count);

#endif
