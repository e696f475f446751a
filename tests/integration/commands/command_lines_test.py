"""Every command line ends as docs/README.md says: options, exit codes, and where the fault is.
SPDX-License-Identifier: Apache-2.0

Run as root: command_lines_test.py BUILD/bin SOURCE_DIR [-v]
"""

import glob
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

BIN, SOURCE = '', ''
OK, USAGE, UNAVAILABLE, LOCKED, CONFIG = 0, 64, 69, 75, 78
PATIENCE_SECONDS = 60

# Daemon -> its settings without source, a whole number among them, and what it logs once it runs.
DAEMONS = {
    'raven-dataplane': ("""
memory: {{hugepages: false, size_mb: 64, packet_buffers: 2048}}
ports:
- {{name: lan, devargs: "net_af_packet0,iface=lan0", mode: shared, role: both,
   kernel_interface: lan0}}
sockets: {{control: "{0}/control.sock", sa: "{0}/sa.sock"}}
instance: commands
state_dir: "{0}"
""", 'replay_window', 'ready:'),
    'raven-gateway-agent': ("""
node_name: box
dataplane_socket: "{0}/control.sock"
ike: {{psk_file: "{0}/psk", socket: "{0}/vici"}}
state_dir: "{0}"
lock_file: "{0}/gateway-agent.lock"
""", 'resync_s', 'on box'),
    'raven-controller': ('identity: here\n', 'resync_s', 'runs with source'),
    'raven-agent-lite': ("""
node_name: node
state_dir: "{0}"
lock_file: "{0}/agent-lite.lock"
""", 'resync_interval_s', 'on node'),
}
WITH_SOURCE = [name for name in DAEMONS if name != 'raven-dataplane']


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


def program(name):
    return os.path.join(BIN, name)


def manual():
    with open(os.path.join(SOURCE, 'docs/README.md'), encoding='utf-8') as file:
        return file.read()


def scripts():
    names = glob.glob(f'{SOURCE}/scripts/*.sh')
    return sorted([*names, f'{SOURCE}/scripts/lab', f'{SOURCE}/ctrl/ike/run-charon.sh'])


def for_each_daemon(test):
    def tests(self):
        for name in DAEMONS:
            with self.subTest(name):
                test(self, name)
    return tests


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='raven-commands-')
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(f'{self.folder}/source')
        with open(os.open(f'{self.folder}/psk', os.O_WRONLY | os.O_CREAT, 0o600), 'w') as file:
            file.write(secrets.token_hex(32))

    def settings(self, name, more=''):
        """A settings file that is right but for `more` at its end."""
        path = f'{self.folder}/{name}.yaml'
        with open(path, 'w') as file:
            file.write(DAEMONS[name][0].format(self.folder).lstrip())
            if name in WITH_SOURCE and 'source:' not in more:
                file.write(f'source: dir:{self.folder}/source\n')
            file.write(more)
        return path

    def assert_ends(self, result, code, stream, text):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(getattr(result, stream), text)

    # --- options that all have ---

    @for_each_daemon
    def test_daemons_have_the_options_and_exit_codes_of_the_manual(self, name):
        sentence = re.search(r'All daemons take (.*?)\. Exit codes: (.*?)\n\S*References', manual(),
                             re.DOTALL)
        options = re.findall(r'`(--[\w-]+)', sentence[1])
        codes = re.findall(r'(\d+) \w', sentence[2])
        self.assertEqual((len(options), len(codes)), (8, 6))
        for flag in ('-h', '--help'):
            result = run(program(name), flag)
            self.assert_ends(result, OK, 'stdout', f'(?s)Usage: {name}')
            for word in options + codes:
                self.assertRegex(result.stdout, rf'(?<!\w){word}\b')

    def test_version_is_the_name_and_a_number(self):
        for name in [*DAEMONS, 'ravenctl']:
            with self.subTest(name):
                self.assert_ends(run(program(name), '--version'), OK, 'stdout',
                                 rf'^{name} \d+\.\d+\.\d+\n$')

    @for_each_daemon
    def test_a_wrong_command_line_is_64(self, name):
        for words in (['--nonsense'], ['surplus'], ['--log-level', 'loud'], ['--config']):
            self.assert_ends(run(program(name), *words), USAGE, 'stderr', '.')
        for name in WITH_SOURCE:
            self.assert_ends(run(program(name), '--source', 'nowhere'), USAGE, 'stderr', 'dir:PATH')

    # --- settings ---

    @for_each_daemon
    def test_the_sample_is_a_right_configuration(self, name):
        path = f'{self.folder}/sample.yaml'
        with open(path, 'w') as file:
            file.write(run(program(name), '--print-sample-config').stdout)
        self.assert_ends(run(program(name), '--check-config', '--config', path), OK, 'stdout',
                         'ok')

    def test_the_settings_in_the_manifests_are_right(self):
        found = 0
        for path in sorted(glob.glob(f'{SOURCE}/configs/deploy/*.yaml')):
            with open(path) as file:
                objects = [one for one in yaml.safe_load_all(file) if one['kind'] == 'ConfigMap']
            for name, text in (item for one in objects for item in one['data'].items()):
                settings = f'{self.folder}/manifest.yaml'
                with open(settings, 'w') as file:
                    file.write(text)
                daemon = program('raven-' + name.removesuffix('.yaml'))
                self.assert_ends(run(daemon, '--check-config', '--config', settings), OK, 'stdout',
                                 'ok')
                found += 1
        self.assertEqual(found, len(WITH_SOURCE), 'a dataplane has its own on each box')

    @for_each_daemon
    def test_a_missing_configuration_is_69(self, name):
        for words in ([], ['--check-config']):
            self.assert_ends(run(program(name), '--config', '/nonexistent/x.yaml', *words),
                             UNAVAILABLE, 'stderr', f'^{name}: .*/nonexistent/x.yaml')

    @for_each_daemon
    def test_a_wrong_configuration_is_78_and_says_where_and_why(self, name):
        number = DAEMONS[name][1]
        faults = {'unknown key': ('nonsense: 1\n', 'nonsense'),
                  'wrong type': (f'{number}: many\n', number),
                  'duplicate': (f'{number}: 100\n{number}: 100\n', number),
                  'out of range': (f'{number}: 100000000\n', number),
                  'no address': ('metrics_address: here\n', 'metrics_address')}
        if name in WITH_SOURCE:
            faults['no source'] = ('source: nowhere\n', 'source')
        for what, (more, key) in faults.items():
            path = self.settings(name, more)
            with open(path) as file:
                line = len(file.readlines())
            for words in (['--check-config'], []):  # never only at the check
                result = run(program(name), '--config', path, *words)
                self.assert_ends(result, CONFIG, 'stderr',
                                 rf'^{name}: {path}:{line}:\d+: {key}: \S.*\n$')

    # --- running ---

    def start(self, name):
        """In a network namespace of its own."""
        log = open(f'{self.folder}/{name}.log', 'w+')
        self.addCleanup(log.close)
        process = subprocess.Popen(
            ['unshare', '--net', 'sh', '-c',
             'ip link set lo up && ip link add lan0 type veth && ip link set lan0 up && exec "$@"',
             'sh', program(name), '--config', self.settings(name)], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def text():
            with open(log.name) as file:
                return file.read()

        until = time.monotonic() + PATIENCE_SECONDS
        while DAEMONS[name][2] not in text():
            self.assertIsNone(process.poll(), text())
            self.assertLess(time.monotonic(), until, text())
            time.sleep(0.02)
        return process

    @for_each_daemon
    def test_a_second_instance_is_75_and_names_the_first(self, name):
        if name == 'raven-controller':
            return  # replicas: the leader lease keeps them apart
        first = self.start(name)
        second = run('unshare', '--net', program(name), '--config', self.settings(name))
        self.assert_ends(second, LOCKED, 'stderr', rf'locked by process {first.pid} \(raven-')

    @for_each_daemon
    def test_sigterm_and_sigint_end_with_0(self, name):
        for how in (signal.SIGTERM, signal.SIGINT):
            process = self.start(name)
            process.send_signal(how)
            self.assertEqual(process.wait(PATIENCE_SECONDS), OK)
        self.assertFalse(os.path.exists('/run/dpdk/raven-commands'), 'the folder of DPDK')

    # --- ravenctl ---

    def test_ravenctl_says_64_or_69(self):
        ravenctl = program('ravenctl')
        for words in ([], ['--nonsense'], ['nonsense'], ['gateways'],
                      ['gateways', '--source', 'nowhere'], ['status', '-o', 'xml']):
            self.assert_ends(run(ravenctl, *words), USAGE, 'stderr', '.')
        for verb in ('status', 'tunnels', 'sas', 'routes', 'stats', 'drops', 'top', 'trace',
                     'capture'):
            self.assert_ends(run(ravenctl, verb, '--socket', '/nonexistent/sock'), UNAVAILABLE,
                             'stderr', '/nonexistent/sock')
        self.assert_ends(run(ravenctl, '--help'), OK, 'stdout', 'Exit codes: 0 ok, 64 usage, 69')

    def test_ravenctl_changes_nothing(self):
        missing = f'{self.folder}/missing'
        for source in (f'dir:{missing}', f'kubeconfig:{missing}'):
            self.assert_ends(run(program('ravenctl'), 'gateways', '--source', source), UNAVAILABLE,
                             'stderr', 'missing')
        self.assertFalse(os.path.exists(missing))
        result = run(program('ravenctl'), 'gateways', '--source', f'dir:{self.folder}/source')
        self.assert_ends(result, OK, 'stdout', '^POOL')
        self.assertEqual(os.listdir(f'{self.folder}/source'), [])

    # --- scripts ---

    def test_scripts_help_with_0_and_refuse_with_64(self):
        for path in scripts():
            with self.subTest(os.path.basename(path)):
                for flag in ('-h', '--help'):
                    self.assert_ends(run(path, flag), OK, 'stdout', os.path.basename(path))
                self.assert_ends(run(path, '--nonsense'), USAGE, 'stderr', os.path.basename(path))


if __name__ == '__main__':
    BIN, SOURCE = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
