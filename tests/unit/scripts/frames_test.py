"""Frames are told apart; scapy builds them, so that the parser is not its own oracle."""
# SPDX-License-Identifier: Apache-2.0
import logging
import unittest

logging.getLogger("scapy").setLevel(logging.CRITICAL)
from scapy.all import (  # noqa: E402  (silences scapy's notes about the machine first)
    ARP, ICMP, IP, TCP, UDP, Ether, ICMPv6EchoRequest, ICMPv6MLReport2, ICMPv6ND_NS, IPv6,
    IPv6ExtHdrHopByHop, Raw, RouterAlert)
from scapy.layers.ipsec import ESP  # noqa: E402

from lablib import frames  # noqa: E402
from lablib.capture import Capture  # noqa: E402

ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
V4 = IP(src="198.18.1.11", dst="198.18.2.21")
V6 = IPv6(src="2001:db8::1", dst="2001:db8::2")
ESP_BYTES = ESP(spi=0xC0000001, seq=1, data=b"x" * 40)
IKE_BYTES = b"\x11" * 8 + b"\x00" * 8 + b"\x21\x20\x22\x08" + b"\x00" * 8

ALLOWED = {
    "esp": [V4 / ESP_BYTES, V6 / ESP_BYTES,
            V4 / UDP(sport=4500, dport=4500) / Raw(bytes(ESP_BYTES)),
            V6 / UDP(sport=1024, dport=4500) / Raw(bytes(ESP_BYTES))],
    "ike": [V4 / UDP(sport=500, dport=500) / Raw(IKE_BYTES),
            V4 / UDP(sport=4500, dport=4500) / Raw(b"\0\0\0\0" + IKE_BYTES)],
    "natt-keepalive": [V4 / UDP(sport=4500, dport=4500) / Raw(b"\xff")],
    "arp": [ARP(psrc="198.18.1.11", pdst="198.18.1.1")],
    "nd": [V6 / ICMPv6ND_NS(tgt="2001:db8::2")],
    "mld": [V6 / IPv6ExtHdrHopByHop(options=RouterAlert()) / ICMPv6MLReport2()],
}
LEAKS = {
    "ipv4-icmp": V4 / ICMP(), "ipv4-tcp": V4 / TCP(), "udp": V4 / UDP(sport=4472, dport=4472),
    "ipv6-icmpv6": V6 / ICMPv6EchoRequest(), "ipv6-tcp": V6 / TCP(),
    "ipv4-fragment-udp": IP(src="198.18.1.11", dst="198.18.2.21", frag=8, proto=17) / Raw(b"y" * 8),
}


class FramesTest(unittest.TestCase):
    def test_what_tunnels_and_links_need_is_allowed(self):
        for kind, packets in ALLOWED.items():
            self.assertIn(kind, frames.ALLOWED)
            for packet in packets:
                self.assertEqual(frames.classify(bytes(ETHER / packet)), kind, packet.summary())

    def test_everything_else_is_a_leak(self):
        for kind, packet in LEAKS.items():
            self.assertEqual(frames.classify(bytes(ETHER / packet)), kind)
            self.assertNotIn(kind, frames.ALLOWED)

    def test_an_icmp_error_about_a_tunnel_packet_is_told_from_one_about_clear_text(self):
        encapsulated = V4 / UDP(sport=4500, dport=4500) / Raw(bytes(ESP_BYTES))
        for quoted, kind in ((encapsulated, frames.TUNNEL_ERROR),
                             (V4 / ESP_BYTES, frames.TUNNEL_ERROR),
                             (V4 / UDP(sport=53, dport=53) / Raw(b"q" * 40), "ipv4-icmp")):
            error = V4 / ICMP(type=3, code=3) / Raw(bytes(quoted))
            self.assertEqual(frames.classify(bytes(ETHER / error)), kind)
        request = V4 / ICMP(type=8) / Raw(bytes(encapsulated))
        self.assertEqual(frames.classify(bytes(ETHER / request)), "ipv4-icmp")
        self.assertNotIn(frames.TUNNEL_ERROR, frames.ALLOWED)

    def test_a_frame_cut_anywhere_is_never_an_error(self):
        for packet in [*LEAKS.values(), *(p for packets in ALLOWED.values() for p in packets)]:
            whole = bytes(ETHER / packet)
            for length in range(len(whole)):
                frames.classify(whole[:length])

    def test_the_nonce_of_an_esp_packet_is_its_spi_and_iv(self):
        esp = b"\xc0\0\0\1" + b"\0\0\0\7" + b"12345678" + bytes(32)
        natt = UDP(sport=4500, dport=4500) / Raw(esp)
        for packet in (V4 / natt, V6 / natt, IP(src=V4.src, dst=V4.dst, proto=50) / Raw(esp),
                       IPv6(src=V6.src, dst=V6.dst, nh=50) / Raw(esp)):
            self.assertEqual(frames.esp_nonce(bytes(ETHER / packet)), b"\xc0\0\0\x0112345678")
        for packet in (*ALLOWED["arp"], *ALLOWED["ike"], *LEAKS.values()):
            self.assertIsNone(frames.esp_nonce(bytes(ETHER / packet)))

    def test_addresses_are_those_of_the_outer_header(self):
        for header in (V4, V6):
            self.assertEqual(frames.addresses(bytes(ETHER / header / UDP())),
                             (header.src, header.dst))
        self.assertEqual(frames.addresses(bytes(ETHER / ARP())),
                         ("02:00:00:00:00:01", "02:00:00:00:00:02"))


class CaptureTest(unittest.TestCase):
    CANARY = b"raven-canary-0123456789abcdef"

    def test_a_canary_is_a_leak_even_inside_an_allowed_frame(self):
        capture = Capture(self.CANARY, None)
        capture.take("w11", bytes(ETHER / V4 / UDP(sport=4500, dport=4500)
                                  / Raw(b"\xc0\0\0\1" + self.CANARY)))
        self.assertEqual((capture.plaintext_frames, capture.canary_frames), (1, 1))

    def test_frames_are_counted_once_by_kind(self):
        capture = Capture(self.CANARY, None)
        for packet in (V4 / ESP_BYTES, ARP(), V4 / ICMP()):
            capture.take("w11", bytes(ETHER / packet))
        found = capture.findings(drops=0)
        self.assertEqual(found["kinds"], {"esp": 1, "arp": 1, "ipv4-icmp": 1})
        self.assertEqual((found["frames"], found["plaintext_frames"]), (3, 1))
        self.assertIn("ipv4-icmp 198.18.1.11 > 198.18.2.21", found["samples"][0])


    def test_a_nonce_that_comes_twice_is_found(self):
        capture = Capture(self.CANARY, None, nonces=True)
        packets = [b"\xc0\0\0\1" + b"\0\0\0\7" + bytes([n]) * 8 + bytes(32) for n in (1, 2, 1)]
        for esp in packets:
            capture.take("w11", bytes(ETHER / V4 / UDP(sport=4500, dport=4500) / Raw(esp)))
        self.assertEqual(capture.findings(drops=0)["repeated_nonces"], 1)


if __name__ == "__main__":
    unittest.main()
