"""The page of the demonstration shows what the report has, and nothing of it as markup."""
# SPDX-License-Identifier: Apache-2.0
import unittest
from xml.etree import ElementTree

from lablib import page, topology

RESULT = {
    "active_gateways": {"cloud": ["cloud-gw-1"], "edge-a": ["edge-a-gw-1"],
                        "edge-b": ["edge-b-gw-1"]},
    "active_gateways_after": {"cloud": ["cloud-gw-1"], "edge-a": ["edge-a-gw-2"],
                              "edge-b": ["edge-b-gw-1"]},
    "failover_victim": "edge-a-gw-1", "failover_gap_ms": 733.0, "pod_pairs": 80,
    "pod_pairs_reachable": 79, "seconds": 58, "result": "fail",
    "checks": [{"name": "one", "held": True, "detail": "all < good"},
               {"name": "two", "held": False, "detail": "1 pair"}]}


def kinds(drawing):
    return [rect.get("class") for rect in ElementTree.fromstring(drawing).iter("rect")]


class PageTest(unittest.TestCase):
    def test_shows_every_box_and_which_ones_are_active(self):
        found = kinds(page.picture(RESULT["active_gateways"]))
        self.assertEqual(found.count("site"), len(topology.SITES))
        self.assertEqual([found.count(kind) for kind in ("active", "standby", "lost", "plain")],
                         [3, 2, 0, 3])

    def test_a_box_without_power_has_no_tunnels(self):
        before = page.picture(RESULT["active_gateways"])
        after = page.picture(RESULT["active_gateways_after"], lost="edge-a-gw-1")
        self.assertEqual(before.count("<path"), 2 * 2 + 2 * 1 + 2 * 1)
        self.assertEqual(after.count("<path"), 2 * 1 + 2 * 1 + 1 * 1)
        self.assertEqual(after.count("<path class='used'"), 3)
        self.assertIn("lost", kinds(after))

    def test_boxes_lie_within_their_site(self):
        for name, (x, y) in page.places().items():
            number = topology.SITES.index(topology.box_named(name).site)
            left, top = page.PLACES[number]
            self.assertTrue(left <= x <= left + page.SITE_WIDTH - page.BOX_WIDTH, name)
            self.assertTrue(top <= y <= top + page.SITE_HEIGHT - page.BOX_HEIGHT, name)

    def test_has_figures_and_checks_as_text(self):
        text = page.page("Demo", RESULT)
        for part in ("79 of 80", "733.0 ms", "all &lt; good", "<td class='no'>NO"):
            self.assertIn(part, text)

    def test_a_demo_that_ended_early_still_has_a_page(self):
        text = page.page("Demo", {"result": "fail", "seconds": 1, "checks": RESULT["checks"]})
        self.assertIn("none of none", text)


if __name__ == "__main__":
    unittest.main()
