"""Conservation: whatever a dataplane took in has ended in one place."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import time

from . import topology

PATIENCE_SECONDS = 10


def count(lab, machine):
    """What the dataplane of a gateway box cannot account for, by one read of its counters."""
    ravenctl = os.path.join(lab.options["build"], "bin/ravenctl")
    result = lab.hosts[machine].run([ravenctl, "stats", "-o", "json"])
    if result.returncode != 0:
        return f"ravenctl: {result.stderr.strip()}"
    return int(json.loads(result.stdout)["unaccounted_packets"])


def gateways_that_run(lab):
    return [box.name for box in topology.BOXES
            if box.gateway and lab.hosts[box.name].processes().get("dataplane", {}).get("pid")]


def unaccounted(lab):
    """machine -> count of the running dataplanes that do not come to 0.

    Probes never stop, and a packet may be under way while counters are read: so each box is asked
    until it says 0 once, which it never does again after it has lost a packet.
    """
    left, deadline = dict.fromkeys(gateways_that_run(lab)), time.monotonic() + PATIENCE_SECONDS
    while left:
        left = {machine: count(lab, machine) for machine in left}
        left = {machine: number for machine, number in left.items() if number != 0}
        if time.monotonic() > deadline:
            break
    return left
