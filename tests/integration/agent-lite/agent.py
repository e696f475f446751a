"""A raven-agent-lite process on the node of a Site, and the Gateways that it reads.
SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

from site_lan import in_namespace


def until(condition, what, timeout=20):
    """Waits for an event; returns what the condition returned."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f'not within {timeout} s: {what}')


def gateway(name, boxes, members, replicas=1):
    """members: {node: (private address, [prefixes])}"""
    endpoints = [{'nodeName': box, 'type': 'tunnel', 'port': 4500, 'publicIP': public}
                 for box, public in boxes.items()]
    nodes = [{'nodeName': node, 'privateIP': address, 'subnets': subnets}
             for node, (address, subnets) in sorted(members.items())]
    return {'apiVersion': 'raven.openyurt.io/v1beta1', 'kind': 'Gateway',
            'metadata': {'name': name, 'creationTimestamp': '2024-01-01T00:00:00Z'},
            'spec': {'tunnelConfig': {'Replicas': replicas}, 'endpoints': endpoints},
            'status': {'nodes': nodes, 'activeEndpoints': endpoints[:1]}}


class Manifests:
    """The directory source: one file per Gateway, replaced by rename."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(f'{folder}/gateways', exist_ok=True)

    def put(self, manifest):
        path = f'{self.folder}/gateways/{manifest["metadata"]["name"]}.yaml'
        with open(path + '.new', 'w') as file:
            json.dump(manifest, file)
        os.rename(path + '.new', path)

    def remove(self, name):
        os.unlink(f'{self.folder}/gateways/{name}.yaml')


class Agent:
    def __init__(self, binary, site, folder, source, **settings):
        self.site = site
        self.binary = binary
        self.folder = folder
        self.config = f'{folder}/agent-lite.yaml'
        self.log_path = f'{folder}/agent.log'
        lines = [f'source: "{source}"', 'node_name: node', f'state_dir: "{folder}/state"',
                 f'lock_file: "{folder}/lock"',
                 'probe: {interval_ms: 50, loss_max: 3, switch_back_delay_ms: 300}']
        lines += [f'{key}: {value}' for key, value in settings.items()]
        with open(self.config, 'w') as file:
            file.write('\n'.join(lines) + '\n')
        self.process = self.spawn()

    def spawn(self, *arguments):
        command = ['ip', 'netns', 'exec', self.site.names['node'], self.binary, '--config',
                   self.config, *arguments]
        with open(self.log_path, 'a') as log:
            return subprocess.Popen(command, stderr=log, stdout=log)

    def restart(self):
        self.process = self.spawn()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(timeout=10)

    def clean_up(self):
        return self.spawn('--cleanup').wait(timeout=10)

    def log(self):
        with open(self.log_path) as file:
            return file.read()

    def page(self, name):
        """(status, text); status 0 while nobody listens."""
        def get():
            try:
                with urllib.request.urlopen(f'http://127.0.0.1:10304/{name}', timeout=5) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()
            except OSError as error:
                return 0, str(error)
        return in_namespace(self.site.names['node'], get)

    def metric(self, name):
        """Sum over all labels."""
        lines = re.findall(rf'^{name}(?:{{[^}}]*}})? (\S+)$', self.page('metrics')[1], re.M)
        return sum(float(value) for value in lines)

    def passes(self):
        return self.metric('raven_agent_lite_passes_total')

    def wait_healthy(self):
        until(lambda: self.page('healthz')[0] == 200, f'healthy; log:\n{self.log()}')

    def memory_kib(self):
        with open(f'/proc/{self.process.pid}/status') as file:
            return int(re.search(r'VmRSS:\s+(\d+)', file.read()).group(1))

    def cpu_seconds(self):
        with open(f'/proc/{self.process.pid}/stat') as file:
            fields = file.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
