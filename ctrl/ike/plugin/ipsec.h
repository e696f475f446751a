/* charon's view of the dataplane: an implementation of kernel_ipsec_t that keeps no keys and no
 * packets, only hands CHILD_SAs on.
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef KERNEL_RAVEN_IPSEC_H
#define KERNEL_RAVEN_IPSEC_H

#include <kernel/kernel_ipsec.h>

/* For PLUGIN_CALLBACK(kernel_ipsec_register, ...); NULL when something needed is missing. */
kernel_ipsec_t *raven_ipsec_create(void);

#endif
