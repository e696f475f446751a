"""The demonstration: three sites, real traffic, a gateway box that dies; checked from outside."""
# SPDX-License-Identifier: Apache-2.0
import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

from . import (accounting, capture, failover, manifests, network, probes, reachability, sockets,
               topology, transcripts, usage)
from .arguments import ArgumentParser
from .host import wait_for
from .lab import DEFAULTS, STATE_ROOT, Lab
from .netns import LabError
from .report import Report

CONNECT_SECONDS, ELECTION_SECONDS = 90, 60
IDLE_SECONDS = 5
VICTIM_SITE = "edge-a"


class Demo:
    def __init__(self, lab, report):
        self.lab, self.report = lab, report
        self.canary, self.local_canary = probes.new_canary(), probes.new_canary()
        self.wan = None
        self.transcripts = {}  # name -> what a command of ravenctl printed, the first time

    def run(self, options):
        report = self.report
        report.step("bringing the lab up")
        self.lab.up(report.note, options, gateways=False)
        report.facts.update(source=options["source"], keys=options["keys"])
        report.step("proving that the WAN capture sees plain text")
        self.prove_capture()
        report.step("recording everything that the sites send into the WAN")
        self.wan = self.record_wan(self.canary, os.path.join(self.lab.state, "wan-leaks.pcap"))
        report.step("creating the Gateways, as a user would")
        self.create_gateways()
        report.step("what it takes when nothing happens")
        self.check_idle()
        report.step("ravenctl status, before")
        self.show_status()
        report.step("every pod of every site to every pod of every other site")
        self.check_pairs()
        report.step("traffic inside the sites")
        self.check_local()
        report.step("ravenctl looks into running boxes")
        self.look_inside()
        report.step(f"the active gateway box of {VICTIM_SITE} loses power")
        self.check_failover()
        report.step("ravenctl status, after")
        self.show_status()
        report.step("what became of every packet")
        self.check_accounts()
        report.step("what the WAN saw")
        self.check_wan()

    # --- the WAN ---

    def record_wan(self, canary, pcap=None):
        return capture.Recorder(f"{self.lab.name}-wan", network.wan_links(), canary, pcap=pcap)

    def prove_capture(self):
        """Plants one plain frame on the WAN: a capture that misses it proves nothing later."""
        recorder = self.record_wan(self.canary)
        edge = topology.box_named("edge-b-node-1")
        with sockets.in_pod(self.lab.name, edge.pods[0], socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(self.canary, (topology.host_of("198.18.2.0/24", 250), 9))
        time.sleep(0.3)
        found = recorder.stop()
        self.report.check("capture detects a planted leak", found["canary_frames"] == 1,
                          f"{found['canary_frames']} plain frame found")

    def check_wan(self):
        found = self.wan.stop()
        self.report.facts.update(
            wan_frames=found["frames"], wan_bytes=found["bytes"], wan_kinds=found["kinds"],
            wan_plaintext_frames=found["plaintext_frames"], esp_frames=found["esp_frames"],
            wan_canary_frames=found["canary_frames"], capture_drops=found["capture_drops"])
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(found["kinds"].items()))
        for sample in found["samples"]:
            self.report.note(f"leak: {sample}")
        self.report.check("WAN holds only ESP, IKE, ARP, ND", found["plaintext_frames"] == 0,
                          f"{found['frames']} frames: {kinds}")
        self.report.check("no payload canary on the WAN", found["canary_frames"] == 0,
                          f"{found['canary_frames']} frames with a canary")
        self.report.check("the capture lost nothing", found["capture_drops"] == 0,
                          f"{found['capture_drops']} frames lost")
        self.report.check("tunnels carried the traffic", found["esp_frames"] > 0,
                          f"{found['esp_frames']} ESP frames")

    # --- gateways ---

    def create_gateways(self):
        started = time.monotonic()
        for gateway in manifests.gateways():
            self.lab.cluster.apply(gateway)
            endpoints = ", ".join(e["nodeName"] for e in gateway["spec"]["endpoints"])
            self.report.note(f"Gateway {gateway['metadata']['name']}: {endpoints}")
        active = self.lab.wait_for_election(ELECTION_SECONDS)
        self.report.facts.update(active_gateways=active)
        seconds = time.monotonic() - started
        self.report.check("every pool has an active gateway", True, ", ".join(
            f"{pool}: {' '.join(nodes)}" for pool, nodes in active.items()) + f" ({seconds:.1f} s)")
        self.lab.wait_for_routes(CONNECT_SECONDS)
        left = reachability.wait_until_all_answer(
            self.lab.name, topology.cross_site_pairs(), self.canary, CONNECT_SECONDS)
        seconds = time.monotonic() - started
        self.report.facts.update(seconds_to_connect=round(seconds, 1))
        missing = sum(map(len, left.values()))
        self.report.check("all sites connected", not missing,
                          f"{seconds:.1f} s after the Gateways were created"
                          if not missing else f"{missing} pairs do not answer: " + ", ".join(
                              f"{a.name} -> {b.name} {name}" for name, pairs in left.items()
                              for a, b in pairs[:4]))

    def check_idle(self):
        """Before any traffic: only probes of tunnels and gateways, and keep-alives."""
        dataplanes = usage.pids_of(self.lab, "dataplane").values()
        lites = usage.pids_of(self.lab, "agent-lite").values()
        percent = usage.cpu_percent([*dataplanes, *lites], IDLE_SECONDS)
        together = sum(percent[pid] for pid in dataplanes)
        self.report.facts.update(idle_dataplanes_cpu_percent=round(together, 1))
        self.report.check("dataplanes take < 30 % of one core when idle", together < 30,
                          f"{len(dataplanes)} dataplanes together {together:.1f} %")
        lite_cpu = max(percent[pid] for pid in lites)
        lite_mib = max(usage.resident_mib(pid) for pid in lites)
        self.report.facts.update(agent_lite_cpu_percent=round(lite_cpu, 2),
                                 agent_lite_resident_mib=round(lite_mib, 1))
        self.report.check("agent-lite takes < 20 MiB and < 1 % of a core when idle",
                          lite_mib < 20 and lite_cpu < 1,
                          f"at most {lite_mib:.1f} MiB, {lite_cpu:.2f} %")

    def show_status(self):
        """The cluster as a whole, and one box at a glance."""
        self.show("mgmt", ["gateways", "--source", self.lab.cluster.admin_source()])
        self.show("cloud-gw-1", ["status"])
        self.show("cloud-gw-1", ["tunnels"])

    def look_inside(self):
        """Rates, the way of a packet, the way of one that is dropped, and a capture."""
        edge, cloud = (topology.box_named(f"{site}-node-1").pods[0] for site in ("edge-a", "cloud"))
        active = {pool: nodes[0] for pool, nodes in self.lab.active_gateways().items()}
        self.show(active["edge-a"], ["top", "--count", "1"])
        with self.pings(edge, cloud):
            self.show(active["cloud"], ["trace", "--from", edge.v4, "--protocol", "icmp"])
        with self.pings(edge, cloud, "-t", "2"):  # one for the node, one for the gateway box
            self.show(active["edge-a"], ["trace", "--drop", "ttl"], "trace-drop")
        self.show(active["cloud"], ["capture", "--point", "clear-in,tx,rx,drop", "--packets", "50",
                                    "--write", os.path.join(self.lab.state, "box.pcapng")])

    @contextlib.contextmanager
    def pings(self, source, target, *options):
        with subprocess.Popen(
                ["ip", "netns", "exec", f"{self.lab.name}-{source.name}", "ping", "-q", "-i", "0.2",
                 *options, target.v4], stdout=subprocess.DEVNULL) as process:
            try:
                yield
            finally:
                process.kill()

    def show(self, machine, words, name=None):
        ravenctl = os.path.join(self.lab.options["build"], "bin/ravenctl")
        result = self.lab.hosts[machine].run(["sh", "-c", 'exec "$@" 2>&1', "sh", ravenctl, *words])
        text = f"[{machine}] $ ravenctl {' '.join(words)}\n{result.stdout}"
        print(f"\n{text}", file=sys.stderr, flush=True)
        name = name or words[0]
        self.transcripts.setdefault(
            name, text.replace(self.lab.state, os.path.join(STATE_ROOT, "demo")))
        self.report.check(f"ravenctl {name} answers", result.returncode == 0,
                          f"on {machine}: exit {result.returncode}")

    # --- traffic ---

    def check_pairs(self):
        report, pairs = self.report, topology.cross_site_pairs()
        reach = reachability.Reachability(self.lab.name, pairs, self.canary)
        for name in reachability.FAMILIES:
            self.check_kind(reach, reach.icmp(name), "ms")
        for name in reachability.FAMILIES:
            self.check_kind(reach, reach.udp(name), "path MTU")
        self.check_kind(reach, reach.tcp("IPv4"), "Mbit/s")
        self.check_kind(reach, reach.tcp("IPv6", topology.one_pair_per_site_pair(pairs)), "Mbit/s")
        report.facts.update(pod_pairs=len(pairs), pod_pairs_reachable=len(reach.reachable()))
        report.check("all pod pairs reachable", len(reach.reachable()) == len(pairs),
                     f"{len(reach.reachable())} of {len(pairs)} ordered cross-site pairs")

    def check_kind(self, reach, kind, unit):
        self.report.check(kind, not reach.failures[kind], reach.summary(kind, unit))

    def check_local(self):
        """Traffic inside a site goes straight: at the port of a gateway box only its own pods'."""
        recorders = {site.name: capture.Recorder(
            network.lan_switch(self.lab.name, site),
            [f"p{box.index}" for box in topology.BOXES if box.site == site and box.gateway],
            self.local_canary, both_directions=True) for site in topology.SITES}
        reach = reachability.Reachability(self.lab.name, topology.intra_site_pairs(),
                                          self.local_canary)
        kinds = [reach.icmp(name) for name in reachability.FAMILIES] + [reach.udp("IPv4")]
        found = {site: recorder.stop() for site, recorder in recorders.items()}
        for kind in kinds:
            self.check_kind(reach, kind, "path MTU" if kind.startswith("UDP") else "ms")
            self.report.checks[-1]["name"] += " inside sites"
        strays = [flow for report in found.values() for flow in stray_flows(report["canary_flows"])]
        seen = sum(report["canary_frames"] for report in found.values())
        self.report.check("traffic inside a site never touches a gateway", seen and not strays,
                          f"{seen} frames at gateway ports, {len(strays)} not of the box's own pods"
                          + "".join(f"; {stray}" for stray in strays[:3]))

    def check_accounts(self):
        boxes = accounting.gateways_that_run(self.lab)
        lost = accounting.unaccounted(self.lab)
        self.report.check("every packet ended in one place", boxes and not lost,
                          f"{len(boxes)} dataplanes, not accounted for: {lost or 'none'}")

    def check_failover(self):
        victim = self.lab.active_gateways()[VICTIM_SITE][0]
        self.report.note(f"{victim} goes off")
        gap, streams = failover.measure(self.lab, victim, failover.pairs_of(VICTIM_SITE),
                                        self.canary)
        self.report.facts.update(failover_gap_ms=gap, failover_victim=victim,
                                 failover_streams=streams)
        self.report.check("traffic returns after a gateway box died", gap is not None,
                          f"{victim} off, longest gap {gap} ms, {len(streams)} streams of 1 kHz")
        self.check_after_failover(victim)

    def check_after_failover(self, victim):
        alive = [pod for pod in topology.PODS if pod.node != victim]
        pairs = topology.cross_site_pairs(alive)
        left = reachability.wait_until_all_answer(self.lab.name, pairs, self.canary, 10)
        missing = sum(map(len, left.values()))
        self.report.check("all other pods still reach each other", not missing,
                          f"{len(pairs)} pairs, IPv4 and IPv6, {missing} do not answer")
        try:
            successor = wait_for(
                "a new active gateway",
                lambda: [n for n in self.lab.active_gateways()[VICTIM_SITE] if n != victim],
                ELECTION_SECONDS, 0.1)
        except LabError:
            successor = []
        self.report.facts.update(active_gateways_after=self.lab.active_gateways())
        self.report.check("the controller elects another gateway", successor,
                          f"{VICTIM_SITE}: {' '.join(successor) or 'still ' + victim}")


def stray_flows(flows):
    """Flows at the port of a gateway box ("p21 SRC > DST") with no pod of the box at either end."""
    strays = []
    for flow in flows:
        port, source, _, destination = flow.split()
        own = {address for box in topology.BOXES if port == f"p{box.index}"
               for pod in box.pods for address in (pod.v4, pod.v6)}
        if not own & {source, destination}:
            strays.append(flow)
    return strays


def parse_arguments():
    parser = ArgumentParser(prog="demo.sh", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write the results to a file")
    parser.add_argument("--report", metavar="FILE", help="write the results as an HTML page")
    parser.add_argument("--transcripts", metavar="FOLDER",
                        help="write what the demo and ravenctl print to text files")
    parser.add_argument("--keep", action="store_true", help="leave the lab up afterwards")
    parser.add_argument("--no-cluster", action="store_true",
                        help="a directory of manifests instead of a real API server")
    parser.add_argument("--name", default="demo", help="name of the lab (default: demo)")
    parser.add_argument("--build", default=DEFAULTS["build"], help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    report = Report("Raven Gateway demo: three sites over one WAN")
    lab = Lab(arguments.name)
    if arguments.no_cluster:
        report.note("note: no API server (--no-cluster): objects are files in a directory")
    options = {"source": "dir" if arguments.no_cluster else "api", "keys": "ike",
               "workers": DEFAULTS["workers"], "build": os.path.abspath(arguments.build)}
    lab.down()
    interrupted = False
    demo = Demo(lab, report)
    try:
        demo.run(options)
    except LabError as error:
        report.check("the demo ran to its end", False, error)
    except KeyboardInterrupt:
        interrupted = True
        report.check("the demo ran to its end", False, "interrupted")
    finally:
        if arguments.keep and not interrupted:
            report.note(f"the lab stays up: scripts/lab --name {lab.name} --help")
        else:
            lab.down(keep_files=not report.passed)
    if arguments.json:
        report.write_json(arguments.json)
    if arguments.report:
        report.write_page(arguments.report)
    if arguments.transcripts:
        transcripts.write(arguments.transcripts, {"demo": report.table(), **demo.transcripts})
    print(report.table())
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
