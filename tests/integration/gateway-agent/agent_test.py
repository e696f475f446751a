#!/usr/bin/python3
"""raven-gateway-agent on two boxes with stock charon: from Gateways in a directory to SAs and
kernel routes.  There is no raven-dataplane, only its SA socket: nothing may wait for the rest of
it.
Usage: agent_test.py raven-gateway-agent libstrongswan-kernel-raven.so [...]; needs root.
SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)) + '/../ike')
from boxes import Box, connect, run, until  # noqa: E402
from fake_dataplane import IN, OUT  # noqa: E402

if len(sys.argv) > 2:
    AGENT, PLUGIN = (os.path.realpath(sys.argv.pop(1)) for _ in range(2))


def gateway(name, node, address, subnet):
    endpoint = {'nodeName': node, 'type': 'tunnel', 'port': 4500, 'publicIP': address}
    return {'apiVersion': 'raven.openyurt.io/v1beta1', 'kind': 'Gateway',
            'metadata': {'name': name},
            'spec': {'tunnelConfig': {'Replicas': 1}, 'endpoints': [endpoint]},
            'status': {'activeEndpoints': [endpoint],
                       'nodes': [{'nodeName': node, 'privateIP': address, 'subnets': [subnet]}]}}


CLOUD = gateway('cloud', 'box-a', '192.0.2.1', '10.1.0.0/16')
EDGE = gateway('edge', 'box-b', '192.0.2.2', '10.2.0.0/16')


class AgentBox(Box):
    def write_settings(self, source, key):
        self.psk_file = self.dir + '/psk'
        self.write_key(key)
        with open(self.dir + '/agent.yaml', 'w') as file:
            file.write(f'''
source: dir:{source}
node_name: box-{self.name}
dataplane_socket: {self.dir}/dataplane.sock
state_dir: {self.dir}/state
lock_file: {self.dir}/agent.lock
metrics_address: 127.0.0.1:10302
snapshot_wait_ms: 200
resync_s: 2
ike:
  socket: {self.dir}/charon.vici
  psk_file: {self.psk_file}
''')

    def write_key(self, key):
        descriptor = os.open(self.psk_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, 'w') as file:
            file.write(key + '\n')

    def start_agent(self, *arguments):
        with open(self.dir + '/agent.log', 'a') as log:
            self.agent = subprocess.Popen(
                ['ip', 'netns', 'exec', self.netns, AGENT, '--config', self.dir + '/agent.yaml',
                 *arguments], stdout=log, stderr=log)

    def stop_agent(self, how=signal.SIGTERM):
        self.agent.send_signal(how)
        return self.agent.wait(20)

    def stop(self):
        if getattr(self, 'agent', None) and self.agent.poll() is None:
            self.stop_agent()
        super().stop()

    def agent_text(self):
        with open(self.dir + '/agent.log') as file:
            return file.read()

    def metric(self, name):
        text = run('ip', 'netns', 'exec', self.netns, 'curl', '-s',
                   'http://127.0.0.1:10302/metrics', check=False)
        values = [line.rsplit(' ', 1)[1] for line in text.splitlines()
                  if line.startswith(f'raven_gateway_agent_{name}')]
        return sum(map(float, values)) if values else None

    def routes(self):
        text = run('ip', '-j', '-n', self.netns, 'route', 'show', 'table', '9027', check=False)
        try:
            return {(route['type'] if 'type' in route else 'unicast', route['dst'])
                    for route in json.loads(text)}
        except ValueError:
            return set()


class AgentTest(unittest.TestCase):
    def setUp(self):
        self.source = tempfile.TemporaryDirectory(prefix='raven-gateways-')
        self.addCleanup(self.source.cleanup)
        self.publish(CLOUD, EDGE)
        self.a, self.b = self.boxes = [
            self.make_box('a', '192.0.2.1'), self.make_box('b', '192.0.2.2')]
        connect(self.a, self.b)
        key = secrets.token_hex(32)
        for box in self.boxes:
            box.write_settings(self.source.name, key)
            box.start()
            box.start_agent()
        self.wait_pair()

    def make_box(self, name, address):
        box = AgentBox(name, address, PLUGIN)
        self.addCleanup(box.stop)
        return box

    def tearDown(self):
        if os.environ.get('VERBOSE'):
            for box in self.boxes:
                print('====', box.name, box.agent_text(), box.text_of_log(), sep='\n')
        self.assertEqual([box.agent.poll() for box in self.boxes], [None, None])
        self.assertEqual(sum((box.dataplane.problems for box in self.boxes), []), [])

    def publish(self, *gateways):
        path = self.source.name + '/gateways.yaml'
        with open(path + '.new', 'w') as file:
            for one in gateways:
                file.write('---\n' + json.dumps(one) + '\n')
        os.rename(path + '.new', path)

    def wait_pair(self, old_spis=()):
        for box in self.boxes:
            box.dataplane.wait(
                lambda d: len(d.sas) == 2 and not any(spi in old_spis for spi, _ in d.sas),
                'one pair of SAs', 60)
        return {spi for box in self.boxes for spi, _ in box.dataplane.sas}

    def test_gateways_become_tunnels_and_routes(self):
        self.assertEqual(self.a.dataplane.of(OUT)[0].key, self.b.dataplane.of(IN)[0].key)
        self.assertTrue(self.a.dataplane.of(OUT)[0].esn)
        # Without its interface the other site is a blackhole, not the default route.
        until(lambda: ('blackhole', '10.2.0.0/16') in self.a.routes(), 'the blackhole')
        self.assertIn('lookup 9027', run('ip', '-n', self.a.netns, 'rule', 'show', 'pref', '100'))
        run('ip', '-n', self.a.netns, 'tuntap', 'add', 'raven0', 'mode', 'tun')
        run('ip', '-n', self.a.netns, 'link', 'set', 'raven0', 'up')
        until(lambda: ('unicast', '10.2.0.0/16') in self.a.routes(), 'the route')
        run('ip', '-n', self.a.netns, 'link', 'del', 'raven0')
        until(lambda: self.a.routes() == {('blackhole', '10.2.0.0/16')}, 'only the blackhole')
        until(lambda: self.a.metric('child_sas{') == 1, 'the child in the metrics')
        self.assertEqual(self.a.metric('ike_established{'), 1)
        health = run('ip', 'netns', 'exec', self.a.netns, 'curl', '-s',
                     'http://127.0.0.1:10302/healthz')
        self.assertIn('dataplane', health)  # the one thing that is missing

    def test_a_restarted_agent_disturbs_nothing(self):
        before = self.wait_pair()
        routes = self.a.routes()
        self.assertEqual(self.a.stop_agent(), 0)
        self.assertEqual(self.a.routes(), routes)
        self.a.start_agent()
        until(lambda: self.a.metric('ike_established{') == 1, 'the agent knows its SAs')
        self.assertEqual(self.wait_pair(), before)
        self.a.stop_agent(signal.SIGKILL)
        self.a.start_agent()
        until(lambda: self.a.metric('ike_established{') == 1, 'the agent knows its SAs')
        self.assertEqual(self.wait_pair(), before)

    def test_the_snapshot_counts_while_the_api_server_is_away(self):
        until(lambda: os.listdir(self.a.dir + '/state'), 'a snapshot')
        before = self.wait_pair()
        self.a.stop_agent()
        run('ip', '-n', self.a.netns, 'route', 'flush', 'table', '9027')
        kubeconfig = self.a.dir + '/kubeconfig'
        with open(kubeconfig, 'w') as file:
            json.dump({'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'c',
                       'clusters': [{'name': 'c', 'cluster': {'server': 'https://127.0.0.1:1'}}],
                       'users': [{'name': 'u', 'user': {'token': 't'}}],
                       'contexts': [{'name': 'c', 'context': {'cluster': 'c', 'user': 'u'}}]}, file)
        self.a.start_agent('--source', 'kubeconfig:' + kubeconfig)
        until(lambda: ('blackhole', '10.2.0.0/16') in self.a.routes(), 'routes from the snapshot')
        until(lambda: self.a.metric('ike_established{') == 1, 'keys from the snapshot')
        self.assertEqual(self.a.metric('snapshot_used'), 1)
        self.assertEqual(self.wait_pair(), before)

    def test_a_restarted_charon_of_the_initiator_is_configured_again(self):
        self.restart_charon(self.a)

    def test_a_restarted_charon_of_the_responder_is_configured_again(self):
        self.restart_charon(self.b)

    def restart_charon(self, box):
        old = self.wait_pair()
        box.kill_charon()
        with box.dataplane.lock:
            box.dataplane.sas = {}  # its grace time is over
        box.start_charon()
        self.wait_pair(old)
        until(lambda: box.metric('charon_connects_total') == 2, 'the second connection')

    def test_a_removed_gateway_is_unloaded_and_another_one_stays(self):
        far = gateway('far', 'box-z', '192.0.2.99', '10.9.0.0/16')
        before = self.wait_pair()
        self.publish(CLOUD, EDGE, far)
        until(lambda: 'raven-box-z' in self.a.swanctl('--list-conns'), 'the new connection')
        self.assertEqual(self.wait_pair(), before)
        self.publish(CLOUD, far)
        self.a.dataplane.wait(lambda d: not d.sas, 'the SAs of the removed peer gone')
        until(lambda: 'raven-box-b' not in self.a.swanctl('--list-conns'), 'it is unloaded')
        self.assertIn('raven-box-z', self.a.swanctl('--list-conns'))
        until(lambda: ('blackhole', '10.2.0.0/16') not in self.a.routes(), 'its routes gone')

    def test_a_new_key_is_taken_up_without_losing_a_tunnel(self):
        before = self.wait_pair()
        key = secrets.token_hex(32)
        for box in self.boxes:
            box.write_key(key)
        for box in self.boxes:
            until(lambda: box.agent_text().count('loaded the key') >= 2, 'the new key')
        self.assertEqual(self.wait_pair(), before)
        self.a.swanctl('--terminate', '--ike', 'raven-box-b')
        self.a.swanctl('--initiate', '--child', 'net-1')
        self.wait_pair(before)

    def test_a_weak_key_is_refused_and_the_last_good_one_stays(self):
        self.a.write_key('openyurt-raven')
        until(lambda: 'publicly known' in self.a.agent_text(), 'the refusal')
        self.assertEqual(len(self.a.dataplane.sas), 2)
        self.a.stop_agent()
        self.a.start_agent()
        self.assertEqual(self.a.agent.wait(20), 78)
        self.a.write_key(secrets.token_hex(32))
        self.a.start_agent()
        until(lambda: self.a.metric('plans_total'), 'a running agent')


if __name__ == '__main__':
    unittest.main(verbosity=2)
