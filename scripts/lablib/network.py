"""Builds the lab's namespaces, links, bridges, addresses and routes; and takes them down.

Namespaces, each named <lab>-<what>: `wan` (the router between sites, and every site's default
router), `mgmt` (API server), <site>-lan (a switch), one per box, one per pod.
"""
# SPDX-License-Identifier: Apache-2.0
import contextlib

from . import topology
from .netns import LabError, end_processes, ip_batch, listed, run, run_in
from .topology import BOXES, LINK_MTU, PODS, SITES

# The kernel must hand complete frames to packet sockets: no checksum or segmentation offload.
OFFLOADS_OFF = "rx off tx off gso off tso off gro off"
BOX_SYSCTLS = (
    "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
    "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.default.send_redirects=0",
    "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.accept_ra=0",
)
POD_SYSCTLS = ("net.ipv6.conf.default.accept_dad=0", "net.ipv4.ping_group_range=0 2147483647")
QUIET_SYSCTLS = ("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")


def wan_links():
    """Interfaces of the WAN namespace at which frames of the sites come in."""
    links = [f"lan-{site.name}" for site in SITES]
    return links + [f"w{box.index}" for box in BOXES if box.gateway and not box.site.single_port]


def lan_switch(lab, site):
    return f"{lab}-{site.name}-lan"


def up(lab):
    left = listed(f"{lab}-")
    if left:
        raise LabError(f"lab {lab!r} is already up ({len(left)} namespaces): run `lab down` first")
    make_namespaces(lab)
    make_wan(lab)
    for site in SITES:
        make_lan(lab, site)
    for box in BOXES:
        connect_box(lab, box)
        configure_box(lab, box)
        for number, pod in enumerate(box.pods, start=1):
            make_pod(lab, box, pod, number)
    switch_offloads_off(lab)


def down(lab, grace_seconds=3.0):
    """Ends all processes inside and removes all namespaces; devices go with them."""
    namespaces = listed(f"{lab}-")
    end_processes(namespaces, grace_seconds)
    for namespace in namespaces:
        run(["ip", "netns", "del", namespace], check=False)


def make_namespaces(lab):
    names = ["wan", "mgmt", *(f"{site.name}-lan" for site in SITES),
             *(box.name for box in BOXES), *(pod.name for pod in PODS)]
    for name in names:
        run(["ip", "netns", "add", f"{lab}-{name}"])
        ip_batch(f"{lab}-{name}", ["link set lo up"])
    for site in SITES:
        set_sysctls(lan_switch(lab, site), QUIET_SYSCTLS)
    for box in BOXES:
        set_sysctls(f"{lab}-{box.name}", BOX_SYSCTLS)
    for pod in PODS:
        set_sysctls(f"{lab}-{pod.name}", POD_SYSCTLS)
    set_sysctls(f"{lab}-mgmt", QUIET_SYSCTLS)
    set_sysctls(f"{lab}-wan", (*QUIET_SYSCTLS, "net.ipv4.ip_forward=1"))


def make_wan(lab):
    """One bridge per WAN network, whose address is the sites' router; and the management bridge."""
    lines = []
    for site in SITES:
        if not site.single_port:
            bridge = f"wan-{site.name}"
            lines += [f"link add {bridge} type bridge mcast_snooping 0 forward_delay 0",
                      f"address add {site.wan_router}/{topology.prefix_length(site.wan)} "
                      f"dev {bridge}",
                      f"link set {bridge} up"]
    ip_batch(f"{lab}-wan", lines)
    network = topology.MANAGEMENT_NETWORK
    ip_batch(f"{lab}-mgmt", [
        "link add br0 type bridge mcast_snooping 0 forward_delay 0",
        f"address add {topology.API_ADDRESS}/{topology.prefix_length(network)} dev br0",
        "link set br0 up"])


def make_lan(lab, site):
    """The switch of a site, with the default router on one port.

    Frames for unknown addresses are not flooded to the router: it would look like a leak.
    """
    switch, router = lan_switch(lab, site), f"lan-{site.name}"
    router_mac = f"02:52:56:{site.number:02x}:00:01"
    ip_batch(switch, ["link add br0 type bridge mcast_snooping 0 forward_delay 0",
                      "link set br0 up"])
    ip_batch(f"{lab}-wan", [
        f"link add {router} address {router_mac} type veth peer name router netns {switch}",
        f"address add {site.lan_router}/{topology.prefix_length(site.lan)} dev {router}",
        f"link set {router} up"])
    ip_batch(switch, ["link set router master br0", "link set router up"])
    run(["bridge", "-n", switch, "fdb", "replace", router_mac, "dev", "router", "master", "static"])
    run(["bridge", "-n", switch, "link", "set", "dev", "router", "flood", "off"])


def connect_box(lab, box):
    """Plugs the ports of a box into its LAN, the WAN and the management bridge."""
    space = f"{lab}-{box.name}"
    for port, role in box.ports.items():
        if role == "wan":
            far, far_name, bridge = f"{lab}-wan", f"w{box.index}", f"wan-{box.site.name}"
        else:
            far, far_name, bridge = lan_switch(lab, box.site), f"p{box.index}", "br0"
        plug(space, box.device(port), box.mac(port), far, far_name, bridge)
    plug(space, "mgmt0", f"02:52:56:ff:{box.index:02x}:00", f"{lab}-mgmt", f"m{box.index}", "br0")


def plug(near, near_name, mac, far, far_name, bridge):
    ip_batch(near, [f"link add {near_name} mtu {LINK_MTU} address {mac} type veth "
                    f"peer name {far_name} mtu {LINK_MTU} netns {far}",
                    f"link set {near_name} up"])
    ip_batch(far, [f"link set {far_name} master {bridge}", f"link set {far_name} up"])


def configure_box(lab, box):
    space = f"{lab}-{box.name}"
    quiet = ["mgmt0", *(map(box.device, box.ports) if box.owned else [])]
    set_sysctls(space, [f"net.ipv6.conf.{device}.disable_ipv6=1" for device in quiet])
    ip_batch(space, [
        f"address add {box.management_address}/"
        f"{topology.prefix_length(topology.MANAGEMENT_NETWORK)} dev mgmt0",
        "link add cni0 type bridge mcast_snooping 0 forward_delay 0",
        f"address add {topology.host_of(box.pod_cidr_v4, 1)}/24 dev cni0",
        f"address add {topology.host_of(box.pod_cidr_v6, 1)}/64 dev cni0 nodad",
        "link set cni0 up"])
    if box.owned:
        keep_kernel_off(space, box)
    for port in box.ports:
        ip_batch(space, [f"address add {address} dev {port}{' nodad' if ':' in address else ''}"
                         for address in box.addresses(port)])
    add_routes(space, box)


def keep_kernel_off(space, box):
    """An owned port belongs to the dataplane alone, as a NIC bound to vfio would.

    The kernel gets a TAP with the same MAC, which the dataplane will open.
    """
    rules = ["add table netdev owned"]
    rules += [f"add chain netdev owned {port} {{ type filter hook ingress "
              f"device {box.device(port)} priority -500; policy drop; }}" for port in box.ports]
    run_in(space, ["nft", "-f", "-"], stdin="\n".join(rules) + "\n")
    for port in box.ports:
        ip_batch(space, [f"tuntap add dev {port} mode tap",
                         f"link set {port} address {box.mac(port)} mtu {LINK_MTU} up"])


def add_routes(space, box):
    """Default route, and what a CNI does inside a site: pod networks by way of node addresses."""
    lines = [f"route add default via {box.default_router}"]
    for other in BOXES:
        if other.site == box.site and other != box:
            lines += [f"route add {other.pod_cidr_v4} via {other.lan_address}",
                      f"route add {other.pod_cidr_v6} via {other.lan_address_v6}"]
    ip_batch(space, lines)


def make_pod(lab, box, pod, number):
    space = f"{lab}-{box.name}"
    ip_batch(space, [f"link add pod{number} mtu {LINK_MTU} type veth "
                     f"peer name eth0 mtu {LINK_MTU} netns {lab}-{pod.name}",
                     f"link set pod{number} master cni0", f"link set pod{number} up"])
    ip_batch(f"{lab}-{pod.name}", [
        f"address add {pod.v4}/24 dev eth0", f"address add {pod.v6}/64 dev eth0 nodad",
        "link set eth0 up",
        f"route add default via {topology.host_of(box.pod_cidr_v4, 1)}",
        f"route add default via {topology.host_of(box.pod_cidr_v6, 1)}"])


def switch_offloads_off(lab):
    for namespace in listed(f"{lab}-"):
        script = ("for device in $(ls /sys/class/net); do "
                  f"case $device in lo) ;; *) ethtool -K $device {OFFLOADS_OFF} >/dev/null 2>&1 "
                  "|| true ;; esac; done")
        run_in(namespace, ["sh", "-c", script])


def set_sysctls(namespace, settings):
    """Writes /proc/sys of a namespace; dots separate, as no device name here has one."""
    script = "".join(f"echo '{value}' >/proc/sys/{key.replace('.', '/')}\n"
                     for key, value in (setting.split("=", 1) for setting in settings))
    run_in(namespace, ["sh", "-e", "-c", script])


def set_links(lab, box, state):
    """Pulls (down) or plugs (up) all cables of a box, its pods' included."""
    with contextlib.suppress(LabError):
        for port, role in box.ports.items():
            far, name = ((f"{lab}-wan", f"w{box.index}") if role == "wan"
                         else (lan_switch(lab, box.site), f"p{box.index}"))
            ip_batch(far, [f"link set {name} {state}"])
        ip_batch(f"{lab}-mgmt", [f"link set m{box.index} {state}"])
