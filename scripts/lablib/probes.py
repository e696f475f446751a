"""Checks between pods: ICMP echo, UDP up to the MTU, TCP with a checksum; IPv4 and IPv6.

Every payload carries the canary of the run, so that a capture recognises it in clear text.
"""
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import errno
import hashlib
import os
import select
import socket
import struct
import threading
import time

from . import sockets
from .netns import LabError

IP_MTU, IPV6_MTU = 14, 24
ECHO_ATTEMPTS, ECHO_WAIT_SECONDS = 4, 0.7
TCP_TIMEOUT_SECONDS = 60
CANARY_SPACING_BYTES = 256


def new_canary():
    return b"raven-canary-" + os.urandom(8).hex().encode()


def canary_data(canary, size):
    """Random bytes with a canary in every 256, so that no packet of a transfer is without one."""
    block = b"".join(canary + os.urandom(CANARY_SPACING_BYTES - len(canary)) for _ in range(256))
    return (block * (size // len(block) + 1))[:size]


def ping_pairs(lab, pairs, family, canary, attempts=ECHO_ATTEMPTS):
    """The pairs that answer an ICMP echo, with the round trip in milliseconds: {(a, b): ms}."""
    sources = {pair[0].name: pair[0] for pair in pairs}
    socks = {name: sockets.ping(lab, pod, family) for name, pod in sources.items()}
    answered = {}
    try:
        for attempt in range(attempts):
            wanted = [pair for pair in pairs if pair not in answered]
            if not wanted:
                break
            sent = send_echoes(socks, wanted, family, canary, attempt)
            answered.update(collect_echoes(socks, sent))
    finally:
        for sock in socks.values():
            sock.close()
    return answered


def send_echoes(socks, pairs, family, canary, attempt):
    """Sends one echo request per pair; sequence numbers tell the pairs of one source apart."""
    request_type = 128 if family == socket.AF_INET6 else 8
    sent = {}
    for number, (source, target) in enumerate(pairs):
        sequence = (attempt * len(pairs) + number) & 0xFFFF
        packet = struct.pack("!BBHHH", request_type, 0, 0, 0, sequence) + canary
        key = (source.name, sequence)
        sent[key] = ((source, target), time.monotonic())
        try:
            socks[source.name].sendto(packet, (sockets.address_of(target, family), 0))
        except OSError:
            pass  # no route, say: then there is no answer either
    return sent


def collect_echoes(socks, sent):
    answered = {}
    names = {sock.fileno(): name for name, sock in socks.items()}
    deadline = time.monotonic() + ECHO_WAIT_SECONDS
    poller = select.poll()
    for descriptor in names:
        poller.register(descriptor, select.POLLIN)
    while len(answered) < len(sent) and time.monotonic() < deadline:
        for descriptor, _ in poller.poll(20):
            name = names[descriptor]
            try:
                packet = socks[name].recv(2048)
            except OSError:
                continue  # an ICMP error for one of the requests
            pair, sent_at = sent.get((name, struct.unpack_from("!H", packet, 6)[0]), (None, 0))
            if pair and packet[0] in (0, 129):
                answered[pair] = (time.monotonic() - sent_at) * 1e3
    return answered


class EchoServers:
    """UDP echo in every pod, both families, in one thread."""

    def __init__(self, lab, pods):
        self._socks = [sockets.udp(lab, pod, family, sockets.ECHO_PORT)
                       for pod in pods for family in (socket.AF_INET, socket.AF_INET6)]
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        by_descriptor = {sock.fileno(): sock for sock in self._socks}
        poller = select.poll()
        poller.register(self._stop_read, select.POLLIN)
        for descriptor in by_descriptor:
            poller.register(descriptor, select.POLLIN)
        while True:
            for descriptor, _ in poller.poll():
                if descriptor == self._stop_read:
                    return
                try:
                    data, peer = by_descriptor[descriptor].recvfrom(65536)
                    by_descriptor[descriptor].sendto(data, peer)
                except OSError:
                    continue  # too large for the path just learnt: the client asks again

    def close(self):
        os.write(self._stop_write, b"x")
        self._thread.join()
        for sock in self._socks:
            sock.close()
        os.close(self._stop_read)
        os.close(self._stop_write)


def udp_echo(lab, pair, family, canary, link_mtu=1500):
    """Datagrams up to the path MTU and of a full link (fragmented at the source) come back.

    Returns the path MTU that the source learnt; raises LabError when a size gets no echo.
    """
    source, target = pair
    headers = 48 if family == socket.AF_INET6 else 28
    with sockets.udp(lab, source, family) as sock:
        sock.connect((sockets.address_of(target, family), sockets.ECHO_PORT))
        exchange(sock, pair, canary, 256)
        exchange(sock, pair, canary, link_mtu - headers)
        mtu = path_mtu(sock, family)
        exchange(sock, pair, canary, mtu - headers)
    return mtu


def path_mtu(sock, family):
    if family == socket.AF_INET6:
        return sock.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU)
    return sock.getsockopt(socket.IPPROTO_IP, IP_MTU)


def exchange(sock, pair, canary, size):
    """One datagram there and back.  The first large ones may only teach the two hosts the MTU."""
    for attempt in range(ECHO_ATTEMPTS * 2):
        data = canary_data(canary + b"%d" % attempt, size)
        sock.settimeout(ECHO_WAIT_SECONDS)
        try:
            sock.send(data)
            while sock.recv(65536) != data:
                pass  # the echo of an earlier attempt
            return
        except socket.timeout:
            continue
        except OSError as error:
            if error.errno not in (errno.EMSGSIZE, errno.ECONNREFUSED, errno.EHOSTUNREACH,
                                   errno.ENETUNREACH, errno.ENOBUFS):
                raise
            time.sleep(0.05)
    raise LabError(f"{pair[0].name} -> {pair[1].name}: no UDP echo of {size} bytes")


def tcp_transfer(lab, pair, family, data, digest):
    """Sends the data and compares the SHA-256 at the far end.  Returns Mbit/s."""
    source, target = pair
    with sockets.tcp(lab, target, family) as listener:
        listener.bind((sockets.address_of(target, family), 0))
        listener.listen(1)
        listener.settimeout(TCP_TIMEOUT_SECONDS)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            received = pool.submit(receive_all, listener, source)
            started = time.monotonic()
            try:
                with sockets.tcp(lab, source, family) as sender:
                    sender.bind((sockets.address_of(source, family), 0))
                    sender.settimeout(TCP_TIMEOUT_SECONDS)
                    sender.connect(listener.getsockname()[:2])
                    sender.sendall(data)
            except OSError as error:
                listener.close()
                raise LabError(f"{source.name} -> {target.name}: TCP: {error}") from error
            size, found = received.result()
            seconds = time.monotonic() - started
    if found != digest:
        raise LabError(f"{source.name} -> {target.name}: TCP: {size} of {len(data)} bytes, "
                       "wrong checksum")
    return size * 8 / seconds / 1e6


def receive_all(listener, source):
    checksum, size = hashlib.sha256(), 0
    buffer = bytearray(1 << 18)
    try:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(TCP_TIMEOUT_SECONDS)
            while count := connection.recv_into(buffer):
                checksum.update(memoryview(buffer)[:count])
                size += count
    except OSError as error:
        raise LabError(f"TCP from {source.name}: {error} after {size} bytes") from error
    return size, checksum.digest()
