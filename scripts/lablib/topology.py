"""What the lab consists of: sites, boxes, pods and their addresses.  Pure data, touches nothing.

A site has a LAN switch.  Its gateway boxes have a WAN port (cloud, edge-a), or one port for both
sides (edge-b).  Every site also has a default router, which is the WAN router itself: whatever
leaves a site by mistake therefore shows up in the WAN capture.
"""
# SPDX-License-Identifier: Apache-2.0
import dataclasses
import ipaddress

POD_SUPERNETS = ("10.244.0.0/16", "fd10:244::/32")
MANAGEMENT_NETWORK = "10.99.0.0/24"
API_ADDRESS = "10.99.0.1"
API_PORT = 6443
LINK_MTU = 1500


@dataclasses.dataclass(frozen=True)
class Site:
    name: str
    number: int
    lan: str  # node addresses
    wan: str  # outer addresses of the gateway boxes; the LAN itself with a single port
    ports: str  # how the dataplane holds them: owned | shared
    encapsulation: str  # plain node to gateway: vxlan | direct

    @property
    def lan_v6(self):
        return f"fd00:{self.number}::/64"

    @property
    def single_port(self):
        return self.lan == self.wan

    @property
    def lan_router(self):
        return host_of(self.lan, 1)

    @property
    def wan_router(self):
        return host_of(self.wan, 1)


@dataclasses.dataclass(frozen=True)
class Pod:
    name: str
    node: str
    site: str
    v4: str
    v6: str


@dataclasses.dataclass(frozen=True)
class Box:
    """A machine: a gateway box or a plain node."""
    name: str
    site: Site
    gateway: bool
    index: int  # unique in the lab: last part of addresses, name of the pod network
    lan_address: str
    lan_address_v6: str
    wan_address: str  # "" for plain nodes
    management_address: str
    pod_cidr_v4: str
    pod_cidr_v6: str
    pods: tuple

    @property
    def ports(self):
        """Its network interfaces as the kernel sees them: name -> role."""
        if not self.gateway:
            return {"lan0": "lan"}
        return {"port0": "both"} if self.site.single_port else {"lan0": "lan", "wan0": "wan"}

    def device(self, port):
        """What the cable is plugged into; an owned port shows the kernel a TAP instead."""
        return f"nic-{port}" if self.owned else port

    def mac(self, port):
        """Of one of its ports; an owned port and its TAP share it."""
        number = list(self.ports).index(port)
        return f"02:52:56:{self.site.number:02x}:{self.index:02x}:{number:02x}"

    def addresses(self, port):
        """With prefix length, as the kernel carries them on the port or on its TAP."""
        if self.ports[port] == "wan":
            return [f"{self.wan_address}/{prefix_length(self.site.wan)}"]
        return [f"{self.lan_address}/{prefix_length(self.site.lan)}", f"{self.lan_address_v6}/64"]

    @property
    def default_router(self):
        return self.site.wan_router if self.gateway else self.site.lan_router

    @property
    def owned(self):
        return self.gateway and self.site.ports == "owned"


def host_of(network, number):
    return str(ipaddress.ip_network(network)[number])


def prefix_length(network):
    return ipaddress.ip_network(network).prefixlen


SITES = (
    Site("cloud", 1, "10.10.0.0/24", "198.18.1.0/24", "owned", "vxlan"),
    Site("edge-a", 2, "10.20.0.0/24", "198.18.2.0/24", "shared", "vxlan"),
    Site("edge-b", 3, "198.18.3.0/24", "198.18.3.0/24", "shared", "direct"),
)
GATEWAYS_PER_SITE = {"cloud": 2, "edge-a": 2, "edge-b": 1}
PODS_PER_GATEWAY = 1
PODS_PER_NODE = 2


def make_box(site, gateway, number):
    name = f"{site.name}-{'gw' if gateway else 'node'}-{number}"
    index = site.number * 10 + number + (0 if gateway else 5)
    cidr_v4, cidr_v6 = f"10.244.{index}.0/24", f"fd10:244:{index}::/64"
    pods = tuple(
        Pod(f"{name}-pod-{n}", name, site.name, host_of(cidr_v4, n + 1), host_of(cidr_v6, n + 1))
        for n in range(1, (PODS_PER_GATEWAY if gateway else PODS_PER_NODE) + 1))
    return Box(name, site, gateway, index, host_of(site.lan, index),
               f"fd00:{site.number}::{index}", host_of(site.wan, index) if gateway else "",
               host_of(MANAGEMENT_NETWORK, index), cidr_v4, cidr_v6, pods)


def make_boxes():
    boxes = []
    for site in SITES:
        boxes += [make_box(site, True, n + 1) for n in range(GATEWAYS_PER_SITE[site.name])]
        boxes.append(make_box(site, False, 1))
    return tuple(boxes)


BOXES = make_boxes()
PODS = tuple(pod for box in BOXES for pod in box.pods)


def box_named(name):
    for box in BOXES:
        if box.name == name:
            return box
    raise KeyError(f"no box {name!r} in the lab: one of {', '.join(b.name for b in BOXES)}")


def pod_named(name):
    for pod in PODS:
        if pod.name == name:
            return pod
    raise KeyError(f"no pod {name!r} in the lab: see `lab pods`")


def cross_site_pairs(pods=PODS):
    """Ordered pairs of pods of different sites."""
    return [(a, b) for a in pods for b in pods if a.site != b.site]


def intra_site_pairs(pods=PODS):
    """Ordered pairs of pods of one site that are on different boxes."""
    return [(a, b) for a in pods for b in pods if a.site == b.site and a.node != b.node]


def one_pair_per_site_pair(pairs):
    """The first pair of each ordered pair of sites."""
    chosen = {}
    for pair in pairs:
        chosen.setdefault((pair[0].site, pair[1].site), pair)
    return list(chosen.values())
