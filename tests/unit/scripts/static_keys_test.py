"""Two boxes agree on the SAs between them."""
# SPDX-License-Identifier: Apache-2.0
import unittest

from lablib import static_keys, topology

GATEWAYS = [box for box in topology.BOXES if box.gateway]


def shared_part(sa):
    return {key: value for key, value in sa.items() if key not in ("tunnel_id", "direction")}


BY_TUNNEL = {static_keys.tunnel_id(box.name): box.name for box in GATEWAYS}


class StaticKeysTest(unittest.TestCase):
    def setUp(self):
        self.sas = {box.name: static_keys.security_associations(b"secret", box)["sas"]
                    for box in GATEWAYS}

    def test_what_one_box_sends_with_the_other_receives_with(self):
        for box in GATEWAYS:
            for out in (sa for sa in self.sas[box.name] if sa["direction"] == "out"):
                inbound = [sa for sa in self.sas[BY_TUNNEL[out["tunnel_id"]]]
                           if sa["direction"] == "in" and BY_TUNNEL[sa["tunnel_id"]] == box.name]
                self.assertEqual([shared_part(sa) for sa in inbound], [shared_part(out)])

    def test_tunnel_ids_are_fnv_1a(self):
        self.assertEqual(static_keys.tunnel_id(""), 0x1C9DC5)  # the offset basis
        self.assertEqual(static_keys.tunnel_id("a"), 0x0C292C)  # 0xe40c292c, FNV test vectors

    def test_no_key_and_no_spi_serves_two_directions_or_two_pairs(self):
        outbound = [sa for sas in self.sas.values() for sa in sas if sa["direction"] == "out"]
        self.assertEqual(len({sa["key"] for sa in outbound}), len(outbound))
        self.assertEqual(len({sa["spi"] for sa in outbound}), len(outbound))

    def test_boxes_of_one_site_have_no_tunnel_to_each_other(self):
        peers = {BY_TUNNEL[sa["tunnel_id"]] for sa in self.sas["cloud-gw-1"]}
        self.assertEqual(peers, {"edge-a-gw-1", "edge-a-gw-2", "edge-b-gw-1"})

    def test_another_secret_gives_other_keys(self):
        other = static_keys.security_associations(b"other", GATEWAYS[0])["sas"]
        self.assertNotEqual(other[0]["key"], self.sas[GATEWAYS[0].name][0]["key"])


if __name__ == "__main__":
    unittest.main()
