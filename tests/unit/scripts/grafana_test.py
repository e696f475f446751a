"""The Grafana board names only metrics and labels that exist, and fits on the page."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import sys
import unittest

CONFIGS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../../configs")
sys.path.insert(0, os.path.join(CONFIGS, "../scripts"))

import grafana  # noqa: E402  (needs the path above)

TABLE = """
| `raven_x_packets_total` | counter | port,worker | packets | Packets. |
| `raven_x_up` | gauge | port |  | 1: up. |
"""


class BoardTest(unittest.TestCase):
    def setUp(self):
        with open(f"{CONFIGS}/metrics.md", encoding="utf-8") as file:
            self.known = set(re.findall(r"`(raven_\w+)`", file.read()))
        with open(f"{CONFIGS}/grafana.json", encoding="utf-8") as file:
            self.panels = json.load(file)["panels"]

    def test_names_only_metrics_that_exist(self):
        named = {name for panel in self.panels for target in panel.get("targets", [])
                 for name in re.findall(r"raven_\w+", target["expr"])}
        self.assertGreater(len(named), 20)
        self.assertLessEqual(named, self.known)

    def test_panels_have_queries_and_do_not_overlap(self):
        cells = set()
        for panel in self.panels:
            self.assertTrue(panel["type"] == "row" or panel["targets"], panel["title"])
            place = panel["gridPos"]
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertNotIn((x, y), cells, panel["title"])
                    self.assertLess(x, grafana.COLUMNS)
                    cells.add((x, y))

    def test_refuses_a_metric_or_label_that_the_table_does_not_have(self):
        board = grafana.Board(grafana.Metrics(TABLE))
        self.assertEqual(board.gauge("raven_x_up", "port")[0], 'raven_x_up{instance=~"$instance"}')
        for bad in (lambda: board.gauge("raven_x_down"), lambda: board.gauge("raven_x_up", "wire"),
                    lambda: board.rate("raven_x_up"),
                    lambda: board.rate("raven_x_packets_total", only='wire="a"')):
            with self.assertRaises(KeyError):
                bad()


if __name__ == "__main__":
    unittest.main()
