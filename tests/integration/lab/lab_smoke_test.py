"""A short lab run: every kind of traffic once, all packets accounted for, clean ends."""
# SPDX-License-Identifier: Apache-2.0
import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lablib import accounting, reachability, topology  # noqa: E402
from running_lab import RunningLab  # noqa: E402

PAIRS = topology.cross_site_pairs()
GATEWAYS = [box.name for box in topology.BOXES if box.gateway]


class SmokeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.running = RunningLab("smoke")

    @classmethod
    def tearDownClass(cls):
        cls.running.close()

    def test_datagrams_of_every_size_and_transfers_arrive(self):
        pairs = topology.one_pair_per_site_pair(PAIRS)
        reach = reachability.Reachability(self.running.lab.name, pairs, self.running.canary)
        for name in reachability.FAMILIES:
            for kind in (reach.udp(name), reach.tcp(name)):
                self.assertEqual(reach.failures[kind], [])

    def test_every_packet_is_accounted_for(self):
        self.assertEqual(self.running.unreachable(PAIRS), [])
        self.assertEqual(accounting.gateways_that_run(self.running.lab), GATEWAYS)
        self.assertEqual(accounting.unaccounted(self.running.lab), {})

    def test_a_dataplane_ends_with_0_on_sigterm_and_traffic_returns(self):
        state = self.running.kill("edge-b-gw-1", "dataplane", signal.SIGTERM)
        self.assertEqual(state["last_exit"], 0)
        self.assertEqual(self.running.unreachable(PAIRS), [])


if __name__ == "__main__":
    unittest.main()
