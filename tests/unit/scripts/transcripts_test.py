"""A kept transcript is stale when the shape of the output changed, and not when its figures did."""
# SPDX-License-Identifier: Apache-2.0
import os
import tempfile
import unittest

from lablib import transcripts

STATUS = """[gw-1] $ ravenctl status
gw-1 in pool cloud: up 11s, generation 3

WORKER  CPU  STATE  BUSY
     0    1  alive  0.8%

TUNNEL  RTT_MS  REMOTE
gw-2      0.52  198.18.2.21:4500
gw-3         -  198.18.2.22:4500

DROP          STAGE  PACKETS/S
probe_answer  probe         33
"""
TRACE = """[gw-1] $ ravenctl trace --source dir:/a
AFTER_US  WORKER  STAGE     FOUND
    0.00       0  classify  -
    1.85       0  esp_in    peer gw-2, next hop 02:52:56:01:10:00
verdict: sent by port lan0
"""
CHECKS = """check             held  detail
----------------  ----  ------
all sites joined  yes   0.9 s

result: pass
"""


class ShapeTest(unittest.TestCase):
    def assert_same(self, text, *replacements):
        other = text
        for old, new in replacements:
            self.assertIn(old, other)
            other = other.replace(old, new)
        self.assertEqual(transcripts.shape(text), transcripts.shape(other))

    def assert_differs(self, text, old, new):
        self.assertIn(old, text)
        self.assertNotEqual(transcripts.shape(text), transcripts.shape(text.replace(old, new)))

    def test_figures_and_frequent_drops_do_not_matter(self):
        self.assert_same(STATUS, ("11s", "1m07s"), ("0.52", "7.1"), ("0.8%", "12.0%"),
                         ("198.18.2.22:4500", "[fd00::1]:4500"), ("probe_answer", "ttl"))
        self.assert_same(TRACE, ("dir:/a", "kubeconfig:/b"), ("01:10:00", "aa:00:cc"))
        self.assert_same(CHECKS, ("0.9 s", "11.0 s after"))

    def test_a_warning_of_one_run_does_not_matter(self):
        warned = "generation 3\nWARNING: 4 probes had no room\n"
        self.assert_same(STATUS, ("generation 3\n", warned))

    def test_headers_labels_and_names_of_checks_matter(self):
        self.assert_differs(STATUS, "RTT_MS", "ROUND_MS")
        self.assert_differs(STATUS, "gw-3 ", "gw-x ")
        self.assert_differs(STATUS, "generation", "version")
        self.assert_differs(STATUS, "gw-3         -  198.18.2.22:4500\n", "")
        self.assert_differs(STATUS, "DROP          STAGE  PACKETS/S", "REASON  STAGE  PACKETS/S")
        self.assert_differs(TRACE, "esp_in", "decrypt")
        self.assert_differs(TRACE, "verdict", "end")
        self.assert_differs(CHECKS, "joined", "connected")


class FoldersTest(unittest.TestCase):
    def setUp(self):
        self.folders = []
        for _ in range(2):
            folder = tempfile.TemporaryDirectory()
            self.addCleanup(folder.cleanup)
            self.folders.append(folder.name)
            transcripts.write(folder.name, {"status": STATUS, "demo": CHECKS})

    def test_same_shapes_are_no_difference(self):
        self.assertEqual(transcripts.differences(*self.folders), [])

    def test_a_difference_is_told_in_both_directions(self):
        transcripts.write(self.folders[0], {"status": STATUS.replace("RTT_MS", "X"),
                                            "demo": CHECKS})
        self.assertEqual(transcripts.differences(*self.folders),
                         ["status.txt: - TUNNEL RTT_MS REMOTE", "status.txt: + TUNNEL X REMOTE"])

    def test_a_lost_row_with_the_name_of_another_one_is_told(self):
        transcripts.write(self.folders[0], {
            "status": STATUS.replace("gw-3         -  198.18.2.22:4500\n", ""), "demo": CHECKS})
        self.assertEqual(transcripts.differences(*self.folders),
                         ["status.txt: the same lines, in another order or number"])

    def test_a_missing_file_is_told(self):
        transcripts.write(self.folders[1], {"status": STATUS})
        self.assertEqual(transcripts.differences(*self.folders),
                         [f"no {os.path.join(self.folders[1], 'demo.txt')}"])


if __name__ == "__main__":
    unittest.main()
