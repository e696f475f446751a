"""Gaps of probe streams are measured by the sender's clock."""
# SPDX-License-Identifier: Apache-2.0
import unittest

from lablib import stream, topology
from lablib.report import Report

MS = 1_000_000
PAIR = topology.cross_site_pairs()[0]


def arrivals(sequences):
    return [(sequence, sequence * MS) for sequence in sequences]


class StreamTest(unittest.TestCase):
    def test_a_stream_without_loss_has_no_gap(self):
        result = stream.report(PAIR, 100, arrivals(range(100)), 99 * MS)
        self.assertEqual(result["gap_ms"], 0)
        self.assertEqual(result["received"], 100)

    def test_a_hole_of_250_datagrams_is_a_gap_of_250_ms(self):
        kept = list(range(100)) + list(range(350, 500))
        self.assertEqual(stream.report(PAIR, 500, arrivals(kept), 499 * MS)["gap_ms"], 250.0)

    def test_silence_until_the_end_is_a_gap(self):
        self.assertEqual(stream.longest_gap_ms(arrivals(range(100)), 1099 * MS), 999.0)

    def test_a_gap_belongs_to_the_time_in_which_it_ends(self):
        kept = list(range(100)) + list(range(150, 300)) + list(range(390, 500))
        for begin, end, gap in ((120, 250, 50), (160, 310, 0), (160, 400, 90), (395, 450, 0)):
            self.assertEqual(stream.gap_between_ms(arrivals(kept), begin * MS, end * MS), gap)

    def test_a_stream_that_never_arrived_has_no_measured_gap(self):
        self.assertIsNone(stream.longest_gap_ms([], 100 * MS))

    def test_late_and_double_datagrams_are_counted_and_make_no_gap(self):
        result = stream.report(PAIR, 5, arrivals([0, 2, 1, 1, 3, 4]), 4 * MS)
        self.assertEqual((result["reordered"], result["duplicates"], result["gap_ms"]), (2, 1, 0))


class ReportTest(unittest.TestCase):
    def test_passes_only_when_every_check_held(self):
        report = Report("t")
        self.assertFalse(report.passed)
        report.check("one", True)
        self.assertEqual(report.as_dict()["result"], "pass")
        report.check("two", False, "why")
        self.assertEqual(report.as_dict()["result"], "fail")
        self.assertIn("why", report.table())


if __name__ == "__main__":
    unittest.main()
