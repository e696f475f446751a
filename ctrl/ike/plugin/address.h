/* Between charon's hosts and the addresses of the SA socket.
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef KERNEL_RAVEN_ADDRESS_H
#define KERNEL_RAVEN_ADDRESS_H

#include <networking/host.h>

#include "common/dpapi/sa_socket.h"

/* The port is carried with UDP encapsulation only. */
struct raven_sa_address address_of(host_t *host, bool udp_encap);

/* NULL when `address` is not a valid one; else for host->destroy(). */
host_t *host_of(const struct raven_sa_address *address);

#endif
