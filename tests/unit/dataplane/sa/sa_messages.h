// Messages of a well-behaved key daemon, for tests to send or to spoil.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>

#include "common/dpapi/sa_socket.h"

namespace raven::dataplane {

template <class Message>
Message make_message(uint16_t op, uint32_t cookie = 1) {
  Message message{};
  raven_sa_header header{RAVEN_SA_MAGIC, RAVEN_SA_VERSION, op, sizeof(Message), cookie};
  std::memcpy(static_cast<void*>(&message), &header, sizeof(header));
  return message;
}

inline raven_sa_id make_id(uint32_t direction, uint32_t spi) {
  raven_sa_id id{};
  id.spi = spi;
  id.direction = direction;
  id.src = {4, 0, 4500, {192, 0, 2, 1}};
  id.dst = {4, 0, 4500, {198, 51, 100, 2}};
  if (direction == RAVEN_SA_IN) std::swap(id.src, id.dst);
  return id;
}

inline raven_sa_hello make_hello(uint64_t instance, uint32_t channel) {
  auto hello = make_message<raven_sa_hello>(RAVEN_SA_HELLO);
  hello.instance = instance;
  hello.channel = channel;
  return hello;
}

// AES-128-GCM with ESN in UDP, tunnel 7.
inline raven_sa_add good_add(uint32_t direction, uint32_t spi) {
  auto add = make_message<raven_sa_add>(RAVEN_SA_ADD);
  add.id = make_id(direction, spi);
  add.if_id = 7u << RAVEN_SA_TUNNEL_SHIFT | 1;
  add.encryption = RAVEN_SA_ENCR_AES_GCM_16;
  add.esn = 1;
  add.udp_encap = 1;
  add.encryption_key_size = 20;
  for (unsigned i = 0; i < RAVEN_SA_KEY_MAX; ++i) {
    add.encryption_key[i] = static_cast<uint8_t>(spi + i);
    add.integrity_key[i] = static_cast<uint8_t>(spi + 2 * i);
  }
  return add;
}

}  // namespace raven::dataplane
