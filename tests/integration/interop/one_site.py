"""One site of ours with all its processes, and a wire to a peer that is not ours.

    host --lan-- box --wan-- peer
    10.1.1.1     192.168.1.1, 203.0.113.1

host, box and peer are network namespaces.  The box runs raven-dataplane and raven-gateway-agent,
and stock charon with the kernel-raven plugin when the site has a key.
"""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil
import subprocess
import sys
import tempfile

import yaml
from lablib import netns
from lablib.host import wait_for

ROOT = os.path.realpath(os.path.dirname(os.path.realpath(__file__)) + '/../../..')
PLUGIN = 'libstrongswan-kernel-raven.so'
BOX = 'box-a'  # sorts before its peers: it is the one that dials
HOST_ADDRESS, PREFIX = '10.1.1.1', '10.1.0.0/16'
BOX_WAN = '203.0.113.1'
ECHO_SIZES = (56, 57, 600, 1200, 1400)


def echo_command(source, destination, rounds, interval=0.02, sizes=ECHO_SIZES):
    """Prints the answers by size, see echo.py."""
    return ['/usr/bin/python3', os.path.join(ROOT, 'tests/integration/interop/echo.py'), source,
            destination, str(rounds), str(interval), *map(str, sizes)]


def all_answered(rounds, sizes=ECHO_SIZES):
    """What echo_command() prints when nothing was lost."""
    return json.dumps({str(size): rounds for size in sizes})


def gateway(pool, node, wan_address, members):
    """A Gateway with one box; members: (node, private address, prefix)."""
    endpoint = {'nodeName': node, 'type': 'tunnel', 'port': 4500, 'publicIP': wan_address}
    return {'apiVersion': 'raven.openyurt.io/v1beta1', 'kind': 'Gateway',
            'metadata': {'name': pool},
            'spec': {'tunnelConfig': {'Replicas': 1}, 'endpoints': [endpoint]},
            'status': {'activeEndpoints': [endpoint],
                       'nodes': [{'nodeName': name, 'privateIP': address, 'subnets': [prefix]}
                                 for name, address, prefix in members]}}


class Site:
    """To be used in a `with`: it ends everything, and prints the logs after a failure."""

    def __init__(self, binaries):
        self.binaries = os.path.realpath(binaries)
        self.folder = tempfile.mkdtemp(prefix='raven-interop-')
        prefix = f'interop{os.getpid()}'
        self.processes = []
        self.host, self.box, self.peer = self.namespaces = [
            f'{prefix}-{name}' for name in ('host', 'box', 'peer')]
        for namespace in self.namespaces:
            netns.run(['ip', 'netns', 'add', namespace])
            netns.ip_batch(namespace, ['link set lo up'])
        self.connect(self.host, 'lan', self.box, 'lan')
        self.connect(self.box, 'wan', self.peer, 'wan')
        netns.ip_batch(self.host, [
            'address add 192.168.1.2/24 dev lan', f'address add {HOST_ADDRESS}/32 dev lo',
            f'route add 10.2.0.0/16 via 192.168.1.1 src {HOST_ADDRESS}'])
        netns.ip_batch(self.box, [
            'address add 192.168.1.1/24 dev lan', f'address add {BOX_WAN}/24 dev wan'])

    @staticmethod
    def connect(a, a_link, b, b_link):
        netns.run(['ip', 'link', 'add', a_link, 'netns', a, 'type', 'veth',
                   'peer', 'name', b_link, 'netns', b])
        for namespace, link in ((a, a_link), (b, b_link)):
            netns.ip_batch(namespace, [f'link set {link} up'])
            # Raw sockets on the other end see checksums as they left here.
            netns.run_in(namespace, ['ethtool', '-K', link, 'tx', 'off'])

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT, 0o600), 'w',
                  encoding='utf-8') as file:
            file.write(text)
        return self.path(name)

    def start(self, namespace, name, command):
        with open(self.path(name + '.log'), 'a', encoding='utf-8') as log:
            self.processes.append(subprocess.Popen(
                ['ip', 'netns', 'exec', namespace, *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def start_dataplane(self, **settings):
        config = self.write('dataplane.yaml', yaml.safe_dump({
            'instance': os.path.basename(self.folder),
            'workers': {'count': 1, 'idle': 'adaptive'},
            'memory': {'hugepages': False, 'size_mb': 128, 'packet_buffers': 4096},
            'ports': [{'name': name, 'role': name, 'mode': 'shared', 'kernel_interface': name,
                       'devargs': f'net_af_packet{number},iface={name}'}
                      for number, name in enumerate(('lan', 'wan'))],
            'sockets': {'control': self.path('control'), 'sa': self.path('charon.raven')},
            'state_dir': self.path('state'), **settings}))
        self.start(self.box, 'dataplane',
                   [os.path.join(self.binaries, 'raven-dataplane'), '--config', config])
        wait_for('the control socket', lambda: os.path.exists(self.path('control')), 60)

    def start_charon(self):
        self.start(self.box, 'charon', [os.path.join(ROOT, 'ctrl/ike/run-charon.sh'),
                                        os.path.join(self.binaries, PLUGIN), self.folder])
        wait_for('the VICI socket', lambda: os.path.exists(self.path('charon.vici')), 60)

    def start_agent(self, ike, remote_gateways):
        """remote_gateways: the other sites, as gateway() makes them."""
        own = gateway('ours', BOX, BOX_WAN, [(BOX, '192.168.1.1', '10.1.0.0/24'),
                                             ('host', '192.168.1.2', '10.1.1.0/24')])
        os.mkdir(self.path('cluster'))
        documents = map(json.dumps, [own, *remote_gateways])
        self.write('cluster/gateways.yaml', '\n---\n'.join(documents))
        config = self.write('agent.yaml', yaml.safe_dump({
            'source': 'dir:' + self.path('cluster'), 'node_name': BOX,
            'node_encapsulation': 'direct', 'dataplane_socket': self.path('control'),
            'ike': ike, 'state_dir': self.path('agent-state'),
            'lock_file': self.path('agent.lock')}))
        self.start(self.box, 'agent',
                   [os.path.join(self.binaries, 'raven-gateway-agent'), '--config', config])

    def ravenctl(self, view):
        command = [os.path.join(self.binaries, 'ravenctl'), view, '-o', 'json',
                   '--socket', self.path('control'), '--timeout', '20']
        # On a busy machine a connection may take longer than ravenctl waits for it.
        return json.loads(wait_for(f'ravenctl {view}', lambda: netns.run(command, check=False), 30))

    def wait_until_usable(self, prefixes):
        """Until the routes to the host and to these remote prefixes can carry packets."""
        def usable():
            found = {route['prefix'] for route in self.ravenctl('routes')['routes']
                     if route['usable']}
            return found >= {'10.1.1.0/24', *prefixes}
        wait_for(f'usable routes to {prefixes}', usable, 60)

    def run_at_host(self, command):
        return netns.run_in(self.host, command)

    def swanctl(self, *arguments):
        return netns.run(['swanctl', *arguments, '--uri', f'unix://{self.path("charon.vici")}'])

    def print_logs(self):
        for name in sorted(os.listdir(self.folder)):
            if name.endswith('.log'):
                with open(self.path(name), encoding='utf-8', errors='replace') as file:
                    print(f'==== {name}', file.read()[-8000:], sep='\n', file=sys.stderr)

    def __enter__(self):
        return self

    def __exit__(self, error_type, error, trace):
        if error_type:
            self.print_logs()
        netns.end_processes(self.namespaces)
        for process in self.processes:
            process.wait(20)
        for namespace in self.namespaces:
            netns.run(['ip', 'netns', 'del', namespace], check=False)
        shutil.rmtree(self.folder)
