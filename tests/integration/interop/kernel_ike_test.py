#!/usr/bin/python3
"""A whole box of ours against stock strongSwan with the ESP of another kernel, a user-mode Linux:
IKEv2 with a shared key, ESN, pings, and new keys while pings run.
Usage: PYTHONPATH=scripts kernel_ike_test.py FOLDER_OF_BINARIES [unittest arguments]; needs root.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import sys
import unittest

import ike_peer
from guest import Guest
from one_site import BOX_WAN, PREFIX, Site

BINARIES = sys.argv.pop(1)
PROPOSAL, ALGORITHM = 'aes128gcm16-x25519-esn', 'aes-128-gcm'


class KernelIkeTest(unittest.TestCase):
    def test_stock_charon_with_kernel_esp_and_esn(self):
        with Site(BINARIES) as site:
            os.mkdir(site.path('guest'))
            key = ike_peer.write_configuration(site, 'guest', PROPOSAL)
            guest = Guest(site, f'ip address add {ike_peer.ADDRESS}/32 dev lo\n'
                                f'ip route add {PREFIX} via {BOX_WAN}\n'
                                + ike_peer.start_commands('/run/share'))
            ike_peer.start_site(site, key, PROPOSAL, guest.wait)
            ike_peer.check_all(self, site, guest.run, ALGORITHM, esn=True)
            self.assertIn('esn', guest.run(['ip', '-s', 'xfrm', 'state']))
            guest.stop()


if __name__ == '__main__':
    unittest.main()
