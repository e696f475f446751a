"""What the controller's integration tests share: a controller process, and objects to feed it.
SPDX-License-Identifier: Apache-2.0
"""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request

ROOT = os.path.realpath(os.path.dirname(os.path.realpath(__file__)) + '/../../..')
POOL_LABEL = 'raven.openyurt.io/gateway'
CONDITIONS = 'raven.openyurt.io/conditions'
HEARTBEAT_LABEL = 'raven.openyurt.io/gateway-heartbeat'


def until(condition, what, timeout=30, show=None):
    """Waits for an event; returns what the condition returned.  `show` tells what is instead."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    instead = f'; instead: {show()}' if show else ''
    raise AssertionError(f'not within {timeout} s: {what}{instead}')


def free_port():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


class Controller:
    """One replica.  Leases are short, so that a lost leader is replaced in seconds."""

    def __init__(self, binary, folder, name, source, **settings):
        self.metrics_port = free_port()
        self.log_path = f'{folder}/{name}.log'
        config = f'{folder}/{name}.yaml'
        lines = [f'source: "{source}"', f'identity: {name}',
                 f'metrics_address: "127.0.0.1:{self.metrics_port}"',
                 'leader: {lease_duration_ms: 3000, renew_deadline_ms: 2000, retry_period_ms: 500}']
        lines += [f'{key}: {value}' for key, value in settings.items()]
        with open(config, 'w') as file:
            file.write('\n'.join(lines) + '\n')
        with open(self.log_path, 'w') as log:
            self.process = subprocess.Popen([binary, '--config', config], stderr=log)

    def text(self):
        with open(self.log_path) as file:
            return file.read()

    def leads(self):
        turns = re.findall(r'controller: (leads now|does not lead any more)', self.text())
        return bool(turns) and turns[-1] == 'leads now'

    def alive(self):
        return self.process.poll() is None

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def page(self, name):
        url = f'http://127.0.0.1:{self.metrics_port}/{name}'
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()


def gateway(name, *boxes, **spec):
    endpoints = [{'nodeName': box, 'type': 'tunnel', 'port': 4500} for box in boxes]
    return {'apiVersion': 'raven.openyurt.io/v1beta1', 'kind': 'Gateway',
            'metadata': {'name': name},
            'spec': {'tunnelConfig': {'Replicas': 1}, 'endpoints': endpoints, **spec}}


def node(name, pool, number, ready=True, annotations=None):
    return {'apiVersion': 'v1', 'kind': 'Node',
            'metadata': {'name': name, 'labels': {POOL_LABEL: pool},
                         'annotations': annotations or {}},
            'spec': {'podCIDR': f'10.244.{number}.0/24',
                     'podCIDRs': [f'10.244.{number}.0/24', f'fd00:244:{number}::/64']},
            'status': node_status(number, ready)}


def node_status(number, ready):
    return {'addresses': [{'type': 'Hostname', 'address': 'n'},
                          {'type': 'InternalIP', 'address': f'10.0.0.{number}'}],
            'conditions': [{'type': 'Ready', 'status': 'True' if ready else 'False'}]}


def raven_cfg(**switches):
    return {'apiVersion': 'v1', 'kind': 'ConfigMap',
            'metadata': {'name': 'raven-cfg', 'namespace': 'kube-system'}, 'data': switches}


def heartbeat(box, renewal, seconds=4):
    return {'apiVersion': 'coordination.k8s.io/v1', 'kind': 'Lease',
            'metadata': {'name': f'raven-gateway-{box}', 'namespace': 'kube-system',
                         'labels': {HEARTBEAT_LABEL: 'true'}},
            'spec': {'holderIdentity': box, 'leaseDurationSeconds': seconds, 'renewTime': renewal}}


def micro_time():
    """MicroTime as Leases want it: exactly six decimals."""
    now = time.time()
    return time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now)) + f'.{int(now % 1 * 1e6):06d}Z'


def active_boxes(status):
    return [endpoint['nodeName'] for endpoint in status.get('activeEndpoints', [])]
