#!/usr/bin/python3
"""The kernel-raven plugin in stock charon: two boxes in network namespaces, each with a fake
dataplane.  Usage: plugin_test.py libstrongswan-kernel-raven.so [unittest arguments]; needs root.
SPDX-License-Identifier: Apache-2.0
"""

import contextlib
import os
import struct
import sys
import unittest

from boxes import Box, connect, run, until
from fake_dataplane import ACQUIRE, EXPIRE, IN, MAPPING, OUT, address, header

PLUGIN = os.path.realpath(sys.argv.pop(1)) if len(sys.argv) > 1 else ''
TUNNEL = {'a': 0x111, 'b': 0x222}  # tunnel ids that box a, box b give to their peer
CHILDREN = 2


def load(box, peer, initiator, options=''):
    """Gives charon one connection with CHILDREN children, which have `options`."""
    children = ''.join(f'''
          net-{n} {{
            local_ts = 0.0.0.0/0,::/0
            remote_ts = 0.0.0.0/0,::/0
            esp_proposals = aes128gcm16-x25519-esn
            policies = no
            if_id_in = {TUNNEL[box.name] << 8 | n}
            if_id_out = {TUNNEL[box.name] << 8 | n}
            replay_window = 4096
            rekey_time = 1h
            life_time = 2h
            {'start_action = start' if initiator else ''}
            {options}
          }}''' for n in range(1, CHILDREN + 1))
    with open(box.dir + '/swanctl.conf', 'w') as file:
        file.write(f'''
connections {{
  raven-{peer.name} {{
    version = 2
    local_addrs = {box.address}
    remote_addrs = {peer.address}
    local_port = 4500
    remote_port = 4500
    proposals = aes128gcm16-prfsha256-x25519
    encap = yes
    local {{
      auth = psk
      id = box-{box.name}
    }}
    remote {{
      auth = psk
      id = box-{peer.name}
    }}
    children {{ {children} }}
  }}
}}
secrets {{
  ike-1 {{
    secret = a-secret-of-this-test-only
  }}
}}
''')
    box.swanctl('--load-all', '--file', box.dir + '/swanctl.conf')


class PluginTest(unittest.TestCase):
    def setUp(self):
        self.a = Box('a', '192.0.2.1', PLUGIN)
        self.addCleanup(self.a.stop)
        self.b = Box('b', '192.0.2.2', PLUGIN)
        self.addCleanup(self.b.stop)
        connect(self.a, self.b)
        self.b.start()
        self.a.start()
        load(self.b, self.a, initiator=False)
        load(self.a, self.b, initiator=True)
        self.wait_pairs()

    def tearDown(self):
        problems = self.a.dataplane.problems + self.b.dataplane.problems
        alive = [box.charon.poll() is None for box in (self.a, self.b)]
        if os.environ.get('VERBOSE'):
            print(self.a.text_of_log(), self.b.text_of_log(), sep='\n======== b\n')
        self.assertEqual(problems, [])
        self.assertEqual(alive, [True, True], 'charon must live')

    def wait_pairs(self, old_spis=()):
        """Waits for CHILDREN pairs, none of them of old_spis, that match on both sides."""
        for box in (self.a, self.b):
            box.dataplane.wait(
                lambda d: len(d.sas) == 2 * CHILDREN and
                not any(spi in old_spis for spi, _ in d.sas), f'{CHILDREN} new pairs')
        out_a = {sa.spi: sa for sa in self.a.dataplane.of(OUT)}
        in_b = {sa.spi: sa for sa in self.b.dataplane.of(IN)}
        self.assertEqual(out_a.keys(), in_b.keys())
        return [(out_a[spi], in_b[spi]) for spi in out_a]

    def spis(self):
        return {spi for spi, _ in self.a.dataplane.sas} | {spi for spi, _ in self.b.dataplane.sas}

    def test_both_sides_get_the_same_keys_and_what_was_configured(self):
        for outbound, inbound in self.wait_pairs():
            self.assertEqual(outbound.key, inbound.key)
            self.assertEqual(len(outbound.key), 20)  # AES-128 and the salt
            self.assertEqual((outbound.encryption, outbound.integrity), (20, 0))
            self.assertTrue(outbound.esn and outbound.encap)
            self.assertTrue(outbound.copy_dscp and outbound.copy_df)
            self.assertEqual(outbound.src, ('192.0.2.1', 4500))
            self.assertEqual(outbound.dst, ('192.0.2.2', 4500))
            self.assertEqual(inbound.replay_window, 4096)
            soft, hard = outbound.lifetimes[:2]
            self.assertTrue(0 < soft <= 3600 < hard <= 7200, (soft, hard))
            self.assertEqual(outbound.if_id >> 8, TUNNEL['a'])
            self.assertEqual(inbound.if_id >> 8, TUNNEL['b'])
        numbers = sorted(sa.if_id & 0xff for sa in self.a.dataplane.of(OUT))
        self.assertEqual(numbers, list(range(1, CHILDREN + 1)))
        self.assertIn('47 packets', self.a.swanctl('--list-sas'))

    def reload(self, options):
        """Gives box a other options; charon takes down what has the old ones."""
        load(self.a, self.b, initiator=True, options=options)
        for box in (self.a, self.b):
            box.dataplane.wait(lambda d: not d.sas, 'the end of the old SAs')

    # Rule 23: holds.  Rule 30: holds
    def test_rules_of_the_outer_header_arrive_as_configured(self):
        old = self.spis()
        self.reload('copy_df = no\n copy_dscp = no')
        self.acquire_until_there_is_an_sa(self.a, TUNNEL['a'])
        for outbound, _ in self.wait_pairs(old):
            self.assertFalse(outbound.copy_dscp or outbound.copy_df)

    # Rule 24: refuses
    def test_rules_that_no_standard_allows_are_refused_by_name(self):
        for rule, name in (('copy_ecn = no', 'copy_ecn = no'),
                           ('copy_dscp = in', 'copy_dscp = in or yes'),
                           ('copy_dscp = yes', 'copy_dscp = in or yes')):
            self.reload(rule)
            seen = self.a.text_of_log().count(f'not installed: {name} is not supported')
            for _ in range(6):  # as charon may be taking down the old IKE_SA
                self.a.swanctl('--initiate', '--child', 'net-1', '--timeout', '5', check=False)
                if self.a.text_of_log().count(f'{name} is not supported') > seen:
                    break
            else:
                self.fail(f'{rule} was not refused')
            self.assertEqual(self.a.dataplane.sas, {})

    # Rule 57: holds.  Rule 57: refuses
    def test_a_soft_expiry_rekeys_and_a_hard_one_deletes(self):
        old = self.a.dataplane.of(IN)[0]
        self.a.dataplane.expire(old)
        self.a.dataplane.wait(lambda d: (old.spi, IN) not in d.sas and len(d.sas) == 2 * CHILDREN,
                              'a successor')
        self.wait_pairs([old.spi])
        victim = self.a.dataplane.of(OUT)[0]
        self.a.dataplane.expire(victim, hard=True)
        self.a.dataplane.wait(lambda d: (victim.spi, OUT) not in d.sas, 'the deletion')

    def test_a_restarted_dataplane_gets_new_keys_only(self):
        old = self.spis()
        self.a.dataplane.restart()
        self.wait_pairs(old)  # tearDown checks that no key came twice

    def test_a_dataplane_that_kept_its_sas_is_not_rekeyed(self):
        old = self.spis()
        self.a.dataplane.restart(keeps=lambda sa: True)
        self.a.dataplane.wait(lambda d: set(d.queries) >= set(d.sas), 'questions for every SA')
        until(lambda: 'lost 0 of 4 SAs' in self.a.text_of_log(), 'the answer')
        self.assertEqual(self.spis(), old)
        self.a.swanctl('--rekey', '--child', 'net-1')  # as usual afterwards
        self.a.dataplane.wait(lambda d: any(spi not in old for spi, _ in d.sas), 'new SAs')

    def test_only_what_was_lost_is_rekeyed(self):
        kept, lost = [sa.if_id for sa in self.a.dataplane.of(OUT)]
        kept_spis = {sa.spi for sa in self.a.dataplane.sas.values() if sa.if_id == kept}
        for direction in (IN, OUT):  # one of both directions is as bad as both
            gone = [sa.spi for sa in self.a.dataplane.of(direction) if sa.if_id == lost]
            self.a.dataplane.restart(keeps=lambda sa: sa.spi not in gone)
            self.wait_pairs(gone)
            self.assertLessEqual(kept_spis, self.spis())

    def test_dataplanes_of_both_sides_may_restart_at_once(self):
        old = self.spis()
        self.a.dataplane.restart()
        self.b.dataplane.restart()
        for box in (self.a, self.b):
            box.dataplane.wait(lambda d: d.of(IN) and d.of(OUT) and
                               not any(spi in old for spi, _ in d.sas), 'new keys')

    def test_a_moment_without_the_dataplane_loses_nothing(self):
        old = next(sa for sa in self.a.dataplane.of(IN) if sa.if_id & 0xff == 1)
        self.a.dataplane.stop()
        self.a.swanctl('--rekey', '--child', 'net-1')
        until(lambda: 'cannot be reached' in self.a.text_of_log(), 'a request that waits')
        self.a.dataplane.start()
        self.wait_pairs([old.spi])
        self.assertNotIn('not installed', self.a.text_of_log())

    def test_a_lost_dataplane_fails_the_child_and_recovers(self):
        self.a.dataplane.stop()
        self.a.swanctl('--rekey', '--child', 'net-1')
        until(lambda: 'not installed: dataplane is away' in self.a.text_of_log(), 'the failure')
        self.a.dataplane.start()
        self.assertIn('ESTABLISHED', self.a.swanctl('--list-sas'))
        old = self.spis()
        for n in range(1, CHILDREN + 1):
            self.a.swanctl('--initiate', '--child', f'net-{n}', '--timeout', '10', check=False)
        self.a.dataplane.wait(lambda d: any(spi not in old for spi, _ in d.sas), 'new SAs')

    def test_an_sa_of_unknown_fate_is_deleted(self):
        self.a.dataplane.silent_adds = 3  # the first attempt and its repetitions
        self.a.swanctl('--rekey', '--child', 'net-1')
        self.a.dataplane.wait(lambda d: d.silent_adds == 0, 'unanswered requests')
        until(lambda: 'not installed' in self.a.text_of_log() or
              self.a.dataplane.deletes, 'the outcome')
        self.a.dataplane.wait(
            lambda d: {spi for spi, _ in d.sas} == {spi for spi, _ in self.b.dataplane.sas},
            'only SAs that the peer knows', 8)  # before the periodic repair

    def test_events_are_not_believed_blindly(self):
        spi = self.a.dataplane.of(IN)[0]
        before = self.spis()
        unknown = struct.pack('=II20s20s', 0xdeadbeef, IN, address('192.0.2.2', 0),
                              address('192.0.2.1', 0))
        nonsense = struct.pack('=II20s20s', spi.spi, 77, b'\xff' * 20, b'\xff' * 20)
        events = [
            b'', b'x', b'\0' * 16, b'\xff' * 24, os.urandom(2000),
            header(EXPIRE, 0), header(EXPIRE, 56) + b'\0' * 55, header(99, 8) + b'\0' * 8,
            header(EXPIRE, 56) + unknown + struct.pack('=II', 1, 0),
            header(EXPIRE, 56) + nonsense + struct.pack('=II', 1, 0),
            header(MAPPING, 68) + spi.id + b'\xff' * 20,
            header(MAPPING, 68) + unknown + address('192.0.2.9', 4500),
            header(ACQUIRE, 8) + struct.pack('=II', 0, 0),
        ]
        for event in events[1:]:
            self.a.dataplane.send_raw(event)
        until(lambda: self.a.text_of_log().count('ignored') >= len(events) - 1, 'all refused')
        self.assertEqual(self.spis(), before)

    # Rule 49: holds
    def test_a_peer_that_moved_is_followed(self):
        # Both ends see a (faked) NAT, so charon accepts a new mapping of the peer.
        inbound = self.b.dataplane.of(IN)[0]
        self.b.dataplane.send_event(MAPPING, inbound.id + address('192.0.2.1', 61000))
        self.b.dataplane.wait(
            lambda d: any(sa.dst == ('192.0.2.1', 61000) for sa in d.of(OUT)), 'the new port')

    def terminate(self):
        self.a.swanctl('--terminate', '--ike', 'raven-b')
        for box in (self.a, self.b):
            box.dataplane.wait(lambda d: not d.sas, 'all SAs gone')

    def acquire(self, box, tunnel):
        box.dataplane.send_event(ACQUIRE, struct.pack('=II', tunnel << 8, 0))

    def acquire_until_there_is_an_sa(self, box, tunnel):
        """As the dataplane does: charon may be taking down the old IKE_SA when first asked."""
        for _ in range(6):
            self.acquire(box, tunnel)
            with contextlib.suppress(AssertionError):
                return box.dataplane.wait(lambda d: d.sas, 'an SA', seconds=5)
        return None

    def test_a_tunnel_without_an_sa_gets_all_its_children_from_the_side_that_initiates(self):
        old = self.spis()
        self.terminate()
        self.acquire(self.a, 0xffffff)  # nobody's
        self.acquire(self.b, TUNNEL['b'])
        self.acquire_until_there_is_an_sa(self.a, TUNNEL['a'])
        self.wait_pairs(old)
        self.assertNotIn('initiating IKE_SA', self.b.text_of_log())

    def test_asking_again_while_the_peer_is_away_makes_no_more_children(self):
        old = self.spis()
        self.terminate()
        wire = ('ip', '-n', self.b.netns, 'link', 'set', 'wan')
        run(*wire, 'down')
        before = self.a.text_of_log().count('initiating IKE_SA')
        for _ in range(5):
            self.acquire(self.a, TUNNEL['a'])
        until(lambda: 'retransmit 1 of request' in self.a.text_of_log(), 'an attempt')
        for _ in range(5):
            self.acquire(self.a, TUNNEL['a'])
        run(*wire, 'up')
        self.wait_pairs(old)
        self.a.dataplane.send_raw(header(ACQUIRE, 8) + struct.pack('=II', 0, 0))
        until(lambda: 'acquire without a tunnel' in self.a.text_of_log(), 'all events are read')
        self.assertEqual(self.a.text_of_log().count('initiating IKE_SA'), before + 1)
        self.wait_pairs(old)


if __name__ == '__main__':
    unittest.main(verbosity=2)
