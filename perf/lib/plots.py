"""Plots of a result, each as SVG and PNG."""
# SPDX-License-Identifier: Apache-2.0
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)

from . import cases  # noqa: E402

_OURS, _PEER, _CEILING = "#1f5fa8", "#c8551b", "#7a7a7a"
_STAGE_CYCLES_MIN = 2  # what is less is drawn as "other"


def _new(title, xlabel, ylabel, panels=1):
    figure, axes = plt.subplots(1, panels, figsize=(5.6 * panels, 4.2), squeeze=False,
                                sharey=True, layout="constrained")
    figure.suptitle(title, fontsize=12)
    for axis in axes[0]:
        axis.set_xlabel(xlabel)
        axis.grid(True, axis="y", color="#e0e0e0", linewidth=0.8)
        axis.set_axisbelow(True)
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
    axes[0][0].set_ylabel(ylabel)
    return figure, axes[0]


def _save(figure, folder, name):
    paths = []
    for ending in ("svg", "png"):
        paths.append(f"{folder}/{name}.{ending}")
        figure.savefig(paths[-1], dpi=120, metadata={"Date": None} if ending == "svg" else None)
    plt.close(figure)
    return paths


def _footnote(figure, result):
    facts = result["machine"]
    figure.supxlabel(
        f"{facts['cpu']}, TSC {facts['tsc_hz'] / 1e6:.0f} MHz, DPDK {facts['dpdk']}, ipsec-mb "
        f"{facts['intel_ipsec_mb']}, {facts['commit']}, {result['date'][:10]}",
        fontsize=7, color="#606060", x=0.99, ha="right")


def _lines(axis, rows, member, values):
    """The three curves over `member`; `values` makes a y value of cycles and row."""
    columns = (("Raven", "cycles_per_packet", _OURS, "o-"),
               ("ipsec-secgw", "ipsec_secgw_cycles_per_packet", _PEER, "s-"),
               ("cipher alone (ceiling)", "ceiling_cycles_per_packet", _CEILING, "--"))
    for label, column, color, style in columns:
        points = [(row[member], values(row[column], row)) for row in rows if column in row]
        if points:
            axis.plot(*zip(*points), style, color=color, label=label, markersize=4, linewidth=1.6)


def throughput(result, folder):
    """Gbit/s over packet size."""
    hz = result["machine"]["tsc_hz"]
    figure, axes = _new("One core, AES-128-GCM, one SA: throughput over packet size",
                        "inner IP packet, bytes", "Gbit/s (inner)", len(cases.DIRECTIONS))
    for axis, direction in zip(axes, cases.DIRECTIONS):
        rows = [row for row in result["rows"]
                if row["direction"] == direction and row["algorithm"] == cases.GCM
                and row["sas"] == 1 and not row.get("variant") and row["size"] != "imix"]
        _lines(axis, rows, "size", lambda cycles, row: hz / cycles * row["size"] * 8 / 1e9)
        axis.set_xscale("log", base=2)
        sizes = [row["size"] for row in rows]
        axis.set_xticks(sizes, [str(size) for size in sizes])
        axis.minorticks_off()
        axis.set_title(direction, fontsize=10)
    axes[0].set_ylim(bottom=0)  # of all panels, once all is drawn
    axes[0].legend(frameon=False, fontsize=9)
    _footnote(figure, result)
    return _save(figure, folder, "throughput-over-size")


def stages(result, folder):
    """Cycles of each stage, stacked."""
    entries = result.get("stages", [])
    if not entries:
        return []
    figure, (axis,) = _new("Where the cycles go: stages of the worker loop", "",
                           "cycles per packet")
    figure.set_size_inches(9.5, 4.8)
    names = list(dict.fromkeys(name for entry in entries for name in entry["stages"]))
    shown = [name for name in names if any(
        entry["stages"].get(name, 0) >= _STAGE_CYCLES_MIN for entry in entries)]
    positions = range(len(entries))
    bottoms = [0.0] * len(entries)
    colors = plt.get_cmap("tab20").colors
    for index, name in enumerate([*shown, "other"]):
        heights = [entry["stages"].get(name, 0) if name in shown else
                   sum(value for key, value in entry["stages"].items() if key not in shown)
                   for entry in entries]
        axis.bar(positions, heights, 0.6, bottoms, label=name, color=colors[index % len(colors)])
        bottoms = [low + height for low, height in zip(bottoms, heights)]
    axis.set_xticks(list(positions),
                    [f"{entry['direction']}\n{entry['size']}" for entry in entries])
    handles, labels = axis.get_legend_handles_labels()
    axis.legend(handles[::-1], labels[::-1], frameon=False, fontsize=8, loc="center left",
                bbox_to_anchor=(1, 0.5))
    _footnote(figure, result)
    return _save(figure, folder, "cycles-per-stage")


def _over(result, folder, member, xlabel, title, name):
    entries = result.get(f"over_{member}", [])
    if not entries:
        return []
    figure, axes = _new(title, xlabel, "cycles per packet, 64 bytes", len(cases.DIRECTIONS))
    for axis, direction in zip(axes, cases.DIRECTIONS):
        rows = [entry for entry in entries if entry["direction"] == direction]
        _lines(axis, rows, member, lambda cycles, _: cycles)
        axis.set_xscale("symlog", linthresh=1)
        values = [row[member] for row in rows]
        axis.set_xticks(values, [f"{value // 1000}k" if value >= 1000 and value % 1000 == 0
                                 else str(value) for value in values])
        axis.minorticks_off()
        axis.set_title(direction, fontsize=10)
    axes[0].set_ylim(bottom=0)  # of all panels, once all is drawn
    axes[0].legend(frameon=False, fontsize=9)
    _footnote(figure, result)
    return _save(figure, folder, name)


def draw(result, folder):
    """Draws what the result has data for; returns the paths."""
    os.makedirs(folder, exist_ok=True)
    plt.rcParams["svg.hashsalt"] = "raven"  # the same data gives the same file
    return [*throughput(result, folder), *stages(result, folder),
            *_over(result, folder, "sas", "SAs in use", "One core, AES-128-GCM: cost over SAs",
                   "cost-over-sas"),
            *_over(result, folder, "routes", "routes beside the one in use",
                   "One core, AES-128-GCM, one SA: cost over routes", "cost-over-routes")]
