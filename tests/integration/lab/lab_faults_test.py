"""Each process is killed in turn, then a whole box; traffic goes on or comes back, encrypted."""
# SPDX-License-Identifier: Apache-2.0
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lablib import host, topology  # noqa: E402
from running_lab import RunningLab  # noqa: E402

PAIRS = topology.cross_site_pairs()
# One of every kind of box: owned ports, shared ports, a single port, a plain node, the cloud.
VICTIMS = [
    ("cloud-gw-1", "dataplane"), ("edge-a-gw-1", "dataplane"), ("edge-b-gw-1", "dataplane"),
    ("cloud-gw-1", "charon"), ("edge-b-gw-1", "charon"),
    ("cloud-gw-1", "gateway-agent"), ("edge-a-gw-1", "gateway-agent"),
    ("edge-a-node-1", "agent-lite"), ("cloud-node-1", "agent-lite"),
    ("mgmt", "controller-1"), ("mgmt", "controller-2"),
]


class FaultsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.running = RunningLab("faults", source="api")

    @classmethod
    def tearDownClass(cls):
        cls.running.close()

    def test_traffic_survives_the_sigkill_of_every_process(self):
        for machine, process in VICTIMS:
            with self.subTest(machine=machine, process=process):
                self.running.kill(machine, process)
                self.assertEqual(self.running.unreachable(PAIRS), [])

    def test_traffic_survives_the_sigkill_of_the_api_server(self):
        self.running.lab.cluster.control("kill")
        self.assertEqual(self.running.unreachable(PAIRS), [])
        self.running.lab.cluster.control("start")
        self.assertEqual(self.running.unreachable(PAIRS), [])

    def test_traffic_survives_the_loss_and_return_of_a_gateway_box(self):
        victim = self.running.lab.active_gateways()["edge-a"][0]
        alive = [pod for pod in topology.PODS if pod.node != victim]
        self.running.kill_box(victim)
        self.assertEqual(self.running.unreachable(topology.cross_site_pairs(alive)), [])
        host.wait_for("another active gateway", lambda: victim not in
                      self.running.lab.active_gateways()["edge-a"], 60)
        self.running.lab.start_box(victim)
        self.assertEqual(self.running.unreachable(PAIRS), [])


if __name__ == "__main__":
    unittest.main()
