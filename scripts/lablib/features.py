"""Whether this machine can carry the lab: each needed kernel feature and tool is tried."""
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess

from .netns import LabError, run

TOOLS = {
    "ip": "iproute2", "nft": "nftables", "ethtool": "ethtool", "ping": "iputils-ping",
    "setsid": "util-linux",
}

# (what it is, kernel option, commands tried in order inside a scratch namespace)
FEATURES = (
    ("veth devices", "CONFIG_VETH", ["ip link add v0 type veth peer name v1"]),
    ("bridges", "CONFIG_BRIDGE", ["ip link add b0 type bridge"]),
    ("TUN/TAP devices", "CONFIG_TUN", ["ip tuntap add t0 mode tap"]),
    ("VXLAN devices", "CONFIG_VXLAN", ["ip link add x0 type vxlan id 200 dstport 4472"]),
    ("policy routing", "CONFIG_IP_MULTIPLE_TABLES",
     ["ip rule add from all lookup 9027 priority 100",
      "ip route add blackhole 10.0.0.0/8 table 9027"]),
    ("IPv6", "CONFIG_IPV6", ["ip -6 address add fd00::1/128 dev lo"]),
    ("nftables netdev chains", "CONFIG_NF_TABLES_NETDEV",
     ["nft add table netdev probe",
      "nft add chain netdev probe ingress "
      "{ type filter hook ingress device v0 priority 0; policy drop; }"]),
    ("packet sockets", "CONFIG_PACKET", ["ip link set lo up"]),
)


def check():
    """Raises one error that names everything that is missing."""
    if os.geteuid() != 0:
        raise LabError("the lab needs root: it makes network namespaces and devices")
    missing = [f"{tool} (package {package})" for tool, package in TOOLS.items()
               if shutil.which(tool) is None]
    if missing:
        raise LabError(f"missing tools: {', '.join(missing)}: run scripts/install-deps.sh")
    scratch = f"lab-check-{os.getpid()}"
    try:
        run(["ip", "netns", "add", scratch])
    except LabError as error:
        raise LabError(f"network namespaces do not work here (CONFIG_NET_NS): {error}") from error
    try:
        failures = [text for feature in FEATURES for text in try_feature(scratch, *feature)]
    finally:
        run(["ip", "netns", "del", scratch], check=False)
    if failures:
        raise LabError("this kernel lacks what the lab needs:\n  " + "\n  ".join(failures))


def try_feature(namespace, what, option, commands):
    for command in commands:
        result = subprocess.run(
            ["ip", "netns", "exec", namespace, "sh", "-c", f"exec {quote_braces(command)}"],
            capture_output=True, text=True, check=False)
        if result.returncode != 0:
            return [f"{what} ({option}): `{command}`: {result.stderr.strip()}"]
    return []


def quote_braces(command):
    """nft wants its block as one argument; the shell must leave `;` alone."""
    head, brace, block = command.partition("{")
    return f"{head}'{brace}{block}'" if brace else command
