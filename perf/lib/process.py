"""A measuring process: commands on its stdin, one line of JSON for each on its stdout."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import select
import subprocess
import time

START_SECONDS_MAX = 60
ANSWER_SECONDS_MAX = 60
_WARM_UP_SECONDS = 0.02
_PRIORITY = 40  # FIFO: above everything else that wants this core


class BenchError(Exception):
    """The process does not run, or refuses a command."""


class Bench:
    """One running process.  While no sample is taken it waits, so several may share a CPU."""

    def __init__(self, command, log_path):
        self._log_path = log_path
        self._pending = b""
        self._started, self._late = False, False
        with open(log_path, "wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=log, bufsize=0)

    def sample(self, size, packets, seconds, slowness):
        """The answer to one sample command, see perf/generator/session.h."""
        if not self._started:
            self._started = True
            self._ask(f"size={size} packets={packets} seconds={_WARM_UP_SECONDS}",
                      START_SECONDS_MAX)
            self._take_priority()
        return self._ask(f"size={size} packets={packets} seconds={seconds} slowness={slowness}",
                         ANSWER_SECONDS_MAX)

    def _ask(self, what, patience):
        if self._late:
            raise BenchError("it did not answer before")
        try:
            self._process.stdin.write(f"sample {what}\n".encode())
        except BrokenPipeError:
            raise BenchError(self._why()) from None
        answer = self._answer(patience)
        if "error" in answer:
            raise BenchError(answer["error"])
        return answer

    def _take_priority(self):
        """Not from the start on: the EAL waits there for threads that would not get a CPU."""
        if os.geteuid() != 0:
            return
        for thread in os.listdir(f"/proc/{self._process.pid}/task"):
            os.sched_setscheduler(int(thread), os.SCHED_FIFO, os.sched_param(_PRIORITY))

    def _answer(self, patience):
        deadline = time.monotonic() + patience
        while True:
            line, found, rest = self._pending.partition(b"\n")
            if found:
                self._pending = rest
                if line.startswith(b"{"):
                    return json.loads(line)
                continue
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                self._late = True  # what may still come belongs to no command
                raise BenchError(f"no answer within {patience} s; {self._why()}")
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                raise BenchError(self._why())
            self._pending += data

    def _why(self):
        with open(self._log_path, encoding="utf-8", errors="replace") as log:
            lines = [line.strip() for line in log if line.strip()]
        causes = [line for line in lines if re.search("cause|error|fail", line, re.IGNORECASE)]
        return "; ".join((causes or lines)[-2:]) or f"it says nothing ({self._process.args[0]})"

    def close(self):
        try:
            self._process.stdin.write(b"quit\n")
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self._process.wait(timeout=0 if self._late else 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
