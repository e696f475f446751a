// Reading of "fragmentation needed" (RFC 1191) and "packet too big" (RFC 4443).
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/too_big.h"

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/parse.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {
namespace {

struct EspStart {
  Be32 spi;
  Be32 sequence;
};

// The quoted packet: what is there from its IP header on.
struct Quote {
  const uint8_t* data;
  uint32_t size;
};

bool read_esp(const Quote& quote, uint32_t offset, uint8_t protocol, TooBig& report) {
  if (protocol == wire::kUdp) offset += uint32_t{sizeof(wire::Udp)};
  const auto* esp = view_at<EspStart>(quote.data, quote.size, offset);
  if (esp == nullptr || (protocol != wire::kEsp && protocol != wire::kUdp)) return false;
  report.spi = esp->spi.host();
  report.sequence = esp->sequence.host();
  return true;
}

bool read_v4(const Context& context, const Quote& quote, TooBig& report) {
  const auto* ip = view_at<wire::Ipv4>(quote.data, quote.size, 0);
  if (ip == nullptr || ip->version_ihl >> 4 != 4 || ip->header_size() < sizeof(*ip) ||
      ip->fragment_offset() != 0 || !context.box->owns_v4(ip->source))
    return false;
  report.peer = IpAddress::v4_bytes(ip->destination);
  report.quoted_size = ip->total_length.host();
  return read_esp(quote, ip->header_size(), ip->protocol, report);
}

bool read_v6(const Context& context, const Quote& quote, TooBig& report) {
  const auto* ip = view_at<wire::Ipv6>(quote.data, quote.size, 0);
  if (ip == nullptr || ip->version() != 6 || !context.box->owns_v6(ip->source)) return false;
  report.peer = IpAddress::v6_bytes(ip->destination);
  report.quoted_size = uint32_t{sizeof(*ip)} + ip->payload_length.host();
  return read_esp(quote, sizeof(*ip), ip->next_header, report);
}

bool checksum_is_right(const uint8_t* ip, const IpView& view) {
  const uint32_t size = uint32_t{view.size} - view.l4_offset;
  const uint64_t sum =
      view.family == 4 ? 0 : pseudo_header_sum(wire::source_of(ip, 6), 16, wire::kIcmp6, size);
  return checksum_holds(ip + view.l4_offset, size, sum);
}

}  // namespace

void note_if_too_big(Context& context, const uint8_t* ip, const IpView& view) {
  const auto* icmp = view_at<wire::Icmp>(ip, view.size, view.l4_offset);
  if (icmp == nullptr) return;
  const bool v4 = view.family == 4;
  const bool too_big = v4 ? icmp->type == 3 && icmp->code == 4 : icmp->type == 2;
  if (!too_big || !checksum_is_right(ip, view)) return;
  const uint32_t quote_at = view.l4_offset + uint32_t{sizeof(*icmp)};
  const Quote quote{ip + quote_at, view.size - quote_at};
  TooBig report;
  report.mtu = v4 ? icmp->rest.host() & 0xffff : icmp->rest.host();
  if (v4 ? read_v4(context, quote, report) : read_v6(context, quote, report))
    context.too_bigs.report(report);
}

}  // namespace raven::dataplane::stage
