/* What the dataplane tells charon: lifetimes that ran out, peers that moved, traffic without an
 * SA.  Every event is checked against the SA table: a wrong one is counted, never believed.
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef KERNEL_RAVEN_EVENTS_H
#define KERNEL_RAVEN_EVENTS_H

#include "sa_table.h"

struct sa_events;

struct sa_events *sa_events_create(struct sa_table *table);
void sa_events_destroy(struct sa_events *events);

/* An event message whose header and size are right. */
void sa_events_handle(struct sa_events *events, const struct raven_sa_header *message);

/* Asks charon to re-key (soft) or drop (hard) the CHILD_SA of this SA. */
void sa_events_expire(const struct raven_sa_id *id, bool hard);

#endif
