#!/usr/bin/python3
"""Our ESP against the kernel of a user-mode Linux, keys set by hand on both sides: AES-128,
AES-192 and AES-256, plain ESP and ESP in UDP, with ESN.  The guest begins just before the low half
of its sequence numbers wraps, so that our window has to follow it into the next 2^32.
Usage: PYTHONPATH=scripts kernel_esp_test.py FOLDER_OF_BINARIES [unittest arguments]; needs root.
"""
# SPDX-License-Identifier: Apache-2.0
import secrets
import sys
import unittest

import yaml
from guest import Guest
from lablib.static_keys import tunnel_id
from one_site import (BOX_WAN, ECHO_SIZES, HOST_ADDRESS, PREFIX, Site, all_answered, echo_command,
                      gateway)

BINARIES = sys.argv.pop(1)
ROUNDS = 15
PACKETS = 2 * ROUNDS * len(ECHO_SIZES)  # each way: requests and answers
FIRST_SEQUENCE = 0xffffff80
OUR_WINDOW = 64  # narrower than the distance to the wrap: else the first number were an old one
ENCAP_SOCKET = '''\
cat >/run/encap.py <<'END'
import signal, socket
listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listener.setsockopt(socket.IPPROTO_UDP, 100, 2)  # UDP_ENCAP, UDP_ENCAP_ESPINUDP
listener.bind(('0.0.0.0', 4500))
print('bound', flush=True)
signal.pause()
END
mkfifo /run/encap.ready
/usr/bin/python3 /run/encap.py >/run/encap.ready &
read -r ready </run/encap.ready
'''


class Variant:
    """One tunnel: its addresses, SPIs and keys."""

    def __init__(self, number, key_bits, udp):
        self.name = f'box-{number}'
        self.outer, self.prefix = f'203.0.113.1{number}', f'10.2.{number}.0/24'
        self.address = f'10.2.{number}.1'
        self.key_bits, self.udp = key_bits, udp
        self.out_spi, self.in_spi = 0x1000 + number, 0x2000 + number
        self.out_key, self.in_key = (secrets.token_hex(key_bits // 8 + 4) for _ in range(2))
        self.number = number

    def our_sas(self):
        common = {'tunnel_id': tunnel_id(self.name), 'algorithm': f'aes-{self.key_bits}-gcm',
                  'udp_encap': self.udp, 'replay_window': OUR_WINDOW}
        return [{**common, 'direction': 'out', 'spi': self.out_spi, 'key': self.out_key,
                 'source': BOX_WAN, 'destination': self.outer},
                {**common, 'direction': 'in', 'spi': self.in_spi, 'key': self.in_key,
                 'source': self.outer, 'destination': BOX_WAN}]

    def guest_commands(self):
        def state(source, destination, spi, key, extra=''):
            encap = 'encap espinudp 4500 4500 0.0.0.0' if self.udp else ''
            return (f'ip xfrm state add src {source} dst {destination} proto esp spi {spi} '
                    f'reqid {self.number} mode tunnel replay-window 128 flag esn {extra} '
                    f"aead 'rfc4106(gcm(aes))' 0x{key} 128 {encap}")

        def policy(source, destination, direction, outer_source, outer_destination):
            return (f'ip xfrm policy add src {source} dst {destination} dir {direction} '
                    f'tmpl src {outer_source} dst {outer_destination} proto esp '
                    f'reqid {self.number} mode tunnel')

        return '\n'.join([
            f'ip address add {self.outer}/24 dev vec0',
            f'ip address add {self.address}/32 dev lo',
            state(BOX_WAN, self.outer, self.out_spi, self.out_key),
            state(self.outer, BOX_WAN, self.in_spi, self.in_key, f'replay-oseq {FIRST_SEQUENCE}'),
            policy(self.prefix, PREFIX, 'out', self.outer, BOX_WAN),
            policy(PREFIX, self.prefix, 'in', BOX_WAN, self.outer), ''])


VARIANTS = [Variant(1, 128, False), Variant(2, 128, True),
            Variant(3, 256, False), Variant(4, 256, True), Variant(5, 192, False)]


class KernelEspTest(unittest.TestCase):
    def test_pings_of_all_sizes_pass_both_ways_and_across_the_wrap_of_the_sequence(self):
        with Site(BINARIES) as site:
            guest = Guest(site, ENCAP_SOCKET + ''.join(v.guest_commands() for v in VARIANTS) +
                          f'ip route add {PREFIX} via {BOX_WAN}\n')
            sas = [sa for variant in VARIANTS for sa in variant.our_sas()]
            site.start_dataplane(
                static_sa_file=site.write('sas.yaml', yaml.safe_dump({'sas': sas})))
            guest.wait()  # only then the agent: neighbours find it at the first attempt
            site.start_agent({'enabled': False}, [
                gateway(f'pool-{v.number}', v.name, v.outer, [(v.name, v.outer, v.prefix)])
                for v in VARIANTS])
            site.wait_until_usable([variant.prefix for variant in VARIANTS])
            for variant in VARIANTS:
                self.ping_both_ways(site, guest, variant)
                self.check_counters(site, guest, variant)
            guest.stop()

    def ping_both_ways(self, site, guest, variant):
        guest.start(echo_command(variant.address, HOST_ADDRESS, ROUNDS))
        there = site.run_at_host(echo_command(HOST_ADDRESS, variant.address, ROUNDS))
        self.assertIn(all_answered(ROUNDS), guest.finish(), f'from {variant.name}')
        self.assertIn(all_answered(ROUNDS), there, f'to {variant.name}')

    def check_counters(self, site, guest, variant):
        sas = {sa['spi']: sa for sa in site.ravenctl('sas')['sas']}
        inbound, outbound = sas[variant.in_spi], sas[variant.out_spi]
        for sa in (inbound, outbound):
            self.assertEqual((sa['algorithm'], sa['esn'], sa['udp_encap'], int(sa['errors'])),
                             (f'aes-{variant.key_bits}-gcm', True, variant.udp, 0))
        self.assertEqual(int(inbound['packets']), PACKETS)
        self.assertEqual(int(inbound['sequence']), FIRST_SEQUENCE + PACKETS)
        self.assertGreater(FIRST_SEQUENCE + PACKETS, 1 << 32)
        self.assertGreaterEqual(int(outbound['packets']), PACKETS)  # and the probes
        state = guest.run(['ip', '-s', 'xfrm', 'state', 'get', 'dst', variant.outer,
                           'proto', 'esp', 'spi', str(variant.out_spi)])
        self.assertRegex(state, r'replay-window 0 replay 0 failed 0')


if __name__ == '__main__':
    unittest.main()
