#!/usr/bin/python3
"""raven-controller with a directory of manifests in place of an API server.
Usage: controller_directory_test.py raven-controller [unittest arguments].
SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import yaml

from harness import (Controller, active_boxes, gateway, heartbeat, micro_time, node, raven_cfg,
                     until)

BINARY = sys.argv.pop(1) if len(sys.argv) > 1 else ''


class ControllerDirectoryTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='raven-controller-dir-')
        self.addCleanup(shutil.rmtree, self.folder)
        self.objects = self.folder + '/objects'
        self.replicas = []
        self.addCleanup(self.stop_replicas)
        self.write(raven_cfg(**{'enable-l3-tunnel': 'true'}))
        self.write(gateway('edge', 'n1', 'n2'))
        self.write(node('n1', 'edge', 1))
        self.write(node('n2', 'edge', 2))

    def stop_replicas(self):
        for replica in self.replicas:
            if replica.alive():
                self.assertEqual(replica.stop(), 0, replica.text())

    def path(self, manifest):
        plural = {'Gateway': 'gateways', 'Node': 'nodes', 'ConfigMap': 'configmaps',
                  'Lease': 'leases'}[manifest['kind']]
        metadata = manifest['metadata']
        prefix = metadata['namespace'] + '_' if 'namespace' in metadata else ''
        return f'{self.objects}/{plural}/{prefix}{metadata["name"]}.yaml'

    def write(self, manifest):
        path = self.path(manifest)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(self.folder + '/new.yaml', 'w') as file:
            json.dump(manifest, file)
        os.rename(self.folder + '/new.yaml', path)

    def status(self):
        with open(self.objects + '/gateways/edge.yaml') as file:
            return yaml.safe_load(file).get('status', {})

    def start(self, name, **settings):
        replica = Controller(BINARY, self.folder, name, 'dir:' + self.objects, **settings)
        self.replicas.append(replica)
        return replica

    def wait_active(self, *boxes):
        until(lambda: active_boxes(self.status()) == list(boxes), f'{boxes} active')

    def test_writes_the_status_file_and_follows_changes(self):
        self.start('a')
        self.wait_active('n1')
        self.assertEqual(self.status()['nodes'], [
            {'nodeName': 'n1', 'privateIP': '10.0.0.1',
             'subnets': ['10.244.1.0/24', 'fd00:244:1::/64']},
            {'nodeName': 'n2', 'privateIP': '10.0.0.2',
             'subnets': ['10.244.2.0/24', 'fd00:244:2::/64']}])
        self.write(node('n1', 'edge', 1, ready=False))
        self.wait_active('n2')

    def test_a_heartbeat_that_stops_moves_the_seat(self):
        self.start('a')
        stop = threading.Event()
        self.addCleanup(stop.set)
        boxes = {'n1', 'n2'}

        def beat():
            while not stop.wait(0.3):
                for box in list(boxes):
                    self.write(heartbeat(box, micro_time(), seconds=2))
        threading.Thread(target=beat, daemon=True).start()
        self.wait_active('n1')
        boxes.discard('n1')
        self.wait_active('n2')

    def test_one_of_two_replicas_leads(self):
        first, second = self.start('a'), self.start('b')
        until(lambda: first.leads() or second.leads(), 'a leader')
        self.wait_active('n1')
        leader, other = (first, second) if first.leads() else (second, first)
        self.assertFalse(other.leads())
        leader.kill()
        until(other.leads, 'the other leads')
        self.write(node('n1', 'edge', 1, ready=False))
        self.wait_active('n2')

    def test_ends_in_order_on_sigterm(self):
        replica = self.start('a')
        until(replica.leads, 'leads')
        self.assertEqual(replica.stop(), 0)
        with open(self.objects + '/leases/kube-system_raven-controller.yaml') as file:
            self.assertEqual(yaml.safe_load(file)['spec']['holderIdentity'], '')

    def test_a_broken_manifest_does_not_stop_the_others(self):
        with open(self.folder + '/broken.yaml', 'w') as file:
            file.write('kind: [')
        os.rename(self.folder + '/broken.yaml', self.objects + '/nodes/broken.yaml')
        self.start('a')
        self.wait_active('n1')

    def test_serves_metrics_and_health(self):
        replica = self.start('a')
        self.wait_active('n1')
        until(lambda: 'raven_controller_active_endpoint{gateway="edge",node="n1",type="tunnel"} 1'
              in replica.page('metrics'), 'the active endpoint in the metrics')
        self.assertRegex(replica.page('metrics'), r'raven_controller_leader 1\b')
        self.assertIn('leads', replica.page('healthz'))

    def test_refuses_a_wrong_configuration_with_its_place(self):
        path = self.folder + '/wrong.yaml'
        with open(path, 'w') as file:
            file.write('hold_down_s: -1\n')
        done = subprocess.run([BINARY, '--config', path], stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 78)
        self.assertTrue(re.search(r'wrong\.yaml:1:\d+: hold_down_s', done.stderr), done.stderr)


if __name__ == '__main__':
    unittest.main()
