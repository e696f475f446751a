"""A site for agent-lite: a node with a pod, two gateway boxes (plain kernels), and a switch.
SPDX-License-Identifier: Apache-2.0

Each gateway box ends the VXLAN as Raven's do, holds an address of the other site (10.2.0.9,
fd02::9) and answers probes.  So a ping from the pod shows the whole way, and the counters of a box
show whether it came through there.
"""

import ctypes
import os
import select
import socket
import struct
import subprocess
import threading

NODE, POD_PREFIX, POD6_PREFIX = '192.168.7.5', '10.1.5.0/24', 'fd01:5::/64'
GATEWAYS = {'gw1': '192.168.7.1', 'gw2': '192.168.7.2'}
REMOTE, REMOTE6 = '10.2.0.9', 'fd02::9'
CLUSTER_IP = '10.96.0.10'
PROBE = struct.Struct('>IBBBBQQ')
PROBE_MAGIC, PROBE_PORT = 0x52565052, 4473
CLONE_NEWNET = 0x40000000


def run(command, check=True):
    result = subprocess.run(command, shell=isinstance(command, str), capture_output=True, text=True)
    if check and result.returncode != 0:
        raise AssertionError(f'{command}: {result.returncode}\n{result.stdout}{result.stderr}')
    return result.stdout


def in_namespace(name, work):
    """Runs work() on a thread inside the namespace; returns what it returned."""
    outcome = {}

    def body():
        try:
            with open(f'/run/netns/{name}') as handle:
                if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), 'setns')
            outcome['value'] = work()
        except Exception as error:  # handed to the caller below
            outcome['error'] = error

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if 'error' in outcome:
        raise outcome['error']
    return outcome['value']


class Responder(threading.Thread):
    """Answers the probes of one gateway box while `alive`."""

    def __init__(self, namespace):
        super().__init__(daemon=True)
        self.alive = True
        self.asked = 0
        self.socket = in_namespace(
            namespace, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.socket.bind(('', PROBE_PORT))
        self.stopper, self.stop_reader = socket.socketpair()
        self.start()

    def run(self):
        while True:
            ready, _, _ = select.select([self.socket, self.stop_reader], [], [])
            if self.stop_reader in ready:
                return
            data, sender = self.socket.recvfrom(2048)
            magic, version, kind, _, pad, sequence, cookie = PROBE.unpack(data)
            assert (magic, version, kind) == (PROBE_MAGIC, 1, 1)
            self.asked += 1
            if self.alive:
                self.socket.sendto(PROBE.pack(magic, 1, 2, 1, pad, sequence, cookie), sender)

    def close(self):
        self.stopper.send(b'x')
        self.join()
        for each in (self.socket, self.stopper, self.stop_reader):
            each.close()


class Site:
    def __init__(self):
        self.prefix = f'lite{os.getpid()}'
        self.names = {part: f'{self.prefix}{part}' for part in ('sw', 'node', 'pod', *GATEWAYS)}
        try:
            for name in self.names.values():
                run(f'ip netns add {name} && ip -n {name} link set lo up')
            self.build_lan()
            self.build_pod()
            for box, address in GATEWAYS.items():
                self.build_gateway(box, address)
            self.responders = {box: Responder(self.names[box]) for box in GATEWAYS}
        except BaseException:
            self.remove_namespaces()
            raise

    def ip(self, part, arguments, check=True):
        return run(f'ip -n {self.names[part]} {arguments}', check)

    def exec(self, part, command, check=True):
        return run(f'ip netns exec {self.names[part]} {command}', check)

    def build_lan(self):
        self.ip('sw', 'link add br0 type bridge')
        self.ip('sw', 'link set br0 up')
        for part, address in {'node': NODE, **GATEWAYS}.items():
            self.ip('sw', f'link add {part} type veth peer name lan netns {self.names[part]}')
            self.ip('sw', f'link set {part} master br0 up')
            # Without addresses of the kernel's own making, nothing changes but by the agent.
            self.ip(part, 'link set lan addrgenmode none up')
            self.ip(part, f'address add {address}/24 dev lan')

    def build_pod(self):
        self.ip('node', f'link add cni0 type veth peer name eth0 netns {self.names["pod"]}')
        self.ip('node', 'link set cni0 addrgenmode none up')
        self.ip('node', 'address add 10.1.5.1/24 dev cni0')
        self.ip('node', 'address add fd01:5::1/64 dev cni0 nodad')
        self.ip('node', 'route add default via 192.168.7.254')  # where clear text would go
        self.ip('pod', 'link set eth0 up')
        self.ip('pod', 'address add 10.1.5.10/24 dev eth0')
        self.ip('pod', 'address add fd01:5::10/64 dev eth0 nodad')
        self.ip('pod', 'route add default via 10.1.5.1')
        self.ip('pod', 'route add default via fd01:5::1')
        # Strict reverse-path filtering: the agent must not need it loosened.
        self.exec('node', 'sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1'
                          ' net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1')

    def build_gateway(self, box, address):
        last = int(address.rsplit('.', 1)[1])
        self.ip(box, f'link add raven0 address aa:0f:f0:a8:07:{last:02x} mtu 1450'
                     ' type vxlan id 200 dstport 4472 nolearning')
        self.ip(box, 'link set raven0 up')
        self.ip(box, f'address add 240.168.7.{last}/8 dev raven0')
        self.ip(box, f'address add {REMOTE}/32 dev lo')
        self.ip(box, f'address add {REMOTE6}/128 dev lo')
        self.ip(box, 'neighbour add 240.168.7.5 lladdr aa:0f:f0:a8:07:05 dev raven0')
        self.ip(box, 'neighbour add fe80::5 lladdr aa:0f:f0:a8:07:05 dev raven0')
        run(f'bridge -n {self.names[box]} fdb add aa:0f:f0:a8:07:05 dst {NODE} dev raven0')
        self.ip(box, f'route add {POD_PREFIX} via 240.168.7.5 dev raven0')
        self.ip(box, f'route add {POD6_PREFIX} via fe80::5 dev raven0')

    def take_direct(self):
        """The gateway boxes answer the node's pods without VXLAN, and IPv6 by its MAC address."""
        mac = self.exec('node', 'cat /sys/class/net/lan/address').strip()
        for box in GATEWAYS:
            self.ip(box, f'route replace {POD_PREFIX} via {NODE}')
            self.ip(box, f'neighbour replace fe80::5 lladdr {mac} dev lan nud permanent')
            self.ip(box, f'route replace {POD6_PREFIX} via fe80::5 dev lan')

    def received(self, box):
        """Packets that came to a gateway box through the overlay."""
        lines = self.ip(box, '-s link show raven0').splitlines()
        values = next(i for i, line in enumerate(lines) if 'RX:' in line) + 1
        return int(lines[values].split()[1])

    def ping(self, part, destination, count=1):
        """True when all come back."""
        command = ['ip', 'netns', 'exec', self.names[part], 'ping', '-q', '-c', str(count), '-i',
                   '0.05', '-W', '1', destination]
        return subprocess.run(command, capture_output=True).returncode == 0

    def overlay(self):
        """What the agent owns on the node, as iproute2 shows it."""
        return {
            'link': self.ip('node', '-o link show type vxlan'),
            'address': self.ip('node', '-o address show dev raven0', check=False),
            'rules': self.ip('node', 'rule'),
            'rules6': self.ip('node', '-6 rule'),
            'routes': self.ip('node', 'route show table 9027', check=False),
            'routes6': self.ip('node', '-6 route show table 9027', check=False),
            'neighbours': self.ip('node', 'neighbour show dev raven0 nud permanent', check=False),
            'fdb': run(f'bridge -n {self.names["node"]} fdb show dev raven0', check=False),
        }

    def remove_namespaces(self):
        for name in self.names.values():
            run(f'ip netns delete {name}', check=False)

    def close(self):
        for responder in self.responders.values():
            responder.close()
        self.remove_namespaces()
