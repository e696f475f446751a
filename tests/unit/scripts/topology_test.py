"""The lab is the one that the documentation promises."""
# SPDX-License-Identifier: Apache-2.0
import ipaddress
import itertools
import unittest

from lablib import failover, manifests, topology
from lablib.demo import stray_flows


class TopologyTest(unittest.TestCase):
    def test_has_80_ordered_cross_site_pairs(self):
        self.assertEqual(len(topology.cross_site_pairs()), 80)

    def test_has_five_gateway_boxes_and_three_plain_nodes(self):
        self.assertEqual(sum(box.gateway for box in topology.BOXES), 5)
        self.assertEqual(sum(not box.gateway for box in topology.BOXES), 3)

    def test_uses_every_way_to_hold_a_port(self):
        self.assertEqual({site.ports for site in topology.SITES}, {"owned", "shared"})
        self.assertEqual({len(box.ports) for box in topology.BOXES if box.gateway}, {1, 2})

    def test_uses_every_way_from_a_plain_node_to_its_gateway(self):
        self.assertEqual({site.encapsulation for site in topology.SITES}, {"vxlan", "direct"})

    def test_no_address_is_given_twice(self):
        given = [pod.v4 for pod in topology.PODS] + [pod.v6 for pod in topology.PODS]
        for box in topology.BOXES:
            given += [address for port in box.ports for address in box.addresses(port)]
            given.append(box.management_address)
        self.assertEqual(len(given), len(set(given)))

    def test_pod_networks_do_not_overlap_and_hold_their_pods(self):
        for family in ("pod_cidr_v4", "pod_cidr_v6"):
            networks = [ipaddress.ip_network(getattr(box, family)) for box in topology.BOXES]
            for one, other in itertools.combinations(networks, 2):
                self.assertFalse(one.overlaps(other), f"{one} overlaps {other}")
        for box in topology.BOXES:
            for pod in box.pods:
                self.assertIn(ipaddress.ip_address(pod.v4), ipaddress.ip_network(box.pod_cidr_v4))
                self.assertIn(ipaddress.ip_address(pod.v6), ipaddress.ip_network(box.pod_cidr_v6))

    def test_mac_addresses_are_unique(self):
        macs = [box.mac(port) for box in topology.BOXES for port in box.ports]
        self.assertEqual(len(macs), len(set(macs)))

    def test_interface_names_fit_the_kernel(self):
        for box in topology.BOXES:
            for port in box.ports:
                self.assertLessEqual(len(box.device(port)), 15)

    def test_an_unknown_box_is_an_error_that_names_the_known_ones(self):
        with self.assertRaisesRegex(KeyError, "cloud-gw-1"):
            topology.box_named("nowhere")


class ManifestTest(unittest.TestCase):
    def test_a_gateway_lists_its_boxes_in_order_with_their_wan_addresses(self):
        endpoints = manifests.gateway(topology.SITES[0])["spec"]["endpoints"]
        self.assertEqual([e["nodeName"] for e in endpoints], ["cloud-gw-1", "cloud-gw-2"])
        self.assertEqual([e["publicIP"] for e in endpoints], ["198.18.1.11", "198.18.1.12"])

    def test_the_first_internal_address_of_a_node_is_ipv4(self):
        for box in topology.BOXES:
            first = manifests.node_status(box)["addresses"][0]
            self.assertEqual(first, {"type": "InternalIP", "address": box.lan_address})

    def test_readiness_is_what_a_kubelet_reports(self):
        box = topology.BOXES[0]
        self.assertEqual(manifests.node_status(box, True)["conditions"][0]["status"], "True")
        self.assertEqual(manifests.node_status(box, False)["conditions"][0]["status"], "Unknown")


class DemoSelectionTest(unittest.TestCase):
    def test_flows_of_the_pods_of_a_gateway_box_are_not_stray(self):
        box = topology.box_named("edge-a-gw-1")
        own = box.pods[0].v4
        self.assertEqual(stray_flows([f"p{box.index} {own} > 10.244.26.2",
                                      f"p{box.index} 10.244.26.2 > {own}"]), [])

    def test_flows_between_other_boxes_and_encapsulated_ones_are_stray(self):
        box = topology.box_named("edge-a-gw-1")
        flows = [f"p{box.index} 10.244.22.2 > 10.244.26.2",
                 f"p{box.index} 10.20.0.26 > {box.lan_address}"]
        self.assertEqual(stray_flows(flows), flows)

    def test_failover_is_watched_in_both_directions(self):
        pairs = failover.pairs_of("edge-a")
        self.assertEqual({(b, a) for a, b in pairs}, set(pairs))
        self.assertEqual(len(pairs), 4)

    def test_one_pair_stands_for_each_ordered_pair_of_sites(self):
        pairs = topology.one_pair_per_site_pair(topology.cross_site_pairs())
        self.assertEqual(len({(a.site, b.site) for a, b in pairs}), 6)
        self.assertEqual(len(pairs), 6)


if __name__ == "__main__":
    unittest.main()
