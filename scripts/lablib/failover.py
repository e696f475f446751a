"""A gateway box loses power while probe streams run: how long does nothing pass?"""
# SPDX-License-Identifier: Apache-2.0
import time

from . import stream, topology
from .host import wait_for
from .netns import LabError

RETURN_SECONDS = 60
SETTLE_SECONDS = 3.0


def pairs_of(site):
    """Between the plain node of a site and those of each other site, both ways."""
    pods = {other.name: topology.box_named(f"{other.name}-node-1").pods[0]
            for other in topology.SITES}
    others = [name for name in pods if name != site]
    return [(pods[site], pods[n]) for n in others] + [(pods[n], pods[site]) for n in others]


def measure(lab, victim, pairs, canary):
    """Powers the box off; returns (longest gap in ms or None, one report per stream).

    None: a stream did not come back.  Some seconds more are watched: a second gap counts as well.
    """
    streams = stream.Streams(lab.name, pairs, canary)
    returned = True
    try:
        wait_for("all probe streams", lambda: streams.arrived_since(0), RETURN_SECONDS)
        time.sleep(1.0)
        lab.kill_box(victim)
        killed_ns = time.monotonic_ns()
        wait_for("traffic", lambda: streams.arrived_since(killed_ns), RETURN_SECONDS, 0.01)
        time.sleep(SETTLE_SECONDS)
    except LabError:
        returned = False
    finally:
        reports = streams.stop()
    gaps = [report["gap_ms"] for report in reports]
    return (max(gaps) if returned and None not in gaps else None), reports
