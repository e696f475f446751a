"""Who may speak gRPC with the dataplane: file mode first, then the uid.
SPDX-License-Identifier: Apache-2.0

Run as root: control_access_test.py PATH/raven-dataplane PATH/ravenctl [-v]
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

DATAPLANE, RAVENCTL = '', ''
ROOT, STRANGER = 0, 65534
OK, UNAVAILABLE = 0, 69
PATIENCE_SECONDS = 60

SETTINGS = """
instance: access
memory: {{hugepages: false, size_mb: 64, packet_buffers: 2048}}
ports:
- {{name: lan, devargs: "net_af_packet0,iface=lan0", mode: shared, role: both,
   kernel_interface: lan0}}
sockets: {{control: "{0}/control.sock", control_mode: "0660", sa: "", allowed_uids: {1}}}
state_dir: "{0}/state"
metrics_address: 127.0.0.1:0
"""


class ControlAccessTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='raven-access-')
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        shutil.copy(RAVENCTL, f'{self.folder}/ravenctl')  # where everybody may run it

    def start(self, uids):
        with open(f'{self.folder}/settings.yaml', 'w') as file:
            file.write(SETTINGS.format(self.folder, uids))
        log = open(f'{self.folder}/log', 'w')
        self.addCleanup(log.close)
        process = subprocess.Popen(
            ['unshare', '--net', 'sh', '-c',
             'ip link set lo up && ip link add lan0 type veth && ip link set lan0 up && exec "$@"',
             'sh', DATAPLANE, '--config', f'{self.folder}/settings.yaml'], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        until = time.monotonic() + PATIENCE_SECONDS
        while 'ready:' not in self.log():
            self.assertIsNone(process.poll(), self.log())
            self.assertLess(time.monotonic(), until, self.log())
            time.sleep(0.02)

    def open_to_all(self):
        """What the settings refuse: now only the uid decides."""
        os.chmod(f'{self.folder}/control.sock', 0o666)

    def log(self):
        with open(f'{self.folder}/log') as file:
            return file.read()

    def ask(self, uid):
        """The exit code of ravenctl when this user runs it."""
        return subprocess.run(
            ['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups',
             f'{self.folder}/ravenctl', 'status', '--socket', f'{self.folder}/control.sock'],
            capture_output=True).returncode

    def test_a_uid_that_is_not_allowed_is_refused_though_the_file_mode_lets_it_in(self):
        self.start([ROOT])
        self.open_to_all()
        self.assertEqual(self.ask(ROOT), OK)
        self.assertEqual(self.ask(STRANGER), UNAVAILABLE)
        self.assertIn(f'of uid {STRANGER} is not allowed', self.log())
        self.assertEqual(self.ask(ROOT), OK)

    def test_a_uid_that_is_allowed_is_served(self):
        self.start([STRANGER])
        self.open_to_all()
        self.assertEqual(self.ask(STRANGER), OK)
        self.assertEqual(self.ask(ROOT), UNAVAILABLE)

    def test_the_file_mode_keeps_out_who_is_allowed_by_uid(self):
        self.start([ROOT, STRANGER])
        self.assertEqual(self.ask(STRANGER), UNAVAILABLE)
        self.assertNotIn('not allowed', self.log())


if __name__ == '__main__':
    DATAPLANE, RAVENCTL = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
