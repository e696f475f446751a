#!/usr/bin/python3
"""raven-controller against a real API server, with nothing but the role that we ship.
Usage: controller_cluster_test.py raven-controller [unittest arguments].
SPDX-License-Identifier: Apache-2.0
"""

import json
import sys
import threading
import time
import unittest
import urllib.error

from api_server import ApiServer
from harness import (CONDITIONS, ROOT, Controller, active_boxes, gateway, heartbeat, micro_time,
                     node, node_status, raven_cfg, until)

BINARY = sys.argv.pop(1) if len(sys.argv) > 1 else ''
GATEWAYS = '/apis/raven.openyurt.io/v1beta1/gateways'
LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases'
NODES = '/api/v1/nodes'
EVENTS = '/api/v1/namespaces/default/events'
BLOCKS = '/apis/crd.projectcalico.org/v1/blockaffinities'
CALICO_CRD = {
    'apiVersion': 'apiextensions.k8s.io/v1', 'kind': 'CustomResourceDefinition',
    'metadata': {'name': 'blockaffinities.crd.projectcalico.org'},
    'spec': {'group': 'crd.projectcalico.org', 'scope': 'Cluster',
             'names': {'kind': 'BlockAffinity', 'listKind': 'BlockAffinityList',
                       'plural': 'blockaffinities', 'singular': 'blockaffinity'},
             'versions': [{'name': 'v1', 'served': True, 'storage': True, 'schema': {
                 'openAPIV3Schema': {'type': 'object', 'properties': {'spec': {
                     'type': 'object', 'x-kubernetes-preserve-unknown-fields': True}}}}}]}}


class Heartbeats(threading.Thread):
    """Renews the Leases of some boxes, as their gateway agents would."""

    def __init__(self, api, *boxes):
        super().__init__(daemon=True)
        self.api, self.boxes, self.stopping = api, set(boxes), threading.Event()
        for box in boxes:
            api.create(LEASES, heartbeat(box, micro_time()))

    def run(self):
        while not self.stopping.wait(0.5):
            for box in list(self.boxes):
                try:
                    self.api.patch(f'{LEASES}/raven-gateway-{box}',
                                   {'spec': {'renewTime': micro_time()}})
                except (OSError, urllib.error.URLError):
                    pass  # the server is being disturbed

    def lose(self, box):
        self.boxes.discard(box)

    def stop(self):
        self.stopping.set()
        self.join()


class ControllerClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.api = ApiServer(ROOT + '/configs/crd/raven.openyurt.io_gateways.yaml',
                            ROOT + '/configs/rbac/controller.yaml')
        cls.addClassCleanup(cls.api.down)
        cls.config = cls.api.account_config('kube-system', 'raven-controller')
        cls.api.create('/api/v1/namespaces/kube-system/configmaps',
                       raven_cfg(**{'enable-l3-tunnel': 'true'}))

    def setUp(self):
        self.replicas = []
        self.addCleanup(self.stop_replicas)

    def stop_replicas(self):
        for replica in self.replicas:
            if replica.alive():
                self.assertEqual(replica.stop(), 0, replica.text())

    def start(self, name, **settings):
        replica = Controller(BINARY, self.api.folder, f'{self._testMethodName}-{name}',
                             'kubeconfig:' + self.config, **settings)
        self.replicas.append(replica)
        return replica

    def add_pool(self, pool, number, boxes=2):
        names = [f'{pool}-{i}' for i in range(1, boxes + 1)]
        for i, name in enumerate(names):
            self.api.create(NODES, node(name, pool, number + i))
        self.api.create(GATEWAYS, gateway(pool, *names))
        return names

    def status(self, pool):
        return self.api.get(f'{GATEWAYS}/{pool}').get('status', {})

    def subnets(self, pool, index):
        nodes = self.status(pool).get('nodes', [])
        return nodes[index]['subnets'] if index < len(nodes) else []

    def wait_active(self, pool, *boxes, timeout=30):
        until(lambda: active_boxes(self.status(pool)) == list(boxes),
              f'{pool}: {boxes} active', timeout)

    def conditions(self, pool):
        metadata = self.api.get(f'{GATEWAYS}/{pool}')['metadata']
        return metadata.get('annotations', {}).get(CONDITIONS, '')

    def test_the_api_server_accepts_the_shipped_manifests(self):
        for folder in ('crd', 'rbac', 'deploy'):
            done = self.api.kubectl('apply', '--dry-run=server', '-f', f'{ROOT}/configs/{folder}')
            for line in done.splitlines():
                self.assertRegex(line, r'(created|configured|unchanged) \(server dry run\)$')

    def set_ready(self, name, number, ready):
        self.api.patch(f'{NODES}/{name}/status', {'status': node_status(number, ready)})

    def events(self, pool):
        return [(event['type'], event['reason']) for event in self.api.get(EVENTS)['items']
                if event['involvedObject']['name'] == pool]

    def test_writes_the_status_of_a_pool_in_ravens_shape(self):
        self.start('a')
        self.add_pool('shape', 10)
        expected = {
            'activeEndpoints': [{'nodeName': 'shape-1', 'type': 'tunnel', 'port': 4500,
                                 'config': {'enable-l3-tunnel': 'true'}}],
            'nodes': [{'nodeName': 'shape-1', 'privateIP': '10.0.0.10',
                       'subnets': ['10.244.10.0/24', 'fd00:244:10::/64']},
                      {'nodeName': 'shape-2', 'privateIP': '10.0.0.11',
                       'subnets': ['10.244.11.0/24', 'fd00:244:11::/64']}]}
        until(lambda: self.status('shape') == expected, 'the status',
              show=lambda: self.status('shape'))
        until(lambda: ('Normal', 'ActiveEndpointElected') in self.events('shape'), 'event')
        until(lambda: self.conditions('shape'), 'annotation')
        self.assertIn('shape', self.api.kubectl('get', 'gw'))
        self.assertIn('ActiveEndpointElected', self.api.kubectl('describe', 'gw', 'shape'))

    def test_settles_without_writing_again(self):
        self.start('a', resync_s=1)
        self.add_pool('calm', 20)
        self.wait_active('calm', 'calm-1')
        until(lambda: self.conditions('calm'), 'annotation')
        version = self.api.get(f'{GATEWAYS}/calm')['metadata']['resourceVersion']
        time.sleep(3)  # several full passes
        self.assertEqual(self.api.get(f'{GATEWAYS}/calm')['metadata']['resourceVersion'], version)

    def test_a_node_that_turns_not_ready_is_replaced(self):
        self.start('a')
        self.add_pool('ready', 30)
        self.wait_active('ready', 'ready-1')
        self.set_ready('ready-1', 30, False)
        self.wait_active('ready', 'ready-2')
        # And with the last one gone too, the pool counts as cut off: it keeps what it had.
        self.set_ready('ready-2', 31, False)
        until(lambda: ('Warning', 'CutOff') in self.events('ready'), 'event')
        self.assertEqual(active_boxes(self.status('ready')), ['ready-2'])

    def test_a_box_whose_heartbeat_stops_is_replaced(self):
        self.start('a')
        beats = Heartbeats(self.api, 'beat-1', 'beat-2')
        beats.start()
        self.addCleanup(beats.stop)
        self.add_pool('beat', 40)
        self.wait_active('beat', 'beat-1')
        beats.lose('beat-1')
        began = time.monotonic()
        self.wait_active('beat', 'beat-2')
        print(f'heartbeat lost -> other box active: {time.monotonic() - began:.2f} s (lease 4 s)')

    def test_one_of_two_replicas_leads_and_the_other_takes_over(self):
        first, second = self.start('a'), self.start('b')
        until(lambda: first.leads() or second.leads(), 'a leader')
        self.add_pool('lead', 50)
        self.wait_active('lead', 'lead-1')
        self.assertNotEqual(first.leads(), second.leads())
        leader, other = (first, second) if first.leads() else (second, first)
        leader.kill()
        self.set_ready('lead-1', 50, False)
        self.wait_active('lead', 'lead-2')
        self.assertTrue(other.leads())

    def test_a_leader_that_ends_in_order_hands_over_at_once(self):
        first = self.start('a')
        until(first.leads, 'a leader')
        second = self.start('b')
        self.assertEqual(first.stop(), 0)
        until(second.leads, 'the other leads')

    def test_a_leader_that_was_frozen_does_not_write_over_its_successor(self):
        first = self.start('a')
        until(first.leads, 'a leader')
        second = self.start('b')
        self.add_pool('frozen', 55)
        self.wait_active('frozen', 'frozen-1')
        first.pause()
        until(second.leads, 'the other leads')
        self.set_ready('frozen-1', 55, False)
        self.wait_active('frozen', 'frozen-2')
        until(lambda: 'frozen-2: active' in self.conditions('frozen'), 'the last write')
        version = self.api.get(f'{GATEWAYS}/frozen')['metadata']['resourceVersion']
        first.resume()
        until(lambda: not first.leads(), 'the first has noticed')
        self.assertTrue(second.leads())
        self.assertEqual(self.api.get(f'{GATEWAYS}/frozen')['metadata']['resourceVersion'], version)

    def test_conflicting_writers_lose_nothing(self):
        self.start('a')
        self.add_pool('storm', 60)
        self.wait_active('storm', 'storm-1')
        for i in range(40):  # each one moves resourceVersion between our read and our write
            self.api.patch(f'{GATEWAYS}/storm', {'metadata': {'annotations': {'note': str(i)}}})
            self.set_ready('storm-1', 60, i % 2 == 1)
            self.api.patch(f'{GATEWAYS}/storm/status', {'status': {'activeEndpoints': []}})
        self.set_ready('storm-1', 60, True)
        until(lambda: len(active_boxes(self.status('storm'))) == 1, 'one active box')
        self.assertEqual(
            self.api.get(f'{GATEWAYS}/storm')['metadata']['annotations']['note'], '39')

    def test_goes_on_after_the_api_server_was_killed(self):
        replica = self.start('a')
        self.add_pool('away', 70)
        self.wait_active('away', 'away-1')
        self.api.run('kill')
        self.api.run('start')
        self.set_ready('away-1', 70, False)
        self.wait_active('away', 'away-2', timeout=60)
        self.assertTrue(replica.alive())

    def test_overlapping_pools_are_reported_and_not_routed(self):
        self.start('a')
        self.add_pool('older', 80, boxes=1)
        self.wait_active('older', 'older-1')
        time.sleep(1.1)  # creationTimestamp counts whole seconds
        extra = {'raven.openyurt.io/extra-allowed-source-cidrs': '10.244.80.0/25,172.30.0.0/16'}
        self.add_pool('younger', 85, boxes=1)
        self.api.patch(f'{GATEWAYS}/younger', {'metadata': {'annotations': extra}})
        until(lambda: '172.30.0.0/16' in self.subnets('younger', 0), 'the extra network')
        until(lambda: ('Warning', 'SubnetOverlap') in self.events('younger'), 'event')
        self.assertNotIn('10.244.80.0/25', self.subnets('younger', 0))
        self.assertIn('10.244.80.0/24', self.subnets('older', 0))

    def test_takes_calico_blocks_once_their_kind_exists(self):
        # All other tests ran without the kind: it holds nothing up.
        self.api.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', CALICO_CRD)
        for name, cidr in (('one', '10.9.1.0/26'), ('two', '10.9.2.0/26')):
            block = {'apiVersion': 'crd.projectcalico.org/v1', 'kind': 'BlockAffinity',
                     'metadata': {'name': name},
                     'spec': {'node': 'calico-1', 'cidr': cidr, 'state': 'confirmed',
                              'deleted': 'false'}}
            until(lambda: self.try_create(BLOCKS, block), 'the kind is served')
        self.api.create(NODES, node('calico-1', 'calico', 90,
                                    annotations={'projectcalico.org/IPv4Address': '10.0.0.90/24'}))
        self.api.create(GATEWAYS, gateway('calico', 'calico-1'))
        self.start('a')
        self.wait_active('calico', 'calico-1')
        until(lambda: self.subnets('calico', 0) == ['10.9.1.0/26', '10.9.2.0/26'], 'its blocks')

    def try_create(self, path, body):
        try:
            return self.api.create(path, body)
        except urllib.error.HTTPError as error:
            return error.code == 409

    def test_the_role_allows_nothing_that_it_does_not_need(self):
        account = '--as=system:serviceaccount:kube-system:raven-controller'
        for verb, what in (('delete', 'gateways.raven.openyurt.io'), ('get', 'secrets'),
                           ('update', 'nodes'), ('create', 'gateways.raven.openyurt.io'),
                           ('get', 'configmaps/other'), ('update', 'leases/other')):
            answer = self.api.kubectl('auth', 'can-i', verb, what, '-n', 'kube-system', account,
                                      check=False)
            self.assertEqual(answer.strip().splitlines()[-1], 'no', f'{verb} {what}')

    def test_both_versions_are_served(self):
        self.api.create(GATEWAYS, gateway('versions', 'nobody'))
        alpha = self.api.get('/apis/raven.openyurt.io/v1alpha1/gateways/versions')
        self.assertEqual(alpha['spec']['endpoints'][0]['nodeName'], 'nobody')
        self.assertNotIn('tunnelConfig', alpha['spec'])
        shown = self.api.kubectl('get', 'gateways.v1alpha1.raven.openyurt.io')
        self.assertIn('ACTIVEENDPOINT', shown)
        stored = self.api.get(f'{GATEWAYS}/versions')
        self.assertEqual(stored['spec']['tunnelConfig'], {'Replicas': 1})
        self.assertIn('versions', json.dumps(json.loads(
            self.api.kubectl('get', 'yurt', '-o', 'json'))))


if __name__ == '__main__':
    unittest.main()
