#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the captures of both boxes with scapy and compares them.

usage: capture_oracle.py SENDER.pcapng RECEIVER.pcapng SA_FILE
"""
import re
import struct
import sys

from scapy.all import ICMP, IP, Ether, raw
from scapy.layers.ipsec import ESP
from scapy.utils import RawPcapNgReader

PATTERN = bytes.fromhex("c0ffee") * 40


def blocks_of(data):
    """(type, block) of the file, whose lengths must add up."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        check(length >= 12 and data[at + length - 4:at + length] == data[at + 4:at + 8],
              "lengths of blocks do not add up")
        yield kind, data[at:at + length]
        at += length


def packets_of(path):
    """interface name -> packets, as scapy reads them."""
    with open(path, "rb") as file:
        blocks = list(blocks_of(file.read()))
    names = []
    for block in (block for kind, block in blocks if kind == 1):
        code, size = struct.unpack_from("<HH", block, 16)
        check(code == 2, "an interface without a name")
        names.append(block[20:20 + size].decode())
    numbers = [struct.unpack_from("<I", block, 8)[0] for kind, block in blocks if kind == 6]
    packets = [packet for packet, _ in RawPcapNgReader(path)]
    check(len(packets) == len(numbers), "scapy reads another number of packets")
    check(sum(kind == 5 for kind, _ in blocks) == len(names), "statistics of each interface")
    found = {name: [] for name in names}
    for packet, number in zip(packets, numbers):
        found[names[number]].append(packet)
    return found


def echo_requests(packets):
    """Those of our ping, as IP packets."""
    parsed = [IP(packet) for packet in packets if packet[0] >> 4 == 4]
    return [packet for packet in parsed
            if ICMP in packet and packet[ICMP].type == 8 and packet.src == "10.1.1.1"]


def check(condition, message):
    if not condition:
        sys.exit(f"capture_oracle: {message}")


def main():
    sender, receiver = packets_of(sys.argv[1]), packets_of(sys.argv[2])
    for name in ("rx lan", "rx wan", "tx lan", "tx wan", "clear-out", "clear-in", "drop frames",
                 "drop packets"):
        check(name in sender, f"no interface {name}")
    before, after = echo_requests(sender["clear-out"]), echo_requests(receiver["clear-in"])
    check(len(before) == 5, f"{len(before)} echo requests before encryption, not 5")
    check([raw(p) for p in before] == [raw(p) for p in after],
          "what was decrypted is not what was encrypted")
    for number, packet in enumerate(before, 1):
        check(packet[ICMP].seq == number and packet.dst == "10.2.1.1", "not the ping")
        check(packet.ttl == 63, "not as the route stage left it")
        check(PATTERN in raw(packet), "not the payload that was sent")
    lan = [Ether(frame) for frame in sender["rx lan"]]
    sent = [frame[IP] for frame in lan if ICMP in frame and frame[ICMP].type == 8]
    check([raw(p[ICMP]) for p in sent] == [raw(p[ICMP]) for p in before],
          "the frames of the LAN hold another ping")
    wan = [Ether(frame) for frame in sender["tx wan"]]
    check(any(ESP in frame and frame[ESP].spi == 4097 for frame in wan), "no ESP on the WAN")
    check(not any(PATTERN[:30] in raw(frame) for frame in wan), "clear text on the WAN")
    with open(sys.argv[3], encoding="utf-8") as file:
        keys = re.findall(r'key: "([0-9a-f]+)"', file.read())
    check(len(keys) == 2, "no keys to look for")
    for path in sys.argv[1:3]:
        with open(path, "rb") as file:
            data = file.read()
        check(b"peer box-" in data and b"spi 0000100" in data, "no comments")
        for key in keys:
            check(bytes.fromhex(key) not in data and bytes.fromhex(key)[:16] not in data,
                  "a key is in the file")


if __name__ == "__main__":
    main()
