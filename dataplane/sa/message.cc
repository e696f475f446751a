// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace raven::dataplane {
namespace {

Error invalid(std::string reason) {
  return Error{ErrorCode::kInvalid, "SA socket: " + std::move(reason)};
}

Status check_size(std::span<const uint8_t> bytes, std::size_t size) {
  if (bytes.size() == size) return {};
  return invalid(fmt::format("message of {} bytes, this operation has {}", bytes.size(), size));
}

template <class Message>
Result<Message> copy_message(std::span<const uint8_t> bytes) {
  RAVEN_TRY(check_size(bytes, sizeof(Message)));
  Message message;
  std::memcpy(&message, bytes.data(), sizeof(Message));
  return message;
}

Result<IpAddress> decode_address(const raven_sa_address& address) {
  if (address.family == 4) return IpAddress::v4_bytes(address.bytes);
  if (address.family == 6) return IpAddress::v6_bytes(address.bytes);
  return invalid(fmt::format("address family {}, must be 4 or 6", address.family));
}

// Ports count only with UDP encapsulation; charon fills them in always.
Result<OuterAddresses> decode_outer(
    const raven_sa_address& src, const raven_sa_address& dst, bool udp_encapsulated
) {
  OuterAddresses outer;
  RAVEN_ASSIGN(outer.source, decode_address(src));
  RAVEN_ASSIGN(outer.destination, decode_address(dst));
  if (!udp_encapsulated) return outer;
  outer.source_port = src.port;
  outer.destination_port = dst.port;
  if (src.port == 0 || dst.port == 0) return invalid("UDP encapsulation with port 0");
  return outer;
}

Result<SaId> decode_id(const raven_sa_id& id, bool udp_encapsulated) {
  SaId out;
  out.spi = Spi{id.spi};
  if (id.direction != RAVEN_SA_IN && id.direction != RAVEN_SA_OUT)
    return invalid(fmt::format("direction {}, must be 1 (in) or 2 (out)", id.direction));
  out.direction = id.direction == RAVEN_SA_IN ? Direction::kInbound : Direction::kOutbound;
  RAVEN_ASSIGN(out.outer, decode_outer(id.src, id.dst, udp_encapsulated));
  return out;
}

Status check_flag(uint8_t value, const char* name) {
  return value <= 1 ? Status{} : invalid(fmt::format("{} is {}, must be 0 or 1", name, value));
}

Result<Secret> decode_key(const uint8_t (&bytes)[RAVEN_SA_KEY_MAX], uint16_t size) {
  if (size > RAVEN_SA_KEY_MAX)
    return invalid(fmt::format("key of {} bytes, at most {}", size, RAVEN_SA_KEY_MAX));
  Secret key{std::span{bytes, size}};
  const auto is_zero = [](uint8_t byte) { return byte == 0; };
  if (size != 0 && std::ranges::all_of(key.expose(), is_zero)) return invalid("key of zeros only");
  return key;
}

// Wipes the copy of the keys that lies in the message.
struct WipeOnExit {
  raven_sa_add& message;
  ~WipeOnExit() { explicit_bzero(&message, sizeof(message)); }
};

Result<SaConfig> decode_add(std::span<const uint8_t> message, uint32_t replay_window_default) {
  RAVEN_TRY(check_size(message, sizeof(raven_sa_add)));
  raven_sa_add add;
  const WipeOnExit wipe{add};
  std::memcpy(&add, message.data(), sizeof(add));
  RAVEN_TRY(check_flag(add.esn, "esn"));
  RAVEN_TRY(check_flag(add.udp_encap, "udp_encap"));
  RAVEN_TRY(check_flag(add.copy_dscp, "copy_dscp"));
  RAVEN_TRY(check_flag(add.copy_df, "copy_df"));
  RAVEN_ASSIGN(const SaId id, decode_id(add.id, add.udp_encap == 1));
  const Suite* suite = find_suite(add.encryption, add.integrity, add.encryption_key_size);
  if (suite == nullptr)
    return invalid(fmt::format(
        "no algorithm with encryption {}, integrity {} and a key of {} bytes (RFC 8221)",
        add.encryption, add.integrity, add.encryption_key_size
    ));
  SaConfig config;
  config.spi = id.spi;
  config.direction = id.direction;
  config.outer = id.outer;
  config.tunnel_id = TunnelId{add.if_id >> RAVEN_SA_TUNNEL_SHIFT};
  config.algorithm = suite->algorithm;
  RAVEN_ASSIGN(config.key, decode_key(add.encryption_key, add.encryption_key_size));
  RAVEN_ASSIGN(config.integrity_key, decode_key(add.integrity_key, add.integrity_key_size));
  config.esn = add.esn == 1;
  // charon's own default of 32 is below what we can do; a wider window accepts no packet twice.
  config.replay_window = add.replay_window == 0 ? replay_window_default
                                                : std::max(add.replay_window, kReplayWindowMin);
  config.dscp.copy = add.copy_dscp == 1;
  config.df = add.copy_df == 1 ? DfRule::kCopy : DfRule::kClear;
  config.tfc_size = add.tfc_size;
  config.lifetime_soft = {add.rekey_after_packets, add.rekey_after_bytes, add.rekey_after_seconds};
  config.lifetime_hard = {
      add.expire_after_packets, add.expire_after_bytes, add.expire_after_seconds};
  config.reqid = add.reqid;
  if (config.tunnel_id.value() == 0) return invalid("if_id names tunnel 0, which is not valid");
  RAVEN_TRY(validate(config));
  return config;
}

Result<SaHello> decode_hello(const raven_sa_hello& hello) {
  if (hello.channel != RAVEN_SA_CHANNEL_RPC && hello.channel != RAVEN_SA_CHANNEL_EVENTS)
    return invalid(fmt::format("hello with channel {}, must be 1 or 2", hello.channel));
  if (hello.instance == 0) return invalid("hello with instance 0");
  return SaHello{hello.instance, hello.channel == RAVEN_SA_CHANNEL_EVENTS};
}

Result<SaUpdate> decode_update(const raven_sa_update& update) {
  RAVEN_TRY(check_flag(update.udp_encap, "udp_encap"));
  SaUpdate out;
  RAVEN_ASSIGN(out.id, decode_id(update.id, false));
  RAVEN_ASSIGN(out.outer, decode_outer(update.new_src, update.new_dst, update.udp_encap == 1));
  RAVEN_TRY(validate(out.outer));
  return out;
}

raven_sa_header make_header(uint16_t op, uint32_t size, uint32_t cookie) {
  return {RAVEN_SA_MAGIC, RAVEN_SA_VERSION, op, size, cookie};
}

raven_sa_address encode_address(const IpAddress& address, uint16_t port) {
  raven_sa_address out{};
  out.family = static_cast<uint8_t>(address.family());
  out.port = port;
  std::ranges::copy(address.bytes(), out.bytes);
  return out;
}

raven_sa_id encode_id(const SaId& id) {
  raven_sa_id out{};
  out.spi = id.spi.value();
  out.direction = id.direction == Direction::kInbound ? RAVEN_SA_IN : RAVEN_SA_OUT;
  out.src = encode_address(id.outer.source, id.outer.source_port);
  out.dst = encode_address(id.outer.destination, id.outer.destination_port);
  return out;
}

template <class Out, class In>
Result<SaRequest> as_request(Result<In> in) {
  if (!in.ok()) return std::move(in).error();
  return SaRequest{Out{std::move(*in)}};
}

}  // namespace

Result<raven_sa_header> read_header(std::span<const uint8_t> message) {
  raven_sa_header header;
  if (message.size() < sizeof(header)) return invalid("message shorter than its header");
  std::memcpy(&header, message.data(), sizeof(header));
  if (header.magic != RAVEN_SA_MAGIC) return invalid("wrong magic number");
  if (header.version != RAVEN_SA_VERSION)
    return invalid(fmt::format("version {}, we speak {}", header.version, RAVEN_SA_VERSION));
  if (header.size != message.size())
    return invalid(fmt::format("size {} in a message of {}", header.size, message.size()));
  return header;
}

Result<SaRequest> decode(
    const raven_sa_header& header, std::span<const uint8_t> message, uint32_t replay_window_default
) {
  switch (header.op) {
    case RAVEN_SA_HELLO: {
      RAVEN_ASSIGN(const auto hello, copy_message<raven_sa_hello>(message));
      return as_request<SaHello>(decode_hello(hello));
    }
    case RAVEN_SA_ADD:
      return as_request<SaConfig>(decode_add(message, replay_window_default));
    case RAVEN_SA_UPDATE: {
      RAVEN_ASSIGN(const auto update, copy_message<raven_sa_update>(message));
      return as_request<SaUpdate>(decode_update(update));
    }
    case RAVEN_SA_DELETE: {
      RAVEN_ASSIGN(const auto lookup, copy_message<raven_sa_lookup>(message));
      return as_request<SaDelete>(decode_id(lookup.id, false));
    }
    case RAVEN_SA_QUERY: {
      RAVEN_ASSIGN(const auto lookup, copy_message<raven_sa_lookup>(message));
      return as_request<SaQuery>(decode_id(lookup.id, false));
    }
    case RAVEN_SA_FLUSH:
      RAVEN_TRY(copy_message<raven_sa_header>(message));
      return SaRequest{SaFlush{}};
    default:
      return invalid(fmt::format("unknown operation {}", header.op));
  }
}

raven_sa_hello encode_hello(uint32_t cookie, uint64_t epoch, uint32_t channel) {
  raven_sa_hello hello{};
  hello.header = make_header(RAVEN_SA_HELLO, sizeof(hello), cookie);
  hello.epoch = epoch;
  hello.channel = channel;
  return hello;
}

raven_sa_reply encode_reply(const raven_sa_header& request, int error_number) {
  raven_sa_reply reply{};
  reply.header = make_header(request.op, sizeof(reply), request.cookie);
  reply.result = error_number;
  reply.idle_seconds = -1;
  return reply;
}

raven_sa_expire encode_expire(const SaId& id, bool hard) {
  raven_sa_expire expire{};
  expire.header = make_header(RAVEN_SA_EXPIRE, sizeof(expire), 0);
  expire.id = encode_id(id);
  expire.hard = hard ? 1 : 0;
  return expire;
}

raven_sa_mapping encode_mapping(const SaId& id, const IpAddress& address, uint16_t port) {
  raven_sa_mapping mapping{};
  mapping.header = make_header(RAVEN_SA_MAPPING, sizeof(mapping), 0);
  mapping.id = encode_id(id);
  mapping.remote = encode_address(address, port);
  return mapping;
}

raven_sa_acquire encode_acquire(TunnelId tunnel) {
  raven_sa_acquire acquire{};
  acquire.header = make_header(RAVEN_SA_ACQUIRE, sizeof(acquire), 0);
  acquire.if_id = tunnel.value() << RAVEN_SA_TUNNEL_SHIFT;
  return acquire;
}

int errno_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return EINVAL;
    case ErrorCode::kExists:
      return EEXIST;
    case ErrorCode::kNotFound:
      return ESRCH;
    case ErrorCode::kExhausted:
      return ENOSPC;
    case ErrorCode::kDenied:
      return EPERM;
    default:
      return EIO;
  }
}

}  // namespace raven::dataplane
