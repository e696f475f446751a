"""Probe streams: 1000 small datagrams a second from pod to pod, to measure how long none passes.

The gap is taken from the sender's clock: the time between sending the last datagram that arrived
before a hole and the first that arrived after it.  Neither a late receiver nor one that is busy
makes it longer.
"""
# SPDX-License-Identifier: Apache-2.0
import contextlib
import select
import socket
import struct
import threading
import time

from . import sockets

INTERVAL_SECONDS = 0.001
_FORMAT = struct.Struct("!HQQ")  # stream, sequence, send time in ns


class Streams:
    """Runs one stream per ordered pair of pods until stop()."""

    def __init__(self, lab, pairs, canary, family=socket.AF_INET):
        self._pairs = pairs
        self._canary = canary
        self._stopping = threading.Event()
        self._receivers, self._senders = [], []
        for number, (source, target) in enumerate(pairs):
            port = sockets.STREAM_PORT + number
            self._receivers.append(sockets.udp(lab, target, family, port))
            sender = sockets.udp(lab, source, family)
            sender.setblocking(False)
            sender.connect((sockets.address_of(target, family), port))
            self._senders.append(sender)
        self.sent = [0] * len(pairs)
        self.arrivals = [[] for _ in pairs]  # (sequence, send time) in order of arrival
        self._threads = [threading.Thread(target=work, daemon=True)
                         for work in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()

    def _send(self):
        due = time.monotonic()
        while not self._stopping.is_set():
            for number, sender in enumerate(self._senders):
                data = _FORMAT.pack(number, self.sent[number], time.monotonic_ns()) + self._canary
                with contextlib.suppress(OSError):  # unreachable just now: the gap will show it
                    sender.send(data)
                self.sent[number] += 1
            due = max(due + INTERVAL_SECONDS, time.monotonic() - 0.1)
            time.sleep(max(0.0, due - time.monotonic()))

    def _receive(self):
        by_descriptor = {sock.fileno(): sock for sock in self._receivers}
        poller = select.poll()
        for descriptor in by_descriptor:
            poller.register(descriptor, select.POLLIN)
        while not self._stopping.is_set():
            for descriptor, _ in poller.poll(50):
                data = by_descriptor[descriptor].recv(2048)
                number, sequence, sent_ns = _FORMAT.unpack_from(data)
                self.arrivals[number].append((sequence, sent_ns))

    def arrived_since(self, since_ns):
        """Whether every stream has delivered something that was sent after the given time."""
        return all(arrivals and arrivals[-1][1] >= since_ns for arrivals in self.arrivals)

    def stop(self, drain_seconds=0.3):
        """Ends the streams and returns one report per pair."""
        end_ns = time.monotonic_ns()
        time.sleep(drain_seconds)
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        for sock in self._receivers + self._senders:
            sock.close()
        return [report(pair, self.sent[number], self.arrivals[number], end_ns)
                for number, pair in enumerate(self._pairs)]


def report(pair, sent, arrivals, end_ns):
    """What became of one stream.  Pure."""
    seen, duplicates, reordered, highest = set(), 0, 0, -1
    for sequence, _ in arrivals:
        duplicates += sequence in seen
        reordered += sequence < highest
        seen.add(sequence)
        highest = max(highest, sequence)
    return {"from": pair[0].name, "to": pair[1].name, "sent": sent, "received": len(seen),
            "duplicates": duplicates, "reordered": reordered,
            "gap_ms": longest_gap_ms(arrivals, end_ns)}


def gap_between_ms(arrivals, begin_ns, end_ns):
    """As longest_gap_ms(), of the gaps that end in the given time."""
    times = sorted(sent_ns for _, sent_ns in arrivals)
    longest = max((b - a for a, b in zip(times, times[1:]) if begin_ns <= b <= end_ns),
                  default=end_ns - begin_ns) / 1e6
    return round(max(0.0, longest - INTERVAL_SECONDS * 1e3), 1)


def longest_gap_ms(arrivals, end_ns):
    """Longest time between two sends that arrived, less the usual interval; the end counts too.

    None when nothing arrived at all.
    """
    if not arrivals:
        return None
    times = sorted(sent_ns for _, sent_ns in arrivals)
    times.append(max(end_ns, times[-1]))
    longest = max((b - a for a, b in zip(times, times[1:])), default=0) / 1e6
    return round(max(0.0, longest - INTERVAL_SECONDS * 1e3), 1)
