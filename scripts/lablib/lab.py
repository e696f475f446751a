"""The lab as a whole: bring it up, take it down, kill and start machines, ask how it is."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil

from . import features, manifests, network, processes, topology
from .cluster import ROOT, ApiCluster, DirectoryCluster
from .host import Host, wait_for
from .netns import LabError, end_processes, listed, path_of, run

STATE_ROOT = "/var/tmp/raven-lab"
MANAGEMENT = "mgmt"
RAVEN_TABLE = "9027"
DEFAULTS = {"source": "api", "keys": "ike", "workers": 1,
            "build": os.path.join(ROOT, "build/release")}


class Lab:
    def __init__(self, name="lab"):
        if not name.replace("-", "").isalnum() or len(name) > 20:
            raise LabError(f"{name!r} is no name for a lab: letters, digits and -, at most 20")
        self.name = name
        self.state = os.path.join(STATE_ROOT, name)
        self.hosts = {n: Host(name, n, os.path.join(self.state, "nodes", n))
                      for n in (MANAGEMENT, *(box.name for box in topology.BOXES))}
        self.options = self._read_options()

    def _read_options(self):
        try:
            with open(os.path.join(self.state, "lab.json"), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return dict(DEFAULTS)

    @property
    def cluster(self):
        if self.options["source"] == "dir":
            return DirectoryCluster(os.path.join(self.state, "cluster"))
        return ApiCluster(os.path.join(self.state, "kube"), self.hosts[MANAGEMENT])

    def require_up(self):
        if not os.path.exists(path_of(f"{self.name}-wan")):
            raise LabError(f"lab {self.name!r} is not up: run `lab up`")

    # --- up and down ---

    def up(self, say, options=None, gateways=True):
        """Builds everything and starts every process.  A failure takes all down again."""
        features.check()
        self.options = {**DEFAULTS, **(options or {})}
        processes.check_programs(self.options["build"], self.options["keys"])
        if listed(f"{self.name}-"):
            raise LabError(f"lab {self.name!r} is already up: run `lab down` first")
        shutil.rmtree(self.state, ignore_errors=True)
        os.makedirs(self.state, mode=0o755)
        with open(os.path.join(self.state, "lab.json"), "w", encoding="utf-8") as file:
            json.dump(self.options, file)
        try:
            self._up(say, gateways)
        except BaseException:
            self.down(keep_files=True)
            raise

    def _up(self, say, gateways):
        say(f"network: {len(topology.BOXES)} boxes and {len(topology.PODS)} pods in "
            f"{len(topology.SITES)} sites")
        network.up(self.name)
        for host in self.hosts.values():
            host.make_folders()
        say("cluster: " + ("kube-apiserver and etcd" if self.options["source"] == "api"
                           else "a directory of manifests"))
        self.cluster.start()
        processes.write_shared_secret(self)
        say("processes: controllers")
        processes.start_controllers(self)
        for box in topology.BOXES:
            say(f"processes: {box.name}")
            processes.start_box(self, box)
        if gateways:
            self.apply_gateways()

    def apply_gateways(self):
        for gateway in manifests.gateways():
            self.cluster.apply(gateway)

    def down(self, keep_files=False):
        network.down(self.name)
        for host in self.hosts.values():
            host.lose_memory()
        if not keep_files:
            shutil.rmtree(self.state, ignore_errors=True)

    # --- accidents and repairs ---

    def kill_box(self, name):
        """A box loses power: cables dead, processes gone, pods unreachable."""
        box = topology.box_named(name)
        network.set_links(self.name, box, "down")
        self.hosts[name].power_off()
        end_processes([f"{self.name}-{pod.name}" for pod in box.pods], grace_seconds=0)

    def start_box(self, name):
        """Power is back: cables and processes."""
        box = topology.box_named(name)
        network.set_links(self.name, box, "up")
        processes.start_box(self, box)

    # --- questions ---

    def active_gateways(self):
        """Pool -> nodes of its active tunnel endpoints, as the controller has written it."""
        active = {}
        for site in topology.SITES:
            status = self.cluster.get("Gateway", site.name).get("status") or {}
            active[site.name] = [endpoint["nodeName"]
                                 for endpoint in status.get("activeEndpoints") or []
                                 if endpoint.get("type") == "tunnel"]
        return active

    def wait_for_election(self, seconds=60):
        return wait_for("an active gateway in every pool",
                        lambda: self._all_elected(), seconds, 0.1)

    def _all_elected(self):
        active = self.active_gateways()
        return active if all(active.values()) else None

    def wait_for_routes(self, seconds=60):
        """Waits until every box knows every remote pod network.

        Until then a box cannot know that a packet must not take its default route.
        """
        for box in topology.BOXES:
            wait_for(f"the routes of {box.name}", lambda b=box: not self.missing_routes(b), seconds)

    def missing_routes(self, box):
        """Pod networks of other sites that the box has no route for in Raven's table."""
        known = set()
        for family in ("-4", "-6"):
            routes = run(["ip", "-n", f"{self.name}-{box.name}", family, "route", "show",
                          "table", RAVEN_TABLE], check=False)  # fails while there is no table
            known |= {line.split()[0] for line in routes.splitlines() if " dev " in line}
        wanted = {cidr for other in topology.BOXES if other.site != box.site
                  for cidr in (other.pod_cidr_v4, other.pod_cidr_v6)}
        return sorted(wanted - known)

    def process_states(self):
        return {name: host.processes() for name, host in self.hosts.items()}
