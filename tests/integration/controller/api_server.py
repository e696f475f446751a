"""A real API server, through tests/lib/kube-server and its administrator's certificate.
SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request

from harness import ROOT

KUBE_SERVER = ROOT + '/tests/lib/kube-server'
MERGE_PATCH = 'application/merge-patch+json'


class ApiServer:
    def __init__(self, *manifests):
        self.folder = tempfile.mkdtemp(prefix='raven-controller-test-')
        self.dir = self.folder + '/kube'
        arguments = [part for manifest in manifests for part in ('--manifest', manifest)]
        self.run('up', '--dir', self.dir, *arguments)
        with open(self.dir + '/server') as file:
            self.url = file.read().strip()
        self.tls = ssl.create_default_context(cafile=self.dir + '/pki/ca.crt')
        self.tls.load_cert_chain(self.dir + '/pki/admin.crt', self.dir + '/pki/admin.key')

    def run(self, *arguments):
        environment = {**os.environ, 'RAVEN_KUBE_DIR': self.dir}
        done = subprocess.run([KUBE_SERVER, *arguments], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise RuntimeError(f'kube-server {arguments[0]}: {done.stderr}')
        return done.stdout

    def down(self):
        self.run('down')
        shutil.rmtree(self.folder)

    def kubectl(self, *arguments, check=True):
        cache = os.environ.get('RAVEN_CACHE_DIR', '/var/cache/raven-gateway')
        command = [cache + '/kube/bin/kubectl', '--kubeconfig', self.dir + '/kubeconfig',
                   '--cache-dir', self.folder + '/kubectl-cache', *arguments]
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if check and done.returncode != 0:
            raise RuntimeError(f'kubectl {" ".join(arguments)}: {done.stdout}')
        return done.stdout

    def request(self, method, path, body=None, content_type='application/json'):
        request = urllib.request.Request(
            self.url + path, method=method, headers={'Content-Type': content_type},
            data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, context=self.tls, timeout=20) as answer:
            return json.load(answer)

    def get(self, path):
        return self.request('GET', path)

    def create(self, path, body):
        """Creates the object; status goes to its own endpoint, as the API wants it."""
        stored = self.request('POST', path, body)
        if 'status' in body:
            self.patch(f'{path}/{body["metadata"]["name"]}/status', {'status': body['status']})
        return stored

    def patch(self, path, body):
        return self.request('PATCH', path, body, MERGE_PATCH)

    def put(self, path, body):
        return self.request('PUT', path, body)

    def account_config(self, namespace, account):
        """A kubeconfig that is this service account and nobody more."""
        folder = f'{self.folder}/{account}'
        self.run('token', namespace, account, folder)
        path = folder + '/kubeconfig'
        with open(path, 'w') as file:
            json.dump({
                'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'it',
                'clusters': [{'name': 'it', 'cluster': {
                    'server': self.url, 'certificate-authority': folder + '/ca.crt'}}],
                'users': [{'name': 'it', 'user': {'tokenFile': folder + '/token'}}],
                'contexts': [{'name': 'it', 'context': {'cluster': 'it', 'user': 'it'}}]}, file)
        return path
