"""perf/compare: what changed between two results, and whether that is more than noise."""
# SPDX-License-Identifier: Apache-2.0
import argparse
import json
import sys

_BAND_PERCENT = 3.0  # what two runs of one program on one machine differ by


def _load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _key(row):
    return (row["direction"], row["algorithm"], str(row["size"]), row["sas"],
            row.get("variant", ""))


def _spread_percent(row):
    """Half of the range of a row's own samples, in per cent of its median."""
    middle = row["cycles_per_packet"]
    low = row.get("cycles_per_packet_min", middle)
    high = row.get("cycles_per_packet_max", middle)
    return 50.0 * (high - low) / middle


def _value(row, by_ceiling):
    if not by_ceiling:
        return row["cycles_per_packet"]
    return row["cycles_per_packet"] / row["ceiling_cycles_per_packet"]


def changes(old, new, by_ceiling):
    """(key, old value, new value, change in %, noise band in %) of every row that both have."""
    before = {_key(row): row for row in old["rows"]}
    for row in new["rows"]:
        earlier = before.get(_key(row))
        if earlier is None:
            continue
        if by_ceiling and not all("ceiling_cycles_per_packet" in each for each in (row, earlier)):
            continue
        was, now = _value(earlier, by_ceiling), _value(row, by_ceiling)
        band = max(_BAND_PERCENT, _spread_percent(row), _spread_percent(earlier))
        yield _key(row), was, now, 100.0 * (now - was) / was, band


def verdict(change, band):
    if abs(change) <= band:
        return ""
    return "slower" if change > 0 else "faster"


def main():
    parser = argparse.ArgumentParser(
        prog="perf/compare", description="Prints the change in cycles per packet.  On different "
        "machines the ratio to the ceiling is compared.  Exit code 1: something became slower.")
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("new", metavar="NEW")
    parser.add_argument("--ratio", action="store_true",
                        help="compare the ratio to the ceiling in any case")
    arguments = parser.parse_args()
    old, new = _load(arguments.old), _load(arguments.new)
    machines = [result["machine"]["cpu"] + result["machine"]["cpu_family_model"]
                for result in (old, new)]
    by_ceiling = arguments.ratio or machines[0] != machines[1]
    unit = "ratio to the ceiling" if by_ceiling else "cycles per packet"
    print(f"{old['machine']['commit']} -> {new['machine']['commit']}, {unit}")
    slower = 0
    for key, was, now, change, band in changes(old, new, by_ceiling):
        words = verdict(change, band)
        slower += words == "slower"
        name = " ".join(str(part) for part in key if part != "")
        print(f"{name:58} {was:8.2f} {now:8.2f} {change:+6.1f} % "
              f"(noise {band:.1f}) {words}".rstrip())
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
