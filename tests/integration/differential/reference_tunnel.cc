// RFC 4303 in tunnel mode, RFC 3948, RFC 6040.
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/differential/reference_tunnel.h"

#include <algorithm>

#include "tests/integration/differential/reference_ip.h"

namespace raven::dataplane::test {
namespace {

std::size_t block_size(const ReferenceSa& sa) {
  return sa.cipher == ReferenceCipher::kAesCbcHmacSha2 ? 16 : 4;
}

// ESP header, IV and ICV.
std::size_t size_around(const ReferenceSa& sa) {
  return 8 + reference_iv_size(sa) + reference_icv_size(sa);
}

uint32_t u32_at(const Bytes& bytes, std::size_t offset) {
  return uint32_t{u16_at(bytes, offset)} << 16 | u16_at(bytes, offset + 2);
}

// RFC 6040 figure 4; nothing: drop.
std::optional<uint8_t> ecn_of_inner(uint8_t inner, uint8_t outer) {
  constexpr uint8_t kNotEct = 0, kEct1 = 1, kEct0 = 2, kCe = 3;
  if (outer == kCe && inner == kNotEct) return std::nullopt;
  if (outer == kCe) return kCe;
  if (outer == kEct1 && inner == kEct0) return kEct1;
  return inner;
}

void set_traffic_class(Bytes& ip, uint8_t traffic_class) {
  if (ip[0] >> 4 == 4) {
    ip[1] = traffic_class;
    fix_header_checksum(ip);
  } else {
    ip[0] = static_cast<uint8_t>(0x60 | traffic_class >> 4);
    ip[1] = static_cast<uint8_t>(traffic_class << 4 | (ip[1] & 15));
  }
}

// The header alone: options and extension headers are looked at where packets are routed.
bool header_is_right(const Bytes& ip, uint8_t next_header) {
  if (next_header == 41)
    return ip.size() >= 40 && ip[0] >> 4 == 6 && 40u + u16_at(ip, 4) <= ip.size();
  if (ip.size() < 20 || ip[0] >> 4 != 4) return false;
  const std::size_t header = (ip[0] & 15u) * 4u, size = u16_at(ip, 2);
  return header >= 20 && size >= header && size <= ip.size() &&
         internet_checksum(slice(ip, 0, header)) == 0;
}

// What is in the plaintext, trailer included.
ReferenceTunnel::Opened unpack(const Bytes& text, uint8_t outer_traffic_class) {
  const uint8_t next_header = text[text.size() - 1];
  const std::size_t pad = text[text.size() - 2];
  if (pad + 2 > text.size()) return {"pad", {}};
  const std::size_t end = text.size() - 2 - pad;
  for (std::size_t i = 0; i < pad; ++i)
    if (text[end + i] != i + 1) return {"pad", {}};
  if (next_header == 59) return {"dummy", {}};
  if (next_header != 4 && next_header != 41) return {"next_header", {}};
  Bytes inner = slice(text, 0, end);
  if (!header_is_right(inner, next_header)) return {"inner_malformed", {}};
  inner.resize(next_header == 4 ? u16_at(inner, 2) : 40u + u16_at(inner, 4));
  const auto traffic_class =
      next_header == 4 ? inner[1] : static_cast<uint8_t>(inner[0] << 4 | inner[1] >> 4);
  const auto ecn = ecn_of_inner(traffic_class & 3, outer_traffic_class & 3);
  if (!ecn.has_value()) return {"ecn", {}};
  if (*ecn != (traffic_class & 3))
    set_traffic_class(inner, static_cast<uint8_t>((traffic_class & 0xfc) | *ecn));
  return {"ok", inner};
}

}  // namespace

// RFC 4303 appendix A2.2, literally.
uint64_t ReferenceTunnel::infer(uint32_t low) const {
  if (!settings_.in.esn) return low;
  const auto top_low = static_cast<uint32_t>(top_);
  uint64_t high = top_ >> 32;
  const uint32_t bottom = top_low - settings_.window + 1;
  if (top_low >= settings_.window - 1) {  // case A: the window lies in one subspace
    if (low < bottom) ++high;
  } else if (low >= bottom && high > 0) {  // case B: it spans two
    --high;
  }
  return high << 32 | low;
}

std::string ReferenceTunnel::replayed(uint64_t number) const {
  if (number == 0) return "replay_old";
  if (number > top_) return "ok";
  if (top_ - number >= settings_.window) return "replay_old";
  return number <= settings_.last_in || numbers_.count(number) != 0 ? "replay_dup" : "ok";
}

ReferenceTunnel::Admitted ReferenceTunnel::admit(const Bytes& esp) const {
  if (esp.size() < 8) return {"esp_short"};
  if (u32_at(esp, 0) < 256) return {"spi_reserved"};
  if (u32_at(esp, 0) != settings_.in.spi) return {"spi_unknown"};
  const std::size_t around = size_around(settings_.in);
  if (esp.size() < around + 2) return {"esp_short"};
  if ((esp.size() - around) % block_size(settings_.in) != 0) return {"esp_align"};
  const uint64_t number = infer(u32_at(esp, 4));
  return {replayed(number), number};
}

ReferenceTunnel::Opened ReferenceTunnel::finish(const Received& packet, uint64_t number) {
  const auto text = reference_open(settings_.in, number, packet.esp);
  if (!text.has_value()) return {"icv", {}};
  const std::string verdict = replayed(number);
  if (verdict != "ok") return {verdict, {}};
  Opened opened = unpack(*text, packet.traffic_class);
  opened.newest = number > top_;
  numbers_.insert(number);
  top_ = std::max(top_, number);
  return opened;
}

bool ReferenceTunnel::tells_move(const Received& packet, const Opened& opened) const {
  if (opened.verdict != "ok" || !opened.newest) return false;
  if (packet.port.has_value() != (settings_.remote_port != 0)) return false;
  return packet.source != address_bytes(settings_.remote) ||
         packet.port.value_or(0) != settings_.remote_port;
}

std::vector<ReferenceTunnel::Opened> ReferenceTunnel::open(const std::vector<Received>& burst) {
  std::vector<Admitted> admitted;
  for (const Received& packet : burst) admitted.push_back(admit(packet.esp));
  std::vector<Opened> opened;
  for (std::size_t i = 0; i < burst.size(); ++i)
    opened.push_back(
        admitted[i].verdict == "ok" ? finish(burst[i], admitted[i].number)
                                    : Opened{admitted[i].verdict, {}}
    );
  return opened;
}

bool ReferenceTunnel::take_number() {
  if (last_out_ >= (settings_.out.esn ? UINT64_MAX : UINT32_MAX)) return false;
  ++last_out_;
  return true;
}

std::size_t ReferenceTunnel::header_size() const {
  return (settings_.local.find(':') == std::string::npos ? 20u : 40u) +
         (settings_.local_port != 0 ? 8u : 0u);
}

std::size_t ReferenceTunnel::outer_size(std::size_t inner) const {
  const std::size_t block = block_size(settings_.out);
  return header_size() + size_around(settings_.out) + (inner + 2 + block - 1) / block * block;
}

Bytes ReferenceTunnel::outer_header(
    const Bytes& inner, const Bytes& identification, const Bytes& esp, bool cut
) const {
  const ReferenceIp ip = read_ip(inner);
  const auto traffic_class =
      settings_.dscp.has_value()
          ? static_cast<uint8_t>(*settings_.dscp << 2 | (ip.traffic_class & 3))
          : ip.traffic_class;
  const bool udp_encapsulated = settings_.local_port != 0;
  const uint8_t protocol = udp_encapsulated ? 17 : 50;
  Bytes payload = udp_encapsulated ? udp(settings_.local_port, settings_.remote_port, esp) : esp;
  if (header_size() >= 40) {
    if (udp_encapsulated) {  // over IPv6 UDP must have a checksum, and 0 says that it has none
      const uint16_t sum = internet_checksum(
          pseudo_header(settings_.local, settings_.remote, 17, payload.size()) + payload
      );
      set_u16(payload, 6, sum == 0 ? 0xffff : sum);
    }
    return ipv6(
        {.source = settings_.local,
         .destination = settings_.remote,
         .next_header = protocol,
         .traffic_class = traffic_class},
        payload
    );
  }
  const bool dont_fragment = !cut && (settings_.df == ReferenceDf::kSet ||
                                      (settings_.df == ReferenceDf::kCopy && ip.dont_fragment));
  return ipv4(
      {.source = settings_.local,
       .destination = settings_.remote,
       .protocol = protocol,
       .tos = traffic_class,
       .dont_fragment = dont_fragment,
       .identification = dont_fragment ? uint16_t{0} : u16_at(identification, 0)},
      payload
  );
}

std::optional<Bytes> ReferenceTunnel::read(const Bytes& outer, bool cut) {
  if (outer.size() < header_size() + size_around(settings_.out) + 2) return std::nullopt;
  const Bytes esp = slice(outer, header_size());
  const uint64_t number = settings_.last_out + ++read_;
  const auto text = reference_open(settings_.out, number, esp);
  if (!text.has_value() || (*text)[text->size() - 2] + 2u > text->size()) return std::nullopt;
  const Bytes inner = slice(*text, 0, text->size() - 2 - (*text)[text->size() - 2]);
  if (inner.empty()) return std::nullopt;

  const Bytes iv = slice(esp, 8, reference_iv_size(settings_.out));
  const Bytes again = reference_seal(
      settings_.out, number, iv,
      with_trailer(inner, inner[0] >> 4 == 4 ? 4 : 41, block_size(settings_.out))
  );
  const Bytes identification = slice(outer, 4, 2);
  const Bytes expected = outer_header(inner, identification, again, cut);
  if (expected != outer || !ivs_.insert(iv).second) return std::nullopt;
  const bool may_be_cut = outer[0] >> 4 == 4 && (outer[6] & 0x40) == 0;
  if (may_be_cut && !identifications_.insert(identification).second) return std::nullopt;
  return inner;
}

}  // namespace raven::dataplane::test
