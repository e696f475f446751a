"""Rows of results from samples."""
# SPDX-License-Identifier: Apache-2.0
import unittest

from lib import cases, rows, table
from lib.measure import REPEATS, Series

GROUP = cases.Group("encrypt", sizes=(64,))
TSC_HZ = 2_000_000_000


def series(*cycles, quiet_rounds=100, ceiling=50.0):
    result = Series()
    for value in cycles:
        result.add({"cycles_per_packet": value, "ceiling_cycles_per_packet": ceiling,
                    "rounds": 100, "quiet_rounds": quiet_rounds})
    return result


def measured(ours, io=None, peer=None):
    result = {"ours": {64: ours}, "io": {64: io or series(0.0)}}
    return {**result, "peer": {64: peer}} if peer else result


class RowsTest(unittest.TestCase):
    def row(self, *arguments, **named):
        return rows.of_group(GROUP, measured(*arguments, **named), TSC_HZ)[0]

    def test_the_cost_of_source_and_sink_is_taken_from_both_programs(self):
        row = self.row(series(102.0), io=series(2.0), peer=series(202.0))
        self.assertEqual(row["cycles_per_packet"], 100.0)
        self.assertEqual(row["ipsec_secgw_cycles_per_packet"], 200.0)
        self.assertEqual(row["io_cycles_per_packet"], 2.0)
        self.assertEqual(row["ratio_to_ipsec_secgw"], 0.5)

    def test_a_variant_is_compared_with_the_plain_case_that_ran_in_turn_with_it(self):
        group = cases.Group("encrypt", variant="natt", sizes=(64,))
        taken = {**measured(series(112.0), io=series(2.0)), "plain": {64: series(107.0)}}
        found = rows.of_group(group, taken, TSC_HZ)
        self.assertEqual(found[0]["plain_cycles_per_packet"], 105.0)
        self.assertIn("natt   encrypt 64       +5.0 cycles (reach: +8) met",
                      table.variant_costs(found))

    def test_rates_follow_from_cycles(self):
        row = self.row(series(100.0))
        self.assertEqual(row["mpps"], 20.0)
        self.assertEqual(row["gbps"], 10.24)
        self.assertEqual(row["ratio_to_ceiling"], 2.0)

    def test_what_the_peer_cannot_do_is_left_out(self):
        row = self.row(series(100.0))
        self.assertFalse([name for name in row if "ipsec_secgw" in name])

    def test_a_case_that_failed_has_no_row(self):
        failed = Series(error="it does not run")
        self.assertEqual(rows.of_group(GROUP, measured(failed), TSC_HZ), [])

    def test_disturbed_samples_do_not_count_beside_quiet_ones(self):
        mixed = series(500.0, quiet_rounds=3)
        for value in (99.0, 100.0, 101.0):
            mixed.add({"cycles_per_packet": value, "ceiling_cycles_per_packet": 50.0,
                       "rounds": 100, "quiet_rounds": 90})
        row = self.row(mixed)
        self.assertEqual((row["cycles_per_packet"], row["cycles_per_packet_max"]), (100.0, 101.0))
        self.assertTrue(row["quiet"])

    def test_a_case_without_a_quiet_sample_says_so(self):
        self.assertFalse(self.row(series(500.0, quiet_rounds=0))["quiet"])

    def test_a_series_is_complete_with_enough_quiet_samples(self):
        self.assertFalse(series(*[100.0] * (REPEATS - 1)).complete)
        self.assertTrue(series(*[100.0] * REPEATS).complete)
        self.assertFalse(series(*[100.0] * REPEATS, quiet_rounds=0).complete)

    def test_targets_are_those_of_the_plain_case(self):
        self.assertTrue(self.row(series(130.0))["met"])
        self.assertFalse(self.row(series(130.2))["met"])
        self.assertIsNone(cases.reach({"direction": "encrypt", "size": 64, "sas": 1,
                                       "algorithm": cases.GCM, "variant": "natt"}))


if __name__ == "__main__":
    unittest.main()
