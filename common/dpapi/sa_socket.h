/* The SA socket: how a key daemon hands IPsec SAs to raven-dataplane.
 * SPDX-License-Identifier: MIT
 *
 * A UNIX SOCK_SEQPACKET socket; one message is one fixed-size structure below, in host byte order
 * unless a field says otherwise.  The header is plain C under the MIT licence, so that both the
 * (GPL) charon plugin and the (Apache) dataplane include it.
 *
 * Two connections per daemon.  Each starts with a hello of the client, answered by a hello of the
 * dataplane that carries its epoch:
 *   RPC    : request, one reply (struct raven_sa_reply) each, in order.
 *   EVENTS : dataplane -> daemon, no replies.
 *
 * Rules of the protocol
 * - Keys go in and never come out: no message of the dataplane carries key material.
 * - The epoch is random per start of the dataplane.  A daemon that sees it change asks for each SA
 *   (QUERY) whether it is still there: a dataplane may keep SAs over a crash.  It must not send an
 *   old key again (its outbound sequence numbers, hence AES-GCM nonces, would repeat): it re-keys
 *   the SAs that are gone instead.
 * - The daemon instance is random per start of the daemon.  When it changes, the dataplane keeps
 *   the SAs of the old instance for a grace time, then drops those that were not replaced.
 * - Inbound SAs are looked up by SPI alone: the daemon allocates inbound SPIs that are unique
 *   over all its inbound SAs.
 * - An SA belongs to the tunnel `if_id >> 8` (the low byte counts the CHILD_SAs of a tunnel).
 */
#ifndef RAVEN_DPAPI_SA_SOCKET_H
#define RAVEN_DPAPI_SA_SOCKET_H

#include <stdint.h>

#define RAVEN_SA_MAGIC 0x52415653u /* "RAVS" */
#define RAVEN_SA_VERSION 1u
#define RAVEN_SA_KEY_MAX 68u        /* largest key in bytes, salt included */
#define RAVEN_SA_TUNNEL_SHIFT 8u    /* if_id = tunnel id << 8 | number of the CHILD_SA */

enum raven_sa_op {
  RAVEN_SA_HELLO = 1,  /* client -> dataplane and back */
  RAVEN_SA_ADD = 2,    /* install an SA; inbound before outbound */
  RAVEN_SA_UPDATE = 3, /* new outer addresses or ports (MOBIKE, NAT) */
  RAVEN_SA_DELETE = 4,
  RAVEN_SA_QUERY = 5,  /* counters and last use */
  RAVEN_SA_FLUSH = 6,  /* delete all SAs of this daemon */
  RAVEN_SA_EXPIRE = 7,  /* event: a lifetime has run out */
  RAVEN_SA_MAPPING = 8, /* event: the peer's outer address or port changed (authenticated) */
  RAVEN_SA_ACQUIRE = 9, /* event: a tunnel has no outbound SA; again every few seconds */
};

enum raven_sa_channel { RAVEN_SA_CHANNEL_RPC = 1, RAVEN_SA_CHANNEL_EVENTS = 2 };
enum raven_sa_direction { RAVEN_SA_IN = 1, RAVEN_SA_OUT = 2 };

/* IKEv2 transform numbers (IANA "ikev2-parameters"), as charon passes them. */
enum raven_sa_encryption {
  RAVEN_SA_ENCR_AES_CBC = 12,
  RAVEN_SA_ENCR_AES_GCM_16 = 20,
  RAVEN_SA_ENCR_CHACHA20_POLY1305 = 28,
};
enum raven_sa_integrity {
  RAVEN_SA_AUTH_NONE = 0, /* AEAD */
  RAVEN_SA_AUTH_HMAC_SHA2_256_128 = 12,
  RAVEN_SA_AUTH_HMAC_SHA2_512_256 = 14,
};

/* result of raven_sa_reply: 0 or an errno value */

struct raven_sa_header {
  uint32_t magic;   /* RAVEN_SA_MAGIC */
  uint16_t version; /* RAVEN_SA_VERSION */
  uint16_t op;      /* enum raven_sa_op */
  uint32_t size;    /* of the whole message */
  uint32_t cookie;  /* of the request, repeated in the reply; 0 in events */
};

struct raven_sa_address {
  uint8_t family;  /* 4 or 6 */
  uint8_t pad;
  uint16_t port;   /* UDP encapsulation port, 0 without */
  uint8_t bytes[16]; /* network order, IPv4 in the first four */
};

struct raven_sa_hello {
  struct raven_sa_header header;
  uint64_t instance; /* client: random per start of the daemon */
  uint64_t epoch;    /* dataplane: random per start of the dataplane; 0 from the client */
  uint32_t channel;  /* enum raven_sa_channel */
  uint32_t pad;
};

struct raven_sa_id {
  uint32_t spi; /* host byte order */
  uint32_t direction; /* enum raven_sa_direction */
  struct raven_sa_address src, dst;
};

struct raven_sa_add {
  struct raven_sa_header header;
  struct raven_sa_id id;
  uint32_t if_id;
  uint32_t reqid;
  uint16_t encryption; /* enum raven_sa_encryption */
  uint16_t integrity;  /* enum raven_sa_integrity */
  uint8_t esn;
  uint8_t udp_encap;
  uint8_t copy_dscp;   /* 1: inner DSCP to the outer header, 0: the outer one is 0 */
  uint8_t copy_df;     /* 1: inner DF to the outer header, 0: the outer one is clear */
  uint32_t replay_window; /* packets; 0: the dataplane's default */
  uint32_t tfc_size; /* outbound: pad inner packets to so many bytes; 0: not, ~0: to the path MTU */
  /* Lifetimes, 0: none.  Soft (rekey) raises RAVEN_SA_EXPIRE once, hard makes the SA unusable. */
  uint64_t rekey_after_seconds, expire_after_seconds;
  uint64_t rekey_after_bytes, expire_after_bytes;
  uint64_t rekey_after_packets, expire_after_packets;
  uint16_t encryption_key_size; /* bytes; AEAD: key followed by the salt */
  uint16_t integrity_key_size;
  uint8_t encryption_key[RAVEN_SA_KEY_MAX];
  uint8_t integrity_key[RAVEN_SA_KEY_MAX];
};

struct raven_sa_update {
  struct raven_sa_header header;
  struct raven_sa_id id;
  struct raven_sa_address new_src, new_dst;
  uint8_t udp_encap;
  uint8_t pad[7];
};

/* RAVEN_SA_DELETE, RAVEN_SA_QUERY */
struct raven_sa_lookup {
  struct raven_sa_header header;
  struct raven_sa_id id;
};

struct raven_sa_reply {
  struct raven_sa_header header;
  int32_t result; /* 0 or an errno value */
  uint32_t pad;
  uint64_t bytes, packets; /* QUERY */
  int64_t idle_seconds;    /* QUERY: since the last packet, -1: never used */
};

struct raven_sa_expire {
  struct raven_sa_header header;
  struct raven_sa_id id;
  uint32_t hard; /* 0: re-key now, 1: the SA is dead */
  uint32_t pad;
};

struct raven_sa_mapping {
  struct raven_sa_header header;
  struct raven_sa_id id; /* of the inbound SA */
  struct raven_sa_address remote; /* the peer's new address and port */
};

struct raven_sa_acquire {
  struct raven_sa_header header;
  uint32_t if_id; /* tunnel id << 8 */
  uint32_t pad;
};

#endif
