"""The lab's network without any of our programs: it connects, it is watched, it goes away."""
# SPDX-License-Identifier: Apache-2.0
import os
import signal
import socket
import subprocess
import sys
import unittest

from lablib import capture, features, host, network, probes, sockets, topology
from lablib.lab import STATE_ROOT
from lablib.netns import LabError, listed, processes_in, run

LAB = f"nt{os.getpid()}"


def devices_of_the_machine():
    return set(os.listdir("/sys/class/net"))


def is_alive(pid):
    """A zombie, which only waits for its parent, has no namespaces any more."""
    return os.path.exists(f"/proc/{pid}/ns/net")


class NetworkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        features.check()
        cls.devices = devices_of_the_machine()
        network.up(LAB)

    @classmethod
    def tearDownClass(cls):
        network.down(LAB)

    def test_pods_of_a_site_reach_each_other_straight(self):
        """Owned boxes have no dataplane here, so their kernel reaches nobody."""
        kernel = [pod for pod in topology.PODS if not topology.box_named(pod.node).owned]
        pairs = topology.intra_site_pairs(kernel)
        self.assertGreater(len(pairs), 8)
        for family in (socket.AF_INET, socket.AF_INET6):
            answered = probes.ping_pairs(LAB, pairs, family, probes.new_canary())
            self.assertEqual([p for p in pairs if p not in answered], [])

    def test_pods_of_an_owned_box_reach_nobody_without_its_dataplane(self):
        owned = [pod for pod in topology.PODS if topology.box_named(pod.node).owned]
        others = [pod for pod in topology.PODS if pod.site == "cloud"]
        pairs = [(a, b) for a in owned for b in others if a.node != b.node]
        self.assertEqual(
            probes.ping_pairs(LAB, pairs, socket.AF_INET, probes.new_canary(), attempts=1), {})

    def test_a_packet_that_leaves_a_site_in_clear_is_seen_and_named(self):
        canary = probes.new_canary()
        recorder = capture.Recorder(f"{LAB}-wan", network.wan_links(), canary)
        leaving = topology.box_named("edge-a-node-1").pods[0]
        remote = topology.box_named("cloud-node-1").pods[0]
        with sockets.in_pod(LAB, leaving, socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for _ in range(5):
                sock.sendto(canary, (remote.v4, 9))
        found = recorder.stop()
        self.assertEqual((found["canary_frames"], found["plaintext_frames"]), (5, 5))
        self.assertEqual(found["canary_flows"], {f"lan-edge-a {leaving.v4} > {remote.v4}": 5})
        self.assertEqual(found["capture_drops"], 0)

    def test_traffic_inside_a_site_does_not_reach_the_router(self):
        canary = probes.new_canary()
        recorder = capture.Recorder(f"{LAB}-wan", network.wan_links(), canary)
        pairs = topology.intra_site_pairs([p for p in topology.PODS if p.site == "edge-b"])
        probes.ping_pairs(LAB, pairs, socket.AF_INET, canary)
        self.assertEqual(recorder.stop()["plaintext_frames"], 0)

    def test_a_capture_goes_on_while_cables_are_pulled(self):
        canary = probes.new_canary()
        box = topology.box_named("edge-a-gw-1")
        recorder = capture.Recorder(f"{LAB}-wan", network.wan_links(), canary)
        network.set_links(LAB, box, "down")
        network.set_links(LAB, box, "up")
        leaving = topology.box_named("cloud-node-1").pods[0]
        with sockets.in_pod(LAB, leaving, socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(canary, (topology.box_named("edge-b-node-1").pods[0].v4, 9))
        self.assertEqual(recorder.stop()["canary_frames"], 1)

    def test_nothing_is_made_outside_of_namespaces(self):
        self.assertEqual(devices_of_the_machine(), self.devices)

    def test_a_second_lab_of_the_same_name_is_refused(self):
        with self.assertRaisesRegex(LabError, "already up"):
            network.up(LAB)


class DownTest(unittest.TestCase):
    """`down` finds what is there by name and namespace alone."""
    LAB = f"dt{os.getpid()}"

    def setUp(self):
        self.folder = os.path.join(STATE_ROOT, self.LAB)

    def tearDown(self):
        network.down(self.LAB, grace_seconds=0)
        host.Host(self.LAB, "cloud-gw-1", self.folder).lose_memory()
        run(["rm", "-rf", self.folder])

    def test_removes_kept_processes_that_ignore_sigterm(self):
        network.up(self.LAB)
        machine = host.Host(self.LAB, "cloud-gw-1", self.folder)
        machine.make_folders()
        machine.start("stubborn", ["sh", "-c", "trap '' TERM; touch /run/up; sleep 1000"])
        host.wait_for("the process", lambda: os.path.exists(machine.path("run", "up")), 10)
        pids = processes_in(machine.namespace)
        self.assertGreaterEqual(len(pids), 3)
        network.down(self.LAB, grace_seconds=0.2)
        self.assertEqual(listed(f"{self.LAB}-"), [])
        self.assertEqual([pid for pid in pids if is_alive(pid)], [])

    def test_cleans_up_after_a_lab_that_was_killed_half_way(self):
        script = f"from lablib import network; network.up({self.LAB!r})"
        builder = subprocess.Popen([sys.executable, "-c", script])
        host.wait_for("half of the lab", lambda: len(listed(f"{self.LAB}-")) > 10, 10, 0.001)
        builder.send_signal(signal.SIGKILL)
        builder.wait()
        network.down(self.LAB)
        self.assertEqual(listed(f"{self.LAB}-"), [])
        network.up(self.LAB)  # nothing is in the way of the next one

    def test_does_not_touch_a_lab_whose_name_only_begins_the_same(self):
        other = f"{self.LAB}x"
        run(["ip", "netns", "add", f"{other}-wan"])
        try:
            network.down(self.LAB)
            self.assertEqual(listed(f"{other}-"), [f"{other}-wan"])
        finally:
            run(["ip", "netns", "del", f"{other}-wan"])


class KeeperTest(unittest.TestCase):
    LAB = f"kt{os.getpid()}"

    def setUp(self):
        self.folder = os.path.join(STATE_ROOT, self.LAB)
        run(["ip", "netns", "add", f"{self.LAB}-box"])
        self.host = host.Host(self.LAB, "box", self.folder)
        self.host.make_folders()

    def tearDown(self):
        network.down(self.LAB, grace_seconds=0)
        self.host.lose_memory()
        run(["rm", "-rf", self.folder])

    def test_a_killed_process_is_started_again(self):
        self.host.start("p", ["sleep", "1000"])
        first = host.wait_for("start", lambda: self.state().get("pid"), 10)
        self.host.kill("p")
        host.wait_for("restart", lambda: self.state().get("pid") not in (0, None, first), 10)
        self.assertEqual(self.state()["restarts"], 1)
        self.assertEqual(self.state()["last_exit"], -9)

    def test_a_process_with_a_wrong_configuration_is_not_started_again(self):
        self.host.start("p", ["sh", "-c", "exit 78"])
        host.wait_for("the end", lambda: self.state().get("last_exit") == 78, 10)
        host.wait_for("its keeper to end", lambda: not processes_in(self.host.namespace), 10)
        self.assertEqual(self.state()["restarts"], 0)

    def test_each_machine_has_its_own_run_folder(self):
        self.assertEqual(self.host.run(["touch", "/run/mine"]).returncode, 0)
        self.assertTrue(os.path.exists(self.host.path("run", "mine")))
        self.assertFalse(os.path.exists("/run/mine"))

    def state(self):
        return self.host.processes().get("p", {})


class FeatureTest(unittest.TestCase):
    def test_a_missing_kernel_feature_is_named_with_its_option(self):
        run(["ip", "netns", "add", LAB + "f"])
        try:
            failure = features.try_feature(LAB + "f", "flying carpets", "CONFIG_CARPET",
                                           ["ip link add c0 type carpet"])
        finally:
            run(["ip", "netns", "del", LAB + "f"])
        self.assertEqual(len(failure), 1)
        self.assertIn("flying carpets (CONFIG_CARPET)", failure[0])


if __name__ == "__main__":
    unittest.main()
