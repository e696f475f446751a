"""A lab with all processes for one test program; without an API server unless asked for."""
# SPDX-License-Identifier: Apache-2.0
import collections
import json
import os
import shutil
import signal
import sys

from lablib import accounting, capture, host, network, probes, reachability, topology
from lablib.lab import DEFAULTS, Lab

CONNECT_SECONDS = 90


class RunningLab:
    """Up and connected, its WAN recorded; close() takes it down."""

    def __init__(self, prefix, nonces=False, **options):
        self.lab = Lab(f"{prefix}{os.getpid()}")
        self.canary = probes.new_canary()
        self.found = None  # on the WAN, once it is closed
        self._killed = collections.Counter()
        build = os.environ.get("RAVEN_BUILD", DEFAULTS["build"])
        self.lab.up(lambda text: print(f"# {text}", file=sys.stderr, flush=True),
                    {"source": "dir", "keys": "ike", "build": build, **options})
        try:
            self.wan = capture.Recorder(f"{self.lab.name}-wan", network.wan_links(), self.canary,
                                        allow_tunnel_errors=True, nonces=nonces)
            self.lab.wait_for_election()
            self.lab.wait_for_routes()
            left = self.unreachable(topology.cross_site_pairs(), CONNECT_SECONDS)
            if left:
                raise AssertionError(f"not connected after {CONNECT_SECONDS} s: {left[:5]}")
        except BaseException:
            self.wan.stop()
            self.keep_logs()
            raise

    def unreachable(self, pairs, seconds=60):
        """Pairs, as text, that do not answer within the time; [] as soon as all do."""
        left = reachability.wait_until_all_answer(self.lab.name, pairs, self.canary, seconds)
        return [f"{a.name} -> {b.name} {name}" for name, some in left.items() for a, b in some]

    def kill(self, machine, process, number=signal.SIGKILL):
        """Sends a signal that ends a process, and waits until its keeper has a new one."""
        box = self.lab.hosts[machine]
        old = box.kill(process, number)
        self._killed[machine, process] += 1
        host.wait_for(f"{process} of {machine} to start again",
                      lambda: box.processes()[process]["pid"] not in (0, old), 20)
        return box.processes()[process]

    def kill_box(self, name):
        self.lab.kill_box(name)
        for key in [key for key in self._killed if key[0] == name]:
            del self._killed[key]  # its keepers are new ones afterwards

    def own_restarts(self):
        """Processes that ended without being told to (a crash, a sanitizer's report)."""
        return [f"{process} of {machine}: {state}"
                for machine, states in self.lab.process_states().items()
                for process, state in states.items()
                if state["restarts"] != self._killed[machine, process]]

    def ravenctl(self, box, *words):
        """JSON of a ravenctl command on a gateway box."""
        program = os.path.join(self.lab.options["build"], "bin/ravenctl")
        result = self.lab.hosts[box].run([program, *words, "-o", "json"])
        if result.returncode != 0:
            raise AssertionError(f"ravenctl {' '.join(words)} on {box}: {result.stderr}")
        return json.loads(result.stdout)

    def close(self):
        """Takes the lab down and checks what must hold for every run."""
        lost = accounting.unaccounted(self.lab)
        self.found, restarts = self.wan.stop(), self.own_restarts()
        found = self.found
        problems = [f"clear text on the WAN: {found['samples']}"] * bool(found["plaintext_frames"])
        problems += [f"a nonce came twice: {found['samples']}"] * bool(found["repeated_nonces"])
        problems += [f"the capture lost {found['capture_drops']}"] * bool(found["capture_drops"])
        problems += ["nothing was encrypted"] * (not found["esp_frames"])
        problems += [f"ended by itself: {restarts}"] * bool(restarts)
        problems += [f"packets that ended nowhere: {lost}"] * bool(lost)
        if problems:
            self.keep_logs()
            raise AssertionError("; ".join(problems))
        self.lab.down()

    def keep_logs(self):
        """After a failure: down, but the files stay in the build folder."""
        target = os.path.join(os.environ.get("RAVEN_BUILD", "/var/tmp"), "lab-logs", self.lab.name)
        self.lab.down(keep_files=True)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.lab.state, target, ignore=shutil.ignore_patterns("run", "*.key"))
        shutil.rmtree(self.lab.state)
        print(f"# logs: {target}", file=sys.stderr)
