"""The dataplane of a site's only gateway box is killed at random instants under load: no nonce
comes twice, no clear text leaves, no packet is taken twice, and its SAs outlive it.

How long nothing passed is reported, not judged: a test runs on machines that are busy.  To measure,
as root on a quiet one, after scripts/build.sh:
    KILLS=100 SEED=1 JSON=crash.json python3 tests/integration/lab/lab_crash_test.py
It prints a table for static keys and one for IKE; JSON names a file for the same figures and the
gap of each kill.
"""
# SPDX-License-Identifier: Apache-2.0
import collections
import json
import os
import random
import socket
import statistics
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../../scripts")]

from lablib import frames, stream, topology  # noqa: E402
from lablib.host import wait_for  # noqa: E402
from lablib.netns import inside  # noqa: E402
from running_lab import RunningLab  # noqa: E402

KILLS = int(os.environ.get("KILLS", 20))
SEED = int(os.environ.get("SEED", 4303))
JSON = os.environ.get("JSON")
VICTIM = topology.box_named("edge-b-gw-1")
PODS = [topology.box_named(name).pods[0] for name in ("edge-b-node-1", "cloud-node-1")]
RETURN_SECONDS = 30
GOAL_MS = 500  # for the 99th percentile
WAYS = ("out of the site", "into the site")
KEPT_ARRIVALS = 5000  # those of the last seconds, in which a gap is looked for


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


def distribution(gaps_ms):
    """Least, median, percentiles and most of the gaps of all kills."""
    ordered = sorted(gaps_ms)

    def percentile(percent):
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]

    return {"least": ordered[0], "median": round(statistics.median(ordered), 1),
            "p90": percentile(90), "p99": percentile(99), "most": ordered[-1],
            "over_goal": sum(gap > GOAL_MS for gap in ordered)}


def table(facts):
    """What one run found, for people."""
    lines = [f"{facts['keys']} keys: {facts['kills']} kills, seed {facts['seed']}, "
             f"load {facts['load']:.1f}; gaps in ms",
             f"{'':16} {'least':>7} {'median':>7} {'p90':>7} {'p99':>7} {'most':>7} "
             f"{'> ' + str(GOAL_MS):>7}"]
    for way in WAYS:
        gap = facts["gap_ms"][way]
        lines.append(f"{way:16} " + " ".join(f"{gap[name]:7.0f}" for name in gap))
    wan = facts["wan"]
    lines.append(f"repeated (SPI, IV): {wan['repeated_nonces']} of {wan['esp_frames']} ESP frames; "
                 f"replays taken: {facts['replays_taken']} of {facts['replays_said']}; "
                 f"clear text frames: {wan['plaintext_frames']}; "
                 f"SAs kept: {facts['sas_kept']} of {facts['sas']}")
    return "\n".join(f"# {line}" for line in lines)


def write_json(path, facts):
    """Adds a run to the file, under the name of its keys."""
    runs = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            runs = json.load(file)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**runs, facts["keys"]: facts}, file, indent=2)
        file.write("\n")


class CrashTest:
    """With the keys of a subclass."""
    KEYS = ""

    @classmethod
    def setUpClass(cls):
        cls.facts = {"keys": cls.KEYS, "kills": KILLS, "seed": SEED}
        cls.running = RunningLab(f"crash{cls.KEYS[0]}", nonces=True, keys=cls.KEYS)

    @classmethod
    def tearDownClass(cls):
        try:
            cls.running.close()  # looks for clear text and repeated nonces
        finally:
            cls.report()

    @classmethod
    def report(cls):
        if "gap_ms" not in cls.facts or cls.running.found is None:
            return  # it failed before, and said why
        cls.facts["wan"] = {name: cls.running.found[name] for name in
                            ("esp_frames", "repeated_nonces", "plaintext_frames")}
        print(table(cls.facts), file=sys.stderr)
        if JSON:
            write_json(JSON, cls.facts)

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
        gaps, said = [], 0
        try:
            wait_for("both streams", lambda: streams.arrived_since(0), RETURN_SECONDS)
            for _ in range(KILLS):
                time.sleep(instants.uniform(0.2, 0.7))  # any instant is as good
                heard = replayer.heard()
                gaps.append(self.kill(streams))
                # What it hears now for the first time fills old gaps: they are measured by now.
                replayer.say(heard)
                said += len(heard)
            self.facts["load"] = os.getloadavg()[0]
            wait_for("the replays", lambda: self.replays_refused() > 0, RETURN_SECONDS)
            self.kill_while_it_starts(instants, streams)
        finally:
            replayer.stop()
            reports = streams.stop()
        after = self.spis()
        self.note(gaps, said, sum(report["duplicates"] for report in reports), before, after)
        for report in reports:
            self.assertEqual(report["duplicates"], 0, "a replay was taken for new")
        self.assertEqual(after, before, "all SAs survive, none is re-keyed")

    def note(self, gaps, said, taken, before, after):
        by_way = dict(zip(WAYS, zip(*gaps)))
        self.facts.update(
            gap_ms={way: distribution(by_way[way]) for way in WAYS}, gaps_ms=by_way,
            replays_said=said, replays_taken=taken, sas=len(before),
            sas_kept=len(set(before) & set(after)))

    def kill(self, streams):
        """Kills the dataplane, waits until its successor forwards; the gap of each way in ms."""
        begin_ns = time.monotonic_ns()
        self.running.kill(VICTIM.name, "dataplane")
        dead_ns = time.monotonic_ns()
        wait_for("traffic", lambda: streams.arrived_since(dead_ns), RETURN_SECONDS, 0.01)
        end_ns = time.monotonic_ns()
        return [stream.gap_between_ms(arrivals[-KEPT_ARRIVALS:], begin_ns, end_ns)
                for arrivals in streams.arrivals]

    def kill_while_it_starts(self, instants, streams):
        for _ in range(1 + KILLS // 4):
            self.running.kill(VICTIM.name, "dataplane")
            time.sleep(instants.uniform(0, 0.4))
            self.kill(streams)


class StaticKeysTest(CrashTest, unittest.TestCase):
    KEYS = "static"


class IkeKeysTest(CrashTest, unittest.TestCase):
    KEYS = "ike"


if __name__ == "__main__":
    unittest.main()
