"""Boxes for tests of keys: a network namespace each, with stock charon, the kernel-raven plugin and
a fake dataplane.
SPDX-License-Identifier: Apache-2.0
"""

import os
import shutil
import subprocess
import tempfile
import time

from fake_dataplane import FakeDataplane

ROOT = os.path.realpath(os.path.dirname(os.path.realpath(__file__)) + '/../../..')


def run(*command, check=True):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode != 0:
        raise RuntimeError(f'{" ".join(command)}: {done.stdout}')
    return done.stdout


def until(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f'not seen in {seconds} s: {what}')


class Box:
    """A network namespace with charon, the plugin and a fake dataplane."""

    def __init__(self, name, address, plugin):
        self.name, self.address, self.plugin = name, address, plugin
        self.netns = f'ike{os.getpid()}{name}'
        self.dir = tempfile.mkdtemp(prefix=f'raven-ike-{name}-')
        self.charon = None
        run('ip', 'netns', 'add', self.netns)
        run('ip', '-n', self.netns, 'link', 'set', 'lo', 'up')

    def start(self):
        self.dataplane = FakeDataplane(self.dir + '/charon.raven')
        self.log = open(self.dir + '/charon.log', 'w')
        self.start_charon()

    def start_charon(self):
        self.charon = subprocess.Popen(
            ['ip', 'netns', 'exec', self.netns, ROOT + '/ctrl/ike/run-charon.sh', self.plugin,
             self.dir], stdout=self.log, stderr=self.log)
        self.dataplane.wait(lambda d: d.events, 'charon at the SA socket')
        until(lambda: os.path.exists(self.dir + '/charon.vici'), 'the VICI socket')

    def kill_charon(self):
        self.charon.kill()
        self.charon.wait()
        self.dataplane.wait(lambda d: not d.events, 'the end of charon')
        for name in ('charon.vici', 'charon.pid'):
            os.unlink(f'{self.dir}/{name}')

    def swanctl(self, *arguments, check=True):
        return run('swanctl', *arguments, '--uri', f'unix://{self.dir}/charon.vici', check=check)

    def stop(self):
        if self.charon:
            self.charon.terminate()
            self.charon.wait(20)
            self.log.close()
            self.dataplane.stop()
        run('ip', 'netns', 'del', self.netns)
        shutil.rmtree(self.dir)

    def text_of_log(self):
        with open(self.dir + '/charon.log') as file:
            return file.read()


def connect(a, b):
    """Joins two boxes by one wire."""
    run('ip', 'link', 'add', 'wan', 'netns', a.netns, 'type', 'veth',
        'peer', 'name', 'wan', 'netns', b.netns)
    for box in (a, b):
        run('ip', '-n', box.netns, 'addr', 'add', box.address + '/24', 'dev', 'wan')
        run('ip', '-n', box.netns, 'link', 'set', 'wan', 'up')
