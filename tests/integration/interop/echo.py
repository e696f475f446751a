"""Sends echo requests of several sizes and counts the answers that repeat their payload.
Usage: echo.py SOURCE DESTINATION ROUNDS SECONDS_BETWEEN_ROUNDS SIZE...; prints one line of JSON,
{SIZE: ANSWERS}.  ping ends soon after its last request and calls late answers lost; on a busy
machine that would be most of them.
"""
# SPDX-License-Identifier: Apache-2.0
import collections
import json
import os
import select
import socket
import struct
import sys
import time

PATIENCE_SECONDS = 20  # after the last request
HEADER = struct.Struct('!BBHHH')  # RFC 792: type, code, checksum, identifier, sequence number
REQUEST, REPLY = 8, 0


def checksum(data):
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def request(identifier, number, payload):
    unsummed = HEADER.pack(REQUEST, 0, 0, identifier, number) + payload
    return HEADER.pack(REQUEST, 0, checksum(unsummed), identifier, number) + payload


class Echo:
    def __init__(self, source, destination):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.socket.bind((source, 0))
        self.destination, self.identifier = destination, os.getpid() & 0xffff
        self.sent, self.outstanding, self.answers = 0, {}, collections.Counter()

    def send(self, size):
        self.sent += 1
        self.outstanding[self.sent] = payload = os.urandom(size)
        self.socket.sendto(request(self.identifier, self.sent, payload), (self.destination, 0))

    def receive_until(self, deadline, or_all_answered):
        while self.outstanding or not or_all_answered:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return
            self.take(self.socket.recv(65536))

    def take(self, packet):
        message = packet[(packet[0] & 15) * 4:]
        kind, _, _, identifier, number = HEADER.unpack_from(message)
        payload = message[HEADER.size:]
        if (kind, identifier) == (REPLY, self.identifier) and \
                self.outstanding.get(number) == payload:
            del self.outstanding[number]
            self.answers[len(payload)] += 1


def main():
    source, destination, rounds, interval, *sizes = sys.argv[1:]
    echo = Echo(source, destination)
    for _ in range(int(rounds)):
        for size in sizes:
            echo.send(int(size))
        echo.receive_until(time.monotonic() + float(interval), or_all_answered=False)
    echo.receive_until(time.monotonic() + PATIENCE_SECONDS, or_all_answered=True)
    print(json.dumps({size: echo.answers[int(size)] for size in sizes}))


main()
