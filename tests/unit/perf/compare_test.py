"""Comparison of two results."""
# SPDX-License-Identifier: Apache-2.0
import unittest

from lib import compare


def result(cycles, ceiling=50.0, low=None, high=None):
    return {"rows": [{"direction": "encrypt", "algorithm": "aes-128-gcm", "size": 64, "sas": 1,
                      "cycles_per_packet": cycles, "ceiling_cycles_per_packet": ceiling,
                      "cycles_per_packet_min": low or cycles,
                      "cycles_per_packet_max": high or cycles}]}


def only_change(old, new, by_ceiling=False):
    (_, _, _, change, band), = compare.changes(old, new, by_ceiling)
    return change, band


class CompareTest(unittest.TestCase):
    def test_more_cycles_than_noise_are_slower(self):
        self.assertEqual(compare.verdict(*only_change(result(100.0), result(110.0))), "slower")
        self.assertEqual(compare.verdict(*only_change(result(110.0), result(100.0))), "faster")

    def test_a_change_within_the_noise_band_is_none(self):
        self.assertEqual(compare.verdict(*only_change(result(100.0), result(102.0))), "")

    def test_the_band_grows_with_the_spread_of_the_samples(self):
        noisy = result(110.0, low=90.0, high=130.0)
        self.assertEqual(compare.verdict(*only_change(result(100.0), noisy)), "")

    def test_between_machines_the_ratio_to_the_ceiling_counts(self):
        change, _ = only_change(result(100.0, 50.0), result(200.0, 100.0), by_ceiling=True)
        self.assertEqual(change, 0.0)

    def test_rows_that_only_one_result_has_are_left_out(self):
        self.assertEqual(list(compare.changes({"rows": []}, result(100.0), False)), [])


if __name__ == "__main__":
    unittest.main()
