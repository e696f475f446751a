"""The dataplane of a site's only gateway box is killed at random instants under load: no nonce
comes twice, no clear text leaves, no packet is taken twice, and its SAs outlive it.

How long nothing passed is reported, not judged: this is no machine to measure on.
    KILLS=100 SEED=1 python3 lab_crash_test.py -v
"""
# SPDX-License-Identifier: Apache-2.0
import collections
import os
import random
import socket
import statistics
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lablib import frames, stream, topology  # noqa: E402
from lablib.host import wait_for  # noqa: E402
from lablib.netns import inside  # noqa: E402
from running_lab import RunningLab  # noqa: E402

KILLS = int(os.environ.get("KILLS", 20))
SEED = int(os.environ.get("SEED", 4303))
VICTIM = topology.box_named("edge-b-gw-1")
PODS = [topology.box_named(name).pods[0] for name in ("edge-b-node-1", "cloud-node-1")]
RETURN_SECONDS = 30


class Replayer:
    """Hears what the WAN sends to the victim, and can say the last of it again.

    Frames that this machine sends are no news to the capture of the lab: it counts arrivals.
    """
    ETH_P_ALL, KEPT = 0x0003, 500

    def __init__(self, lab):
        with inside(f"{lab.name}-wan"):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                         socket.htons(self.ETH_P_ALL))
        self._socket.bind((f"lan-{VICTIM.site.name}", self.ETH_P_ALL))
        self._socket.settimeout(0.1)
        self._kept = collections.deque(maxlen=self.KEPT)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def _hear(self):
        while not self._stopping.is_set():
            try:
                frame, address = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            if address[2] == socket.PACKET_OUTGOING and frames.esp_nonce(frame) and \
                    frames.addresses(frame)[1] == VICTIM.wan_address:
                self._kept.append(frame)

    def heard(self):
        return list(self._kept)

    def say(self, heard):
        for frame in heard:
            self._socket.send(frame)

    def stop(self):
        self._stopping.set()
        self._thread.join()
        self._socket.close()


class CrashTest:
    """With the keys of a subclass."""
    KEYS = ""

    @classmethod
    def setUpClass(cls):
        cls.running = RunningLab(f"crash{cls.KEYS[0]}", nonces=True, keys=cls.KEYS)

    @classmethod
    def tearDownClass(cls):
        cls.running.close()  # looks for clear text and repeated nonces

    def spis(self):
        sas = self.running.ravenctl(VICTIM.name, "sas")["sas"]
        return sorted((sa["direction"], sa["spi"]) for sa in sas)

    def replays_refused(self):
        drops = self.running.ravenctl(VICTIM.name, "drops", "--all")["drops"]
        return sum(int(drop.get("packets", 0)) for drop in drops if "replay" in drop["reason"])

    # Rule 8: refuses.  Rule 21: holds.  Rule 39: holds
    def test_nothing_repeats_and_nothing_is_lost_for_good(self):
        instants = random.Random(SEED)
        before = self.spis()
        pairs = [PODS, PODS[::-1]]
        streams = stream.Streams(self.running.lab.name, pairs, self.running.canary)
        replayer = Replayer(self.running.lab)
        kills_ns, replayed = [], 0  # the last entry is where the measurement ends
        try:
            wait_for("both streams", lambda: streams.arrived_since(0), RETURN_SECONDS)
            for _ in range(KILLS):
                time.sleep(instants.uniform(0.2, 0.7))  # any instant is as good
                heard = replayer.heard()
                kills_ns.append(time.monotonic_ns())
                self.kill(streams)
                replayer.say(heard)
                replayed += len(heard)
            wait_for("the replays", lambda: self.replays_refused() > 0, RETURN_SECONDS)
            kills_ns.append(time.monotonic_ns())
            self.kill_while_it_starts(instants, streams)
        finally:
            replayer.stop()
            reports = streams.stop()
        for report in reports:
            self.assertEqual(report["duplicates"], 0, "a replay was taken for new")
        self.assertEqual(self.spis(), before, "all SAs survive, none is re-keyed")
        self.report(streams, kills_ns, replayed)

    def kill(self, streams):
        """Kills the dataplane and waits until its successor forwards."""
        self.running.kill(VICTIM.name, "dataplane")
        dead_ns = time.monotonic_ns()
        wait_for("traffic", lambda: streams.arrived_since(dead_ns), RETURN_SECONDS, 0.01)

    def kill_while_it_starts(self, instants, streams):
        for _ in range(1 + KILLS // 4):
            self.running.kill(VICTIM.name, "dataplane")
            time.sleep(instants.uniform(0, 0.4))
            self.kill(streams)

    def report(self, streams, kills_ns, replayed):
        for number, way in enumerate(("out of the site", "into the site")):
            gaps = sorted(stream.gap_between_ms(streams.arrivals[number], begin, end)
                          for begin, end in zip(kills_ns, kills_ns[1:]))
            p99 = gaps[max(0, -(-len(gaps) * 99 // 100) - 1)]
            print(f"# {self.KEYS} keys, {len(gaps)} kills, seed {SEED}, {replayed} replays; gap "
                  f"{way} in ms: least {gaps[0]:.0f}, median {statistics.median(gaps):.0f}, "
                  f"p99 {p99:.0f}, most {gaps[-1]:.0f}", file=sys.stderr)


class StaticKeysTest(CrashTest, unittest.TestCase):
    KEYS = "static"


class IkeKeysTest(CrashTest, unittest.TestCase):
    KEYS = "ike"


if __name__ == "__main__":
    unittest.main()
