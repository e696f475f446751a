"""perf/e2e.sh: a whole raven-dataplane with real ports, traffic from a process on another CPU."""
# SPDX-License-Identifier: Apache-2.0
import argparse
import itertools
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time

from lablib.netns import LabError, listed, run, run_in

NAMESPACE, PEER_NAMESPACE = "raven-e2e-gw", "raven-e2e-gen"
LAN_MAC, WAN_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
NODE_MAC, ROUTER_MAC = "02:00:00:00:00:11", "02:00:00:00:00:21"
SIZES = ("64", "imix", "1400")
KINDS = ("memif", "af_packet", "af_xdp", "tap")
START_SECONDS_MAX = 30


class Ports:
    """How both sides name their two ports, and what must exist before."""

    def __init__(self, kind, folder):
        self.kind = kind
        self._folder = folder
        self.mode = "shared" if kind in ("af_packet", "af_xdp") else "owned"
        # The generator is where the other ends of the ports are.
        self.generator_namespace = PEER_NAMESPACE if self.mode == "shared" else NAMESPACE

    def prepare(self):
        run(["ip", "netns", "add", NAMESPACE])
        run(["ip", "netns", "add", PEER_NAMESPACE])
        if self.mode == "owned":
            return
        for name, mac, far_mac in (("lan", LAN_MAC, NODE_MAC), ("wan", WAN_MAC, ROUTER_MAC)):
            run(["ip", "link", "add", f"{name}0", "netns", NAMESPACE, "address", mac,
                 "type", "veth", "peer", "name", f"{name}1", "netns", PEER_NAMESPACE,
                 "address", far_mac, "mtu", "1500"])
            run_in(NAMESPACE, ["ip", "link", "set", f"{name}0", "up"])
            run_in(PEER_NAMESPACE, ["ip", "link", "set", f"{name}1", "up"])

    def gateway(self, name, mac):
        """Device arguments of the dataplane's port."""
        number = 0 if name == "lan" else 1
        return {"memif": f"net_memif{number},role=server,id={number},mac={mac},"
                         f"socket={self._folder}/memif.sock,socket-abstract=no",
                "af_packet": f"net_af_packet{number},iface={name}0,blocksz=65536,framesz=2048,"
                             "framecnt=1024",
                "af_xdp": f"net_af_xdp{number},iface={name}0",
                "tap": f"net_tap{number},iface=dev{name},mac={mac}"}[self.kind]

    def generator(self, name):
        number = 0 if name == "lan" else 1
        interface = f"dev{name}" if self.kind == "tap" else f"{name}1"
        if self.kind == "memif":
            return (f"net_memif{number},role=client,id={number},"
                    f"socket={self._folder}/memif.sock,socket-abstract=no")
        return f"net_af_packet{number},iface={interface},blocksz=65536,framesz=2048,framecnt=1024"


def _key(tunnel):
    """As perf/generator/tunnels.h: what the generator's traffic is made with."""
    return bytes((tunnel * 31 + k * 7 + 1) % 256 for k in range(20)).hex()


def _static_sas(direction):
    """Both SAs of tunnel 0.  The one not in use has a key of its own: one key serves one SA."""
    keys = {"out": _key(0), "in": secrets.token_hex(20)}
    if direction == "decrypt":
        keys = {"out": keys["in"], "in": keys["out"]}
    return json.dumps({"sas": [
        {"tunnel_id": 1, "direction": "out", "spi": 0x20001, "key": keys["out"], "esn": False,
         "source": "198.18.0.1", "destination": "198.19.0.1"},
        {"tunnel_id": 1, "direction": "in", "spi": 0x10001, "key": keys["in"], "esn": False,
         "source": "198.19.0.1", "destination": "198.18.0.1"}]})


class Gateway:
    """A raven-dataplane in its namespace, with addresses and neighbours."""

    def __init__(self, build, folder, ports, direction, cpu):
        self._build, self._folder, self._ports = build, folder, ports
        self._write("sas.yaml", _static_sas(direction))
        self._write("config.yaml", self._configuration(cpu))
        self.socket = f"{folder}/control.sock"
        with open(f"{folder}/dataplane.log", "wb") as log:
            self._process = subprocess.Popen(
                ["ip", "netns", "exec", NAMESPACE, f"{build}/bin/raven-dataplane", "--config",
                 f"{folder}/config.yaml"], stdout=log, stderr=log)
        self._wait_until_ready()
        self._give_addresses()

    def _write(self, name, text):
        path = f"{self._folder}/{name}"
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w",
                  encoding="utf-8") as file:
            file.write(text)

    def _configuration(self, cpu):
        ports = [{"name": name, "role": name, "mode": self._ports.mode, "mtu": 1500,
                  "devargs": self._ports.gateway(name, mac), "kernel_interface": f"{name}0"}
                 for name, mac in (("lan", LAN_MAC), ("wan", WAN_MAC))]
        return json.dumps({
            "instance": "e2e", "workers": {"count": 1, "cpus": [cpu], "idle": "poll"},
            "memory": {"hugepages": True, "size_mb": 256}, "ports": ports,
            "sockets": {"control": f"{self._folder}/control.sock", "sa": ""},
            "state_dir": f"{self._folder}/state", "metrics_address": "127.0.0.1:10399",
            "static_sa_file": f"{self._folder}/sas.yaml"})

    def status(self):
        text = run([f"{self._build}/bin/ravenctl", "status", "--socket", self.socket, "-o", "json"],
                   check=False)
        return json.loads(text) if text.startswith("{") else None

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while self.status() is None:
            if self._process.poll() is not None or time.monotonic() > deadline:
                with open(f"{self._folder}/dataplane.log", encoding="utf-8") as log:
                    raise LabError(f"raven-dataplane does not start: {log.read().strip()[-300:]}")
            time.sleep(0.1)

    def _give_addresses(self):
        for command in (
                "ip addr add 10.1.3.1/24 dev lan0", "ip addr add 198.18.0.1/24 dev wan0",
                "ip link set lan0 up", "ip link set wan0 up",
                f"ip neigh replace 10.1.3.2 lladdr {NODE_MAC} nud permanent dev lan0",
                f"ip neigh replace 198.18.0.254 lladdr {ROUTER_MAC} nud permanent dev wan0",
                "ip route replace 198.19.0.0/16 via 198.18.0.254"):
            run_in(NAMESPACE, command.split())

    def close(self):
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _traffic(arguments, gateway, ports, direction, size):
    command = ["ip", "netns", "exec", ports.generator_namespace,
               f"{arguments.build}/bin/port_traffic", direction, "--size", size,
               "--seconds", str(arguments.seconds), "--cpu", str(arguments.generator_cpu),
               "--control", gateway.socket,
               "--lan", ports.generator("lan"), "--wan", ports.generator("wan")]
    result = subprocess.run(command, capture_output=True, text=True, check=False,
                            timeout=60 + arguments.seconds)
    if result.returncode != 0:
        raise LabError((result.stderr.strip().splitlines() or ["no traffic"])[-1])
    return {"port": ports.kind, "direction": direction, "algorithm": "aes-128-gcm",
            "size": size if size == "imix" else int(size), **json.loads(result.stdout)}


def clean_up():
    for namespace in listed("raven-e2e-"):
        run(["ip", "netns", "del", namespace], check=False)


def measure(arguments, kind, direction, size):
    """The row of one case; None, and a line that says why, when it does not work.  A new gateway
    each time: the generator's sequence numbers start anew, which a replay window would refuse."""
    clean_up()
    with tempfile.TemporaryDirectory(prefix="raven-e2e-") as folder:
        ports = Ports(kind, folder)
        try:
            ports.prepare()
            gateway = Gateway(arguments.build, folder, ports, direction, arguments.cpu)
            try:
                return _traffic(arguments, gateway, ports, direction, size)
            finally:
                gateway.close()
        except (LabError, subprocess.TimeoutExpired) as error:
            print(f"{kind:10} {direction:8} {size:>5}: no figure, {error}", flush=True)
            return None
        finally:
            clean_up()


def _print(row):
    cycles = row.get("worker_cycles_per_packet", "-")
    busy = row.get("worker_busy_ratio", "-")
    print(f"{row['port']:10} {row['direction']:8} {row['size']:>5} {row['offered_mpps']:9.3f} "
          f"{row['received_mpps']:9.3f} {row['received_gbps']:8.2f} {cycles:>9} {busy:>6}",
          flush=True)


def _arguments():
    cpus = sorted(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(prog="perf/e2e.sh")
    parser.add_argument("--build", required=True)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--cpu", type=int, default=cpus[-1], help="of the worker")
    parser.add_argument("--generator-cpu", type=int, default=cpus[0])
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], metavar="PORT")
    return parser.parse_args()


def main():
    arguments = _arguments()
    print("AES-128-GCM, one SA, one worker, offered as fast as the ports take it\n"
          "port       direction  size   offered  received   Gbit/s cyc/packet  busy\n"
          "                              Mpps      Mpps    (inner)  (worker)", flush=True)
    rows = []
    for kind, direction, size in itertools.product(arguments.kinds or KINDS,
                                                   ("encrypt", "decrypt"), SIZES):
        row = measure(arguments, kind, direction, size)
        if row:
            rows.append(row)
            _print(row)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"format": 1, "end_to_end": rows}, file, indent=1)
            file.write("\n")
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())
