"""A user-mode Linux on the wire of a site: another kernel, with ESP of its own.

It hangs on a bridge in the namespace of the peer.  UNIX sockets do not cross into the guest, files
do: commands and their results go through a shared folder.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import shlex
import shutil

from lablib import netns
from lablib.host import wait_for
from one_site import ROOT

ADDRESS = '203.0.113.2'
BOOT_SECONDS = 60
SCRIPT = '''\
cd /run/share
bash -e ./setup.sh >setup.out 2>&1
echo $? >setup.new && mv setup.new setup.status
number=1
until [ -e done ]; do
  if [ -e command.$number ]; then
    bash command.$number >output.$number 2>&1
    echo $? >status.new && mv status.new status.$number
    number=$((number + 1))
  else
    sleep 0.05
  fi
done
'''


class Guest:
    """Runs `setup`, a shell script, as soon as it has booted; then commands."""

    def __init__(self, site, setup):
        if not shutil.which('linux'):
            raise AssertionError('no user-mode Linux: run scripts/install-deps.sh')
        self.site, self.commands = site, 0
        os.makedirs(site.path('guest'), exist_ok=True)
        site.write('guest/setup.sh', setup)
        script = site.write('guest/main.sh', SCRIPT)
        netns.ip_batch(site.peer, [
            'link add bridge type bridge', 'link set bridge up', 'tuntap add guest mode tap',
            'link set guest master bridge', 'link set guest up', 'link set wan master bridge'])
        site.start(site.peer, 'guest', [
            os.path.join(ROOT, 'tests/lib/uml'), site.peer, 'guest', ADDRESS + '/24',
            site.path('guest'), script])

    def wait(self):
        """Until setup has succeeded."""
        status = self.wait_for_file('setup.status')
        if status != '0':
            raise AssertionError(f'setup of the guest: {status}: {self.read("setup.out")}')

    def start(self, command):
        """Hands over a command; finish() waits for it.  One after the other."""
        self.commands += 1
        name = f'guest/command.{self.commands}'
        self.site.write(name + '.new', shlex.join(command) + '\n')
        os.rename(self.site.path(name + '.new'), self.site.path(name))

    def finish(self):
        """The output of the command that was started last, whatever its exit code."""
        self.wait_for_file(f'status.{self.commands}')
        return self.read(f'output.{self.commands}')

    def run(self, command):
        self.start(command)
        return self.finish()

    def wait_for_file(self, name):
        wait_for(f'{name} of the guest', lambda: os.path.exists(self.site.path('guest/' + name)),
                 BOOT_SECONDS)
        return self.read(name).strip()

    def read(self, name):
        with open(self.site.path('guest/' + name), encoding='utf-8', errors='replace') as file:
            return file.read()

    def stop(self):
        self.site.write('guest/done', '')
