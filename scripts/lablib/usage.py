"""What the lab's processes take of the machine: CPU time and resident memory."""
# SPDX-License-Identifier: Apache-2.0
import os
import time

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def pids_of(lab, process):
    """host -> pid of a kept process, on every host that runs it."""
    found = {}
    for name, states in lab.process_states().items():
        pid = states.get(process, {}).get("pid")
        if pid:
            found[name] = pid
    return found


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE_BYTES / 2**20


def cpu_percent(pids, seconds):
    """Of one core, over some seconds: pid -> percent."""
    before, started = {pid: cpu_seconds(pid) for pid in pids}, time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - started
    return {pid: (cpu_seconds(pid) - before[pid]) / elapsed * 100 for pid in pids}
