"""From samples to the rows of the JSON file.  What could not be measured is left out, not zero."""
# SPDX-License-Identifier: Apache-2.0
from . import cases, programs


def _put(row, name, spread, deducted=0.0):
    if spread is None:
        return
    low, middle, high = (round(value - deducted, 1) for value in spread[:3])
    row[name], row[f"{name}_min"], row[f"{name}_max"] = middle, low, high


def _identity(group, size):
    row = {"direction": group.direction, "algorithm": group.algorithm, "size": size,
           "sas": group.sas}
    if group.variant:
        row["variant"] = group.variant
    row["mbufs_in_flight"] = group.packets
    return row


def of_group(group, measured, tsc_hz):
    """One row per packet size; `measured` is what Measurement.group() gave."""
    return [row for size in group.sizes
            if (row := _row(group, size, {name: by_size[size] for name, by_size
                                          in measured.items() if by_size}, tsc_hz))]


def _row(group, size, series, tsc_hz):
    ours = series["ours"].spread()
    if ours is None:
        return None
    bare = series["io"].spread() if "io" in series else None
    deducted = bare[1] if bare else 0.0
    row = _identity(group, size)
    _put(row, "cycles_per_packet", ours, deducted)
    row["samples"] = ours[3]
    row["quiet"] = series["ours"].is_quiet
    row["io_cycles_per_packet"] = round(deducted, 1)
    _put(row, "ceiling_cycles_per_packet", series["ours"].ceiling_spread())
    if "plain" in series:
        _put(row, "plain_cycles_per_packet", series["plain"].spread(), deducted)
    peer = series["peer"].spread() if "peer" in series else None
    _put(row, "ipsec_secgw_cycles_per_packet", peer, deducted)
    if peer:
        row["ipsec_secgw_mode"] = programs.peer_mode(group)
        row["ipsec_secgw_quiet"] = series["peer"].is_quiet
    _add_ratios(row, tsc_hz)
    return row


def _add_ratios(row, tsc_hz):
    cycles = row["cycles_per_packet"]
    row["mpps"] = round(tsc_hz / cycles / 1e6, 2)
    row["gbps"] = round(tsc_hz / cycles * cases.mean_bytes(row["size"]) * 8 / 1e9, 2)
    if "ceiling_cycles_per_packet" in row:
        row["ratio_to_ceiling"] = round(cycles / row["ceiling_cycles_per_packet"], 3)
    if "ipsec_secgw_cycles_per_packet" in row:
        row["ratio_to_ipsec_secgw"] = round(cycles / row["ipsec_secgw_cycles_per_packet"], 3)
    target = cases.reach(row)
    if target is not None:
        row["reach_cycles_per_packet"] = target
        row["met"] = cycles <= target
