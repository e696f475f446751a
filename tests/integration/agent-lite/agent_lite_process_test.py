"""raven-agent-lite as a process on the real kernel.
SPDX-License-Identifier: Apache-2.0

Run as root: agent_lite_process_test.py PATH/raven-agent-lite [-v]
"""

import itertools
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from agent import Agent, Manifests, gateway, until
from site_lan import CLUSTER_IP, GATEWAYS, NODE, POD_PREFIX, REMOTE, REMOTE6, Site, run

BINARY = ''
EDGE = {'node': (NODE, ['10.1.5.0/24', 'fd01:5::/64']),
        'gw1': (GATEWAYS['gw1'], ['10.1.1.0/24']), 'gw2': (GATEWAYS['gw2'], ['10.1.2.0/24'])}
EDGE_BOXES = {'gw1': '203.0.113.1', 'gw2': '203.0.113.2'}
CLOUD = gateway('cloud', {'cloud1': '198.51.100.1'},
                {'cloud1': ('172.16.0.1', ['10.2.0.0/16', 'fd02::/48'])})

NOBODY_THERE = """
current-context: x
contexts: [{name: x, context: {cluster: x, user: x}}]
clusters: [{name: x, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: x, user: {token: t}}]
"""


class AgentTest(unittest.TestCase):
    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.close)
        self.folder = tempfile.mkdtemp(prefix='raven-lite-')
        self.addCleanup(shutil.rmtree, self.folder)
        self.manifests = Manifests(f'{self.folder}/source')
        self.manifests.put(CLOUD)
        self.manifests.put(gateway('edge', EDGE_BOXES, EDGE))

    def start(self, source=None, **settings):
        source = source or f'dir:{self.folder}/source'
        agent = Agent(BINARY, self.site, self.folder, source, **settings)
        self.addCleanup(lambda: agent.process.poll() is None and agent.stop(signal.SIGKILL))
        return agent

    def started(self, **settings):
        agent = self.start(**settings)
        agent.wait_healthy()
        until(lambda: 'via' in self.site.overlay()['routes'], 'routes')
        return agent

    def monitor(self):
        """Everything that changes on the node from now on, as lines."""
        path = f'{self.folder}/monitor'
        with open(path, 'w') as file:
            process = subprocess.Popen(
                ['stdbuf', '-oL', 'ip', '-n', self.site.names['node'], 'monitor', 'link', 'route',
                 'address', 'rule'], stdout=file)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def lines():
            with open(path) as file:
                return file.read().splitlines()

        def change():
            self.site.ip('node', 'route add blackhole 203.0.113.99')
            self.site.ip('node', 'route delete blackhole 203.0.113.99')
            return lines()

        until(change, 'ip monitor listens')
        return lambda: [line for line in lines() if '203.0.113.99' not in line]

    def test_pod_and_node_reach_the_other_site_through_the_active_gateway(self):
        self.started()
        state = self.site.overlay()
        self.assertIn('10.2.0.0/16 via 240.168.7.1 dev raven0 proto 82', state['routes'])
        self.assertIn('blackhole 10.2.0.0/16 proto 82 metric 65000', state['routes'])
        self.assertIn('100:\tfrom all lookup 9027 proto 82', state['rules'])
        self.assertIn('100:\tfrom all lookup 9027 proto 82', state['rules6'])
        self.assertIn('aa:0f:f0:a8:07:02 dst 192.168.7.2', state['fdb'])
        for part, destination in itertools.product(('pod', 'node'), (REMOTE, REMOTE6)):
            before = self.site.received('gw1')
            self.assertTrue(self.site.ping(part, destination), f'{part} to {destination}')
            self.assertGreater(self.site.received('gw1'), before)
        self.assertEqual(self.site.received('gw2'), 0)

    def test_cluster_ip_with_a_remote_backend_leaves_by_raven0(self):
        self.started()
        # As kube-proxy does it: translate, and masquerade what does not come from a pod.
        for rule in (f'PREROUTING -d {CLUSTER_IP} -j DNAT --to {REMOTE}',
                     f'OUTPUT ! -s {POD_PREFIX} -d {CLUSTER_IP} -j MARK --set-mark 0x4000',
                     f'OUTPUT -d {CLUSTER_IP} -j DNAT --to {REMOTE}',
                     'POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE'):
            self.site.exec('node', f'iptables -t nat -A {rule}')
        for part in ('pod', 'node'):
            before = self.site.received('gw1')
            self.assertTrue(self.site.ping(part, CLUSTER_IP), part)
            self.assertGreater(self.site.received('gw1'), before, part)

    def test_traffic_moves_when_the_gateway_dies_and_returns_with_it(self):
        agent = self.started()
        until(lambda: agent.metric('raven_agent_lite_gateway_up') == 2, 'both gateways up')
        self.site.responders['gw1'].alive = False
        begin = time.monotonic()
        until(lambda: 'via 240.168.7.2' in self.site.overlay()['routes'], 'switch')
        print(f'\n  switched {time.monotonic() - begin:.3f} s after the gateway went silent'
              ' (probes every 50 ms)', file=sys.stderr)
        before = self.site.received('gw2')
        self.assertTrue(self.site.ping('pod', REMOTE))
        self.assertGreater(self.site.received('gw2'), before)
        self.site.responders['gw1'].alive = True
        until(lambda: 'via 240.168.7.1' in self.site.overlay()['routes'], 'switch back')
        self.assertEqual(agent.metric('raven_agent_lite_gateway_switches_total'), 2)

    def test_switch_loses_no_packet_while_both_gateways_forward(self):
        agent = self.started()
        until(lambda: agent.metric('raven_agent_lite_gateway_up') == 2, 'both gateways up')
        ping = subprocess.Popen(
            ['ip', 'netns', 'exec', self.site.names['pod'], 'ping', '-q', '-i', '0.002', '-c',
             '1000', REMOTE], stdout=subprocess.PIPE, text=True)
        self.site.responders['gw1'].alive = False
        until(lambda: 'via 240.168.7.2' in self.site.overlay()['routes'], 'switch')
        self.site.responders['gw1'].alive = True
        until(lambda: 'via 240.168.7.1' in self.site.overlay()['routes'], 'switch back')
        self.assertIn(' 0% packet loss', ping.communicate()[0])

    def test_what_an_administrator_removes_comes_back(self):
        self.started()
        for damage in ('link delete raven0', 'link set raven0 down', 'rule delete priority 100',
                       'route flush table 9027', 'neighbour flush dev raven0 nud permanent'):
            self.site.ip('node', damage)
            until(lambda: self.site.ping('pod', REMOTE), damage, timeout=5)

    def test_nothing_leaves_in_clear_text_without_gateways(self):
        self.started()
        self.manifests.put(gateway('edge', {}, EDGE))
        until(lambda: 'via' not in self.site.overlay()['routes'], 'no gateway')
        self.assertIn('blackhole 10.2.0.0/16', self.site.overlay()['routes'])
        before = self.clear_text()
        self.assertFalse(self.site.ping('pod', REMOTE))
        self.assertEqual(self.clear_text(), before)

    def clear_text(self):
        """Neighbour requests for the default router: it does not exist, so each try would show."""
        return self.site.ip('node', 'neighbour show 192.168.7.254')

    def test_restart_changes_nothing(self):
        agent = self.started()
        until(lambda: agent.metric('raven_agent_lite_gateway_up') == 2, 'both gateways up')
        before = self.site.overlay()
        changes = self.monitor()
        for how in (signal.SIGTERM, signal.SIGKILL):
            status = agent.stop(how)
            self.assertEqual(status, 0 if how == signal.SIGTERM else -signal.SIGKILL)
            self.assertEqual(self.site.overlay(), before)
            agent.restart()
            agent.wait_healthy()
            until(lambda: agent.passes() >= 1, 'a pass')
        self.assertEqual(self.site.overlay(), before)
        self.assertEqual(changes(), [])

    def test_clean_up_leaves_nothing(self):
        before = self.site.overlay()
        agent = self.started()
        self.assertNotEqual(self.site.overlay(), before)
        self.assertEqual(agent.clean_up(), 75, 'the running agent would put it all back')
        agent.stop()
        self.assertEqual(agent.clean_up(), 0)
        self.assertEqual(self.site.overlay(), before)

    def test_leftovers_of_raven_go_and_everything_else_stays(self):
        self.site.exec('node', 'ipset create raven-mark-set hash:net')
        self.site.exec('node', 'ipset create raven-skip-nat-set hash:net,port')
        self.site.exec('node', 'ipset create other-set hash:net')
        for rule in (
                'mangle -N RAVEN-MARK-CHAIN', 'mangle -N OTHER',
                'mangle -A PREROUTING -m comment --comment "mark traffic" -j RAVEN-MARK-CHAIN',
                'mangle -A OUTPUT -j RAVEN-MARK-CHAIN', 'mangle -A OUTPUT -j OTHER',
                'mangle -A RAVEN-MARK-CHAIN -m set --match-set raven-mark-set dst'
                ' -j MARK --set-mark 64',
                'nat -N RAVEN-POSTROUTING', 'nat -I POSTROUTING -j RAVEN-POSTROUTING'):
            self.site.exec('node', f'iptables -t {rule}')
        self.site.ip('node', 'link add raven0 type vxlan id 200 dstport 4472 nolearning')
        self.site.ip('node', 'link set raven0 up')
        self.site.ip('node', 'route add default via 240.168.7.1 dev raven0 onlink table 9027')
        self.site.ip('node', 'rule add fwmark 0x40 priority 100 lookup 9027')
        self.site.ip('node', 'rule add priority 101 lookup 9028')
        self.site.ip('node', 'route add 10.2.0.0/16 via 192.168.7.1 table 9028')
        self.site.ip('node', 'xfrm policy add src 10.1.0.0/16 dst 10.9.0.0/16 dir out priority 1')
        agent = self.started()
        until(lambda: 'raven-skip-nat-set' in agent.log(), 'leftovers')
        self.assertEqual(self.site.exec('node', 'ipset list -n').split(), ['other-set'])
        mangle = self.site.exec('node', 'iptables -t mangle -S')
        self.assertNotIn('RAVEN', mangle + self.site.exec('node', 'iptables -t nat -S'))
        self.assertIn('-A OUTPUT -j OTHER', mangle)
        until(lambda: '9028' not in self.site.ip('node', 'rule'), 'rule 101')
        self.assertEqual(self.site.ip('node', 'route show table 9028', check=False), '')
        self.assertNotIn('default', self.site.overlay()['routes'])
        self.assertEqual(self.site.ip('node', 'rule show priority 100'),
                         '100:\tfrom all lookup 9027 proto 82\n')
        self.assertIn('10.9.0.0/16', self.site.ip('node', 'xfrm policy'))
        self.assertTrue(self.site.ping('pod', REMOTE))

    def test_starts_from_the_snapshot_when_the_api_server_is_away(self):
        agent = self.started()
        agent.stop()
        self.assertEqual(agent.clean_up(), 0)
        with open(f'{self.folder}/kubeconfig', 'w') as file:
            file.write(NOBODY_THERE)
        agent = self.start(source=f'kubeconfig:{self.folder}/kubeconfig', snapshot_wait_ms=100)
        until(lambda: 'via 240.168.7.1' in self.site.overlay()['routes'], 'routes')
        self.assertEqual(agent.metric('raven_agent_lite_from_snapshot'), 1)
        self.assertTrue(self.site.ping('pod', REMOTE))

    def test_gateways_that_were_created_again_are_remembered_over_a_reboot(self):
        agent = self.started()
        agent.stop()
        self.assertEqual(agent.clean_up(), 0)
        self.manifests.put(gateway('edge', EDGE_BOXES, {}))
        self.manifests.put(gateway('cloud', {'cloud1': '198.51.100.1'}, {}))
        for _ in range(2):
            agent.restart()
            until(lambda: '10.2.0.0/16' in self.site.overlay()['routes'], 'closed or routed')
            self.assertIn('blackhole 10.2.0.0/16', self.site.overlay()['routes'])
            agent.stop()
            self.assertEqual(agent.clean_up(), 0)

    def test_networks_of_the_cluster_are_closed_before_any_gateway_is_known(self):
        with open(f'{self.folder}/kubeconfig', 'w') as file:
            file.write(NOBODY_THERE)
        agent = self.start(source=f'kubeconfig:{self.folder}/kubeconfig',
                           cluster_cidrs='["10.0.0.0/14", "fd02::/32"]')
        until(lambda: 'blackhole' in self.site.ip('node', 'route'), 'closed')
        before = self.clear_text()
        for destination in (REMOTE, REMOTE6):
            self.assertFalse(self.site.ping('pod', destination))
        self.assertEqual(self.clear_text(), before)
        self.assertTrue(self.site.ping('node', '10.1.5.10'), 'the route of the CNI is preferred')
        agent.stop()
        self.assertEqual(agent.clean_up(), 0)
        self.assertNotIn('blackhole', self.site.ip('node', 'route'))

    def test_pool_that_is_deleted_is_routed_no_more(self):
        self.started()
        self.manifests.remove('cloud')
        until(lambda: self.site.overlay()['routes'] == '', 'no routes')
        self.assertNotIn('9027', self.site.ip('node', 'rule'))

    def test_emptied_status_of_the_own_gateway_changes_nothing(self):
        agent = self.started()
        self.manifests.put(gateway('edge', EDGE_BOXES, {}))
        until(lambda: agent.metric('raven_agent_lite_problems') == 1, 'the problem is told')
        self.assertIn('10.2.0.0/16 via 240.168.7.1', self.site.overlay()['routes'])
        self.manifests.put(gateway('edge', EDGE_BOXES, {'gw1': EDGE['gw1']}))
        until(lambda: self.site.overlay()['routes'] == '', 'no routes: the node was removed')

    def test_node_that_becomes_a_gateway_box_gives_the_name_raven0_free(self):
        self.started()
        self.manifests.put(gateway('edge', {**EDGE_BOXES, 'node': '203.0.113.3'}, EDGE))
        until(lambda: self.site.overlay()['link'] == '', 'raven0 is gone')
        self.assertIn('blackhole 10.2.0.0/16', self.site.overlay()['routes'])

    def test_direct_mode_carries_both_families_to_the_gateway_on_the_lan(self):
        agent = self.started(encapsulation='direct')
        self.site.take_direct()
        until(lambda: 'fe80::f0a8:701' in self.site.overlay()['routes6'], 'MAC address is known')
        state = self.site.overlay()
        self.assertIn('10.2.0.0/16 via 192.168.7.1 dev lan proto 82', state['routes'])
        self.assertEqual(state['link'], '')
        for destination in (REMOTE, REMOTE6):
            self.assertTrue(self.site.ping('pod', destination), destination)
        until(lambda: agent.metric('raven_agent_lite_gateway_up') == 2, 'both gateways up')
        self.site.responders['gw1'].alive = False
        until(lambda: 'fe80::f0a8:702' in self.site.overlay()['routes6'], 'switch')
        for destination in (REMOTE, REMOTE6):
            self.assertTrue(self.site.ping('pod', destination), destination)
        self.assertEqual(self.site.received('gw1') + self.site.received('gw2'), 0, 'no VXLAN')

    def test_direct_mode_follows_a_gateway_to_another_network_card(self):
        self.started(encapsulation='direct')
        self.site.take_direct()
        until(lambda: self.site.ping('pod', REMOTE6), 'IPv6')
        self.site.ip('gw1', 'link set lan address 02:00:00:00:00:77')
        self.site.take_direct()  # the kernel forgot its neighbours
        self.assertTrue(self.site.ping('gw1', NODE), 'its ARP request shows the new address')
        until(lambda: '02:00:00:00:00:77' in self.site.ip('node', '-6 neighbour show dev lan'),
              'the new MAC address')
        self.assertTrue(self.site.ping('pod', REMOTE6))

    def test_idle_agent_is_small_and_quiet(self):
        agent = self.started(resync_interval_s=1)
        self.site.ip('node', 'link set cni0 mtu 1400')  # some life on the node
        before, begin = agent.cpu_seconds(), time.monotonic()
        # 30 times the default rate of passes and 4 times that of probes.
        until(lambda: agent.passes() >= 6, 'passes')
        share = (agent.cpu_seconds() - before) / (time.monotonic() - begin)
        print(f'\n  RSS {agent.memory_kib()} KiB, {share:.2%} of a core', file=sys.stderr)
        if 'asan' not in run(['ldd', BINARY]):
            self.assertLess(agent.memory_kib(), 20 * 1024)


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    unittest.main()
