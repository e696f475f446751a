/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address.h"

struct raven_sa_address address_of(host_t *host, bool udp_encap) {
  struct raven_sa_address address = {.family = host->get_family(host) == AF_INET6 ? 6 : 4};
  const chunk_t bytes = host->get_address(host);
  if (udp_encap) address.port = host->get_port(host);
  memcpy(address.bytes, bytes.ptr, min(bytes.len, sizeof(address.bytes)));
  return address;
}

host_t *host_of(const struct raven_sa_address *address) {
  if (address->family != 4 && address->family != 6) return NULL;
  const bool v4 = address->family == 4;
  const chunk_t bytes = chunk_create((u_char *)address->bytes, v4 ? 4 : 16);
  return host_create_from_chunk(v4 ? AF_INET : AF_INET6, bytes, address->port);
}
