/* The build options that charon's headers depend on, as Debian 12 builds strongSwan 5.9.8.  This
 * replaces a run of ./configure.  ME (--enable-mediation) adds members to structures that are
 * shared with charon, so it must match the charon that loads the plugin.
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define CONFIG_H_INCLUDED 1
#define VERSION "5.9.8"
#define ME 1
#define HAVE__BOOL 1
#define HAVE_STDBOOL_H 1
#define HAVE_SIGWAITINFO 1
#define HAVE_EXPLICIT_BZERO 1
#define HAVE_CLOSEFROM 1
#define HAVE_FMEMOPEN 1
#define HAVE_MEMRCHR 1
#define HAVE_ALLOCA_H 1
#define HAVE_SYS_PARAM_H 1
#define HAVE_INT128 1
#define HAVE_CLOCK_GETTIME 1
#define HAVE_CONDATTR_CLOCK_MONOTONIC 1
#define HAVE_GCC_SYNC_OPERATIONS 1
#define HAVE_PRINTF_SPECIFIER 1
