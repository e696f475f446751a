"""perf/run.sh after everything is built: measures, prints, writes JSON and plots."""
# SPDX-License-Identifier: Apache-2.0
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from . import cases, machine, rows, table
from .measure import REPEATS, Measurement, is_quiet
from .process import BenchError
from .programs import Programs

_SECONDS = 0.05  # of a sample: some hundred rounds
_ROUTES = (0, 100, 1000, 10000, 100000)
_SAS = (1, 16, 64, 256, 1024, 4096)
_STAGE_SIZES = (64, "imix", 1400)


def _arguments():
    parser = argparse.ArgumentParser(prog="perf/run.sh")
    parser.add_argument("--root", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--plot", metavar="DIR")
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)))
    return parser.parse_args()


class Run:
    def __init__(self, arguments):
        self._quick = arguments.quick
        self._build = arguments.build
        self._began = time.monotonic()
        self._log_dir = tempfile.TemporaryDirectory(prefix="raven-perf-")
        self._machine = machine.describe(arguments.root, arguments.cpu)
        self._measurement = Measurement(
            Programs(arguments.build, arguments.cpu), self._log_dir.name,
            _SECONDS, self._say)
        self.result = {"format": 1, "machine": self._machine,
                       "date": time.strftime("%Y-%m-%d %H:%M:%S %z"), "quick": arguments.quick,
                       "repeats": REPEATS, "rows": []}

    def _say(self, text):
        print(f"[{time.monotonic() - self._began:6.1f} s] {text}", file=sys.stderr, flush=True)

    def everything(self):
        self._main_rows(cases.quick() if self._quick else cases.full())
        self._stages()
        self._floods()
        self._inspections()
        if not self._quick:
            self.result["over_sas"] = self._series("sas", _SAS)
            self.result["over_routes"] = self._series("routes", _ROUTES)
            self.result["scale"] = self._scale()
        self.result["seconds"] = round(time.monotonic() - self._began, 1)
        return self.result

    def _main_rows(self, groups):
        for group in groups:
            measured = self._measurement.group(group)
            self.result["rows"] += rows.of_group(group, measured, self._machine["tsc_hz"])

    def _stages(self):
        """Cycles per packet of each stage."""
        self.result["stages"] = []
        for direction in cases.DIRECTIONS:
            for size in _STAGE_SIZES:
                try:
                    answer = self._measurement.extra(cases.Group(direction), "stages", size)
                except BenchError as error:
                    self._say(f"stages, {direction} {size}: no figure, {error}")
                    continue
                self.result["stages"].append({
                    "direction": direction, "size": size, "stages": answer["stages"],
                    "cycles_per_packet": answer["cycles_per_packet"],
                    "quiet": is_quiet(answer)})
        self._say("stages")

    def _sample(self, direction, *flags):
        """64-byte packets with more flags of our bench; None, and a line why, without a figure."""
        try:
            return self._measurement.extra(cases.Group(direction, flags=flags), "worker", 64)
        except BenchError as error:
            self._say(f"{direction} {' '.join(flags)}: no figure, {error}")
            return None

    def _floods(self):
        """What an attacker's packet costs, and that others still pass beside it: the bench gives no
        figure when a legitimate packet is lost."""
        self.result["floods"] = []
        for flood in cases.FLOODS:
            alone = self._sample("decrypt", "--flood", flood)
            mixed = self._sample("decrypt", "--flood", flood, "--mixed")
            if alone is None:
                continue
            row = {"flood": flood, "size": 64, "cycles_per_packet": alone["cycles_per_packet"],
                   "quiet": is_quiet(alone), "drops": sorted(alone["drops"]),
                   "legitimate_passes": mixed is not None}
            if mixed:
                row["mixed_cycles_per_packet"] = mixed["cycles_per_packet"]
            self.result["floods"].append(row)
        self._say("floods")

    def _inspections(self):
        """What a running trace or capture costs."""
        self.result["inspections"] = [
            {"inspection": kind, "direction": direction, "size": 64, "quiet": is_quiet(answer),
             "cycles_per_packet": answer["cycles_per_packet"]}
            for direction in cases.DIRECTIONS for kind in cases.INSPECTIONS
            if (answer := self._sample(direction, "--inspect", kind))]
        self._say("inspections")

    def _scale(self):
        """Two workers, handover, changes under load, capacity: see scale_bench.cc."""
        command = [f"{self._build}/bin/scale_bench"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        self._say("scale")
        if done.returncode != 0:
            self._say(f"scale: no figures, {done.stderr.strip()}")
            return None
        return json.loads(done.stdout)

    def _series(self, member, values):
        """64-byte packets over the number of something; the peer where it has that."""
        result = []
        for direction in cases.DIRECTIONS:
            for value in values:
                group = cases.Group(direction, sizes=(64,), **{member: value})
                measured = self._measurement.group(group, compared=member == "sas")
                for row in rows.of_group(group, measured, self._machine["tsc_hz"]):
                    result.append({member: value, **row})
        return result


def _print(result):
    facts = result["machine"]
    print(f"{facts['cpu']} ({facts['cpu_family_model']}), CPU {facts['cpu_used']} of "
          f"{facts['cpus']}, TSC {facts['tsc_hz'] / 1e6:.0f} MHz, Linux {facts['kernel']}\n"
          f"DPDK {facts['dpdk']}, intel-ipsec-mb {facts['intel_ipsec_mb']}, {facts['compiler']}, "
          f"commit {facts['commit']}\n"
          "Cycles per packet (TSC), without those of source and sink; medians of "
          f"{result['repeats']} interleaved samples.\n"
          "ceiling: intel-ipsec-mb alone; secgw: DPDK's ipsec-secgw, same run, same packets.")
    print(table.text(result["rows"]))
    print(table.variant_costs(result["rows"]), end="\n" if not result["quick"] else "")
    for entry in result["stages"]:
        parts = ", ".join(f"{name} {cycles:.1f}" for name, cycles in entry["stages"].items())
        print(f"stages, {entry['direction']} {entry['size']}: {parts}")
    print(table.floods(result["floods"]))
    print(table.inspections(result["inspections"]))
    if result.get("scale"):
        print(table.scale(result["scale"]))
    met = [row["met"] for row in result["rows"] if "met" in row]
    print(f"\n{sum(met)} of {len(met)} targets met, {result['seconds']:.0f} s")


def main():
    arguments = _arguments()
    result = Run(arguments).everything()
    _print(result)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    if arguments.plot:
        from . import plots  # matplotlib is slow to load and needed here only
        for path in plots.draw(result, arguments.plot):
            print(path)


if __name__ == "__main__":
    main()
