"""Whether pods reach each other in every way that matters, pair by pair."""
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import hashlib
import socket
import statistics
import time

from . import probes
from .netns import LabError

TRANSFER_BYTES = 10 << 20
PARALLEL = 4
FAMILIES = {"IPv4": socket.AF_INET, "IPv6": socket.AF_INET6}


class Reachability:
    """Results per kind of check: pairs that passed, failures as text, and a figure per pair."""

    def __init__(self, lab, pairs, canary):
        self._lab, self.pairs, self._canary = lab, pairs, canary
        self.passed = {}  # kind -> {pair: figure}
        self.failures = {}  # kind -> [text]

    def icmp(self, name, attempts=probes.ECHO_ATTEMPTS):
        kind = f"ICMP {name}"
        answered = probes.ping_pairs(self._lab, self.pairs, FAMILIES[name], self._canary, attempts)
        self._record(kind, answered, [f"{a.name} -> {b.name}: no echo" for a, b in self.pairs
                                      if (a, b) not in answered])
        return kind

    def udp(self, name):
        """The figure is the path MTU."""
        pods = {pod for pair in self.pairs for pod in pair}
        servers = probes.EchoServers(self._lab, pods)
        try:
            return self._each(f"UDP {name}", self.pairs, lambda pair: probes.udp_echo(
                self._lab, pair, FAMILIES[name], self._canary))
        finally:
            servers.close()

    def tcp(self, name, pairs=None):
        """The figure is Mbit/s."""
        data = probes.canary_data(self._canary, TRANSFER_BYTES)
        digest = hashlib.sha256(data).digest()
        return self._each(f"TCP {name}", pairs or self.pairs, lambda pair: probes.tcp_transfer(
            self._lab, pair, FAMILIES[name], data, digest))

    def reachable(self):
        """Pairs that passed every kind they were part of."""
        failed = {text.split(":")[0] for texts in self.failures.values() for text in texts}
        return [(a, b) for a, b in self.pairs if f"{a.name} -> {b.name}" not in failed]

    def summary(self, kind, unit):
        figures = list(self.passed[kind].values())
        total = len(figures) + len(self.failures[kind])
        text = f"{len(figures)} of {total} pairs"
        if figures:
            text += f", {unit} median {statistics.median(figures):.4g}"
            text += f" (least {min(figures):.4g}, most {max(figures):.4g})"
        return text + "".join(f"; {failure}" for failure in self.failures[kind][:3])

    def _each(self, kind, pairs, work):
        passed, failures = {}, []
        with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
            futures = {pool.submit(work, pair): pair for pair in pairs}
            for future in concurrent.futures.as_completed(futures):
                pair = futures[future]
                try:
                    passed[pair] = future.result()
                except (LabError, OSError) as error:
                    start = f"{pair[0].name} -> {pair[1].name}"
                    text = str(error)
                    failures.append(text if text.startswith(start) else f"{start}: {text}")
        self._record(kind, passed, failures)
        return kind

    def _record(self, kind, passed, failures):
        self.passed[kind], self.failures[kind] = dict(passed), failures


def wait_until_all_answer(lab, pairs, canary, seconds):
    """Waits until every pair answers IPv4 and IPv6 echoes; returns those that still do not."""
    deadline = time.monotonic() + seconds
    left = {name: list(pairs) for name in FAMILIES}
    while any(left.values()) and time.monotonic() < deadline:
        for name, family in FAMILIES.items():
            answered = probes.ping_pairs(lab, left[name], family, canary, attempts=1)
            left[name] = [pair for pair in left[name] if pair not in answered]
    return left
