"""The rows as a table for people."""
# SPDX-License-Identifier: Apache-2.0
from . import cases

_COLUMNS = (
    # title, width, member
    ("size", 5, "size"), ("cycles", 7, "cycles_per_packet"), ("min", 7, "cycles_per_packet_min"),
    ("max", 7, "cycles_per_packet_max"), ("ceiling", 8, "ceiling_cycles_per_packet"),
    ("ratio", 6, "ratio_to_ceiling"), ("secgw", 7, "ipsec_secgw_cycles_per_packet"),
    ("ratio", 6, "ratio_to_ipsec_secgw"), ("Mpps", 6, "mpps"), ("Gbit/s", 7, "gbps"),
    ("reach", 6, "reach_cycles_per_packet"),
)


def _cell(row, width, member):
    value = row.get(member)
    if value is None:
        return "-".rjust(width)
    if isinstance(value, float):
        value = f"{value:.2f}" if member.startswith("ratio") else f"{value:.1f}"
    return str(value).rjust(width)


def _title(row):
    variant = row.get("variant", "")
    sas = "1 SA" if row["sas"] == 1 else f"{row['sas']} SAs"
    return ", ".join(filter(None, (row["direction"], row["algorithm"], sas, variant)))


def _verdict(row):
    words = []
    if "met" in row:
        words.append("met" if row["met"] else "MISSED")
    if not row["quiet"]:
        words.append("disturbed")
    elif row["samples"] < 5:
        words.append(f"{row['samples']} quiet samples only")
    return ", ".join(words)


def text(rows):
    lines, title = [], None
    header = " ".join(name.rjust(width) for name, width, _ in _COLUMNS)
    for row in rows:
        if _title(row) != title:
            title = _title(row)
            lines += ["", title, header]
        cells = " ".join(_cell(row, width, member) for _, width, member in _COLUMNS)
        lines.append(f"{cells}  {_verdict(row)}".rstrip())
    return "\n".join(lines)


def variant_costs(rows):
    """How much a variant costs over the plain case beside it, against what was set for it."""
    lines = []
    for row in rows:
        if "plain_cycles_per_packet" not in row:
            continue
        limit = cases.REACH_VARIANT[row["variant"]]
        cost = row["cycles_per_packet"] - row["plain_cycles_per_packet"]
        lines.append(f"  {row['variant']:6} {row['direction']} {str(row['size']):5} "
                     f"{cost:+7.1f} cycles (reach: {limit:+d}) "
                     f"{'met' if cost <= limit else 'MISSED'}")
    return "\n".join(["", "Cost of variants over the plain case", *lines]) if lines else ""


def floods(rows):
    """What an attacker's packet costs, and one packet of a half legitimate mixture."""
    lines = ["", "An attacker's packet, 64 bytes, source and sink included",
             "flood         cycles    mixed  dropped as"]
    for row in rows:
        lines.append(f"{row['flood']:12} {row['cycles_per_packet']:7.1f} "
                     f"{row.get('mixed_cycles_per_packet', '-'):>8}  "
                     f"{', '.join(row['drops']) or '(given to the kernel)'}"
                     f"{'' if row['legitimate_passes'] else '  LEGITIMATE PACKETS LOST'}"
                     f"{'' if row['quiet'] else '  disturbed'}")
    return "\n".join(lines)


def inspections(rows):
    """Nobody looks; a trace whose filter matches nothing; a capture of everything."""
    lines = ["", "Trace and capture, 64 bytes, source and sink included",
             "          encrypt  decrypt"]
    by_kind = {(row["inspection"], row["direction"]): row["cycles_per_packet"] for row in rows}
    for kind in cases.INSPECTIONS:
        cells = "  ".join(f"{by_kind.get((kind, direction), '-'):>7}"
                          for direction in cases.DIRECTIONS)
        lines.append(f"{kind:9} {cells}")
    return "\n".join(lines)


def scale(result):
    """What scale_bench says, as sentences."""
    scaling, handover = result["scaling"], result["handover"]
    changes, capacity = result["changes"], result["capacity"]
    return "\n".join((
        f"one tunnel, {scaling['workers']} workers, {scaling['size']} bytes: "
        f"{scaling['factor']:.2f} x one "
        f"({scaling['factor_min']:.2f} to {scaling['factor_max']:.2f})",
        f"handover to the worker that owns the SA: {handover['receiver_cycles']:.0f} cycles there, "
        f"{handover['owner_cycles']:.0f} here",
        f"{changes['sas']} SAs added under load in {changes['sas_ms']:.1f} ms, worker blocked "
        f"{changes['sas_blocked_us']:.0f} us; {changes['routes']} routes in "
        f"{changes['routes_ms']:.1f} ms, blocked {changes['routes_blocked_us']:.0f} us",
        f"{capacity['prefixes']} scattered prefixes: {capacity['prefix_bytes'] / 2**20:.1f} MiB; "
        f"{capacity['sas']} SAs: {capacity['sa_bytes'] / 2**20:.1f} MiB"))
