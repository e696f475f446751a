"""Takes the samples of a group of cases: our bench, the peer and the bare loop in turn on one core,
so that a disturbance or a change of frequency meets all of them."""
# SPDX-License-Identifier: Apache-2.0
import contextlib
import dataclasses
import statistics
import time

from . import cases, programs
from .process import Bench, BenchError

REPEATS = 5
# How slow the canary may be, in per cent of the best times, and in how many passes quiet samples
# are looked for.  First only those with the clock at its best count; where there are too few, those
# without a neighbour do, of all programs alike.
_LOOKS = ((112, REPEATS + 2), (125, 2 * REPEATS))
_QUIET_SHARE_MIN = 0.2  # of a sample's rounds: few among many were quiet by chance


def is_quiet(answer):
    return answer["quiet_rounds"] >= max(1, _QUIET_SHARE_MIN * answer["rounds"])


@dataclasses.dataclass
class Series:
    """The samples of one program for one packet size: cycles per packet."""
    quiet: list = dataclasses.field(default_factory=list)
    disturbed: list = dataclasses.field(default_factory=list)
    ceiling: list = dataclasses.field(default_factory=list)
    error: str = ""

    def add(self, answer):
        calm = is_quiet(answer)
        (self.quiet if calm else self.disturbed).append(answer["cycles_per_packet"])
        if calm or not self.quiet:
            self.ceiling.append(answer["ceiling_cycles_per_packet"])

    @property
    def complete(self):
        return bool(self.error) or len(self.quiet) >= REPEATS

    @property
    def is_quiet(self):
        return bool(self.quiet)

    def spread(self):
        """(min, median, max, samples); disturbed samples count only when there are no others."""
        values = self.quiet or self.disturbed
        if self.error or not values:
            return None
        return min(values), statistics.median(values), max(values), len(values)

    def ceiling_spread(self):
        if self.error or not self.ceiling:
            return None
        return min(self.ceiling), statistics.median(self.ceiling), max(self.ceiling)


class Measurement:
    """Measures groups, one after the other.  `say` gets one line per group."""

    def __init__(self, commands, log_dir, seconds, say):
        self._commands = commands
        self._log_dir = log_dir
        self._seconds = seconds
        self._say = say
        self._bare_loops = {}

    def group(self, group, compared=True):
        """{name: {size: Series}} with the names "ours", "io" and, where it can, "peer"; for a
        variant that may cost so much and no more, "plain": the same without it."""
        began = time.monotonic()
        mode = programs.peer_mode(group) if compared else ""
        commands = {"ours": self._commands.ours(group)}
        if mode:
            commands["peer"] = self._commands.peer(group, mode)
        if group.variant in cases.REACH_VARIANT:
            plain = dataclasses.replace(group, variant="")
            commands["plain"] = self._commands.ours(plain)
        bare_key = (group.direction, group.packets, group.sizes)
        if bare_key not in self._bare_loops:
            commands["io"] = self._commands.ours(group, "io")
        result = self._interleave(group, commands)
        self._bare_loops.setdefault(bare_key, result.get("io"))
        result["io"] = self._bare_loops[bare_key]
        self._say(f"{group.text()}: {time.monotonic() - began:.0f} s{_complaints(result)}")
        return result

    def extra(self, group, mode, size):
        """The answer of our bench in another mode (stages), the median one of a few; None: none."""
        with Bench(self._commands.ours(group, mode), f"{self._log_dir}/{mode}.log") as bench:
            answers = [bench.sample(size, group.packets, self._seconds, _LOOKS[-1][0])
                       for _ in range(REPEATS)]
        calm = [answer for answer in answers if is_quiet(answer)] or answers
        return sorted(calm, key=lambda answer: answer["cycles_per_packet"])[len(calm) // 2]

    def _interleave(self, group, commands):
        result = {name: {size: Series() for size in group.sizes} for name in commands}
        with contextlib.ExitStack() as stack:
            benches = {name: stack.enter_context(Bench(command, f"{self._log_dir}/{name}.log"))
                       for name, command in commands.items()}
            for slowness, passes in _LOOKS:
                sizes = [size for size in group.sizes if not _is_complete(result, size)]
                for by_size in result.values():
                    by_size.update((size, Series(error=by_size[size].error)) for size in sizes)
                for _ in range(passes):
                    self._one_pass(group, sizes, slowness, benches, result)
                    if all(_is_complete(result, size) for size in sizes):
                        break
        return result

    def _one_pass(self, group, sizes, slowness, benches, result):
        for size in sizes:
            for name, bench in benches.items():
                series = result[name][size]
                if series.complete:
                    continue
                try:
                    series.add(bench.sample(size, group.packets, self._seconds, slowness))
                except BenchError as error:
                    series.error = str(error)


def _is_complete(result, size):
    return all(by_size[size].complete for by_size in result.values())


def _complaints(result):
    """What a reader should know about a group, as text that may be empty."""
    errors = {f"{name}: {series.error}" for name, by_size in result.items()
              for series in by_size.values() if series.error}
    noisy = [f"{name} {size}" for name, by_size in result.items()
             for size, series in by_size.items() if not series.error and not series.is_quiet]
    return "".join([*(f"\n    no figure, {error}" for error in sorted(errors)),
                    *([f"\n    never quiet: {', '.join(noisy)}"] if noisy else [])])
