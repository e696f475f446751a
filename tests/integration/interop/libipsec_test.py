#!/usr/bin/python3
"""A whole box of ours against stock strongSwan with the ESP of its own libipsec, in a network
namespace: IKEv2 with a shared key, ESP in UDP, no ESN (libipsec has none), pings, and new keys
while pings run.
Usage: PYTHONPATH=scripts libipsec_test.py FOLDER_OF_BINARIES [unittest arguments]; needs root.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import sys
import unittest

import ike_peer
from lablib import netns
from lablib.host import wait_for
from one_site import ECHO_SIZES, Site

BINARIES = sys.argv.pop(1)
# Sockets and the pid file of charon are in /run, which `ip netns exec` makes our own.
SCRIPT = 'set -e\nmount -t tmpfs none /run\n{start}\ntouch {folder}/ready\nwait\n'


class LibipsecTest(unittest.TestCase):
    def test_stock_charon_with_libipsec(self):
        self.check('aes256gcm16-ecp256', 'aes-256-gcm')

    def test_aes_192_gcm(self):
        self.check('aes192gcm16-ecp256', 'aes-192-gcm')

    def test_aes_256_cbc_with_sha_512(self):
        # The largest that is not cut: the headers and the ICV take more than those of AES-GCM.
        self.check('aes256-sha512-ecp256', 'aes-256-cbc-hmac-sha2-512-256',
                   (*ECHO_SIZES[:-1], 1376))

    def check(self, proposal, algorithm, sizes=ECHO_SIZES):
        with Site(BINARIES) as site:
            folder = site.path('peer')
            os.mkdir(folder)
            netns.ip_batch(site.peer, [f'address add {ike_peer.WAN}/24 dev wan',
                                       f'address add {ike_peer.ADDRESS}/32 dev lo'])
            key = ike_peer.write_configuration(site, 'peer', proposal, 'kernel-libipsec')
            script = site.write('peer/main.sh', SCRIPT.format(
                start=ike_peer.start_commands(folder), folder=folder))
            site.start(site.peer, 'peer', ['bash', script])
            ike_peer.start_site(site, key, proposal, lambda: wait_for(
                'charon of the peer', lambda: os.path.exists(folder + '/ready'), 60))
            ike_peer.check_all(self, site, lambda command: netns.run_in(site.peer, command),
                               algorithm, esn=False, sizes=sizes)


if __name__ == '__main__':
    unittest.main()
