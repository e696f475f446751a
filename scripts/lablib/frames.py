"""Tells what an Ethernet frame is, as a WAN observer would.  Pure functions over bytes.

Allowed between sites: ESP (RFC 4303, also inside UDP 4500, RFC 3948), IKE (RFC 7296), NAT
keepalives, ARP and neighbour discovery with its multicast reports.  All else is a leak.
"""
# SPDX-License-Identifier: Apache-2.0
import socket
import struct

# The kernel of a box that just came up may say "port unreachable" about a tunnel packet: it quotes
# what was on the WAN already.  Not allowed in steady state, harmless in fault tests.
TUNNEL_ERROR = "tunnel-error"

ALLOWED = frozenset({"esp", "ike", "natt-keepalive", "arp", "nd", "mld"})

_ICMP_ERRORS, _ICMPV6_ERRORS = (3, 11, 12), (1, 2, 3, 4)  # RFC 792, RFC 4443
_ND_TYPES = range(133, 138)  # RFC 4861
_MLD_TYPES = (130, 131, 132, 143)  # RFC 2710, RFC 3810
_IKE_PORT, _NATT_PORT = 500, 4500
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}


def classify(frame):
    """One word for the frame; one of ALLOWED, or what the leak looks like."""
    if len(frame) < 14:
        return "runt"
    ether_type = frame[12] << 8 | frame[13]
    if ether_type == 0x0800:
        return _ipv4(frame)
    if ether_type == 0x86DD:
        return _ipv6(frame)
    return "arp" if ether_type == 0x0806 else f"ethertype-{ether_type:04x}"


def _ipv4(frame):
    if len(frame) < 34:
        return "runt"
    protocol = frame[23]
    fragment = (frame[20] << 8 | frame[21]) & 0x3FFF  # more-fragments or an offset
    if protocol == 50:
        return "esp"
    if protocol == 17 and not fragment:
        return _udp(frame, 14 + (frame[14] & 0x0F) * 4)
    if protocol == 1 and _quotes_tunnel(frame, 14 + (frame[14] & 0x0F) * 4, _ICMP_ERRORS, _ipv4):
        return TUNNEL_ERROR
    name = _PROTOCOLS.get(protocol, f"protocol-{protocol}")
    return f"ipv4-fragment-{name}" if fragment else f"ipv4-{name}"


def _ipv6(frame):
    if len(frame) < 54:
        return "runt"
    header, at = frame[20], 54
    if header == 0 and len(frame) >= 62:  # hop-by-hop options come with every MLD report
        header, at = frame[54], 54 + (frame[55] + 1) * 8
    if header == 50:
        return "esp"
    if header == 17:
        return _udp(frame, at)
    if header == 58 and len(frame) > at:
        if _quotes_tunnel(frame, at, _ICMPV6_ERRORS, _ipv6):
            return TUNNEL_ERROR
        if frame[at] in _ND_TYPES:
            return "nd"
        if frame[at] in _MLD_TYPES:
            return "mld"
    return f"ipv6-{_PROTOCOLS.get(header, f'header-{header}')}"


def _quotes_tunnel(frame, at, errors, classify_quoted):
    """Is it an ICMP error about a packet of a tunnel?"""
    if len(frame) <= at + 8 or frame[at] not in errors:
        return False
    return classify_quoted(bytes(14) + bytes(frame[at + 8:])) in ("esp", "ike")


def _udp(frame, at):
    if len(frame) < at + 8:
        return "runt"
    source, destination, length = struct.unpack_from("!HHH", frame, at)
    payload = bytes(frame[at + 8:min(at + length, at + 13)])
    if _NATT_PORT in (source, destination):
        if payload[:1] == b"\xff" and length == 9:
            return "natt-keepalive"
        if len(payload) >= 4:
            return "ike" if payload[:4] == b"\0\0\0\0" else "esp"
        return "udp-4500-short"
    return "ike" if _IKE_PORT in (source, destination) else "udp"


def esp_nonce(frame):
    """SPI and IV of an ESP packet with an 8-byte IV (AES-GCM, ChaCha20); None: another frame.

    Of one key no two frames may have the same (RFC 4106).
    """
    ether_type = frame[12] << 8 | frame[13] if len(frame) > 54 else 0
    if ether_type == 0x0800:
        protocol, at = frame[23], 14 + (frame[14] & 0x0F) * 4
    elif ether_type == 0x86DD:
        protocol, at = frame[20], 54
    else:
        return None
    if protocol == 17 and _udp(frame, at) == "esp":
        protocol, at = 50, at + 8
    return bytes(frame[at:at + 4] + frame[at + 8:at + 16]) if protocol == 50 else None


def addresses(frame):
    """(source, destination) of the outermost IP header as text, or the MAC addresses."""
    ether_type = frame[12] << 8 | frame[13]
    if ether_type == 0x0800 and len(frame) >= 34:
        return socket.inet_ntoa(bytes(frame[26:30])), socket.inet_ntoa(bytes(frame[30:34]))
    if ether_type == 0x86DD and len(frame) >= 54:
        return tuple(socket.inet_ntop(socket.AF_INET6, bytes(frame[n:n + 16])) for n in (22, 38))
    return bytes(frame[6:12]).hex(":"), bytes(frame[0:6]).hex(":")
