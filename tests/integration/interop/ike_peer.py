"""Stock strongSwan as the peer of a site: its configuration, and the checks that all such peers
pass.  The peer is named box-b, holds 10.2.1.1 and waits for the site to dial.
"""
# SPDX-License-Identifier: Apache-2.0
import secrets
import subprocess

from lablib.host import wait_for
from one_site import (BOX, BOX_WAN, ECHO_SIZES, HOST_ADDRESS, PREFIX, all_answered, echo_command,
                      gateway)

NAME, WAN, REMOTE_PREFIX, ADDRESS = 'box-b', '203.0.113.2', '10.2.1.0/24', '10.2.1.1'
ROUNDS = 5
REKEY_ROUNDS, REKEY_INTERVAL = 100, 0.05
PLUGINS = ('random nonce openssl kdf pem pkcs1 pkcs8 x509 pubkey constraints socket-default '
           '{first} kernel-netlink vici')


def write_configuration(site, folder, esp_proposal, first_plugins=''):
    """strongswan.conf and swanctl.conf into a folder of the site; returns the key."""
    key = secrets.token_hex(32)
    site.write(f'{folder}/strongswan.conf', f'''
charon {{
  load_modular = no
  load = {PLUGINS.format(first=first_plugins)}
  filelog {{
    stderr {{
      default = 1
      flush_line = yes
    }}
  }}
}}
''')
    site.write(f'{folder}/swanctl.conf', f'''
connections {{
  site {{
    version = 2
    local_addrs = {WAN}
    remote_addrs = {BOX_WAN}
    proposals = aes256gcm16-prfsha384-ecp256
    encap = yes
    local {{
      auth = psk
      id = {NAME}
    }}
    remote {{
      auth = psk
      id = {BOX}
    }}
    children {{
      net {{
        local_ts = {REMOTE_PREFIX}
        remote_ts = {PREFIX}
        esp_proposals = {esp_proposal}
      }}
    }}
  }}
}}
secrets {{
  ike-site {{
    secret = {key}
  }}
}}
''')
    return key


def start_commands(folder):
    """Shell commands, for where the peer is: charon up and configured.  /run must be its own."""
    return f'''
export STRONGSWAN_CONF={folder}/strongswan.conf
/usr/lib/ipsec/charon 2>{folder}/charon.log &
until [ -S /run/charon.vici ]; do kill -0 $! && sleep 0.05; done
swanctl --load-all --file {folder}/swanctl.conf
'''


def start_site(site, key, esp_proposal, wait_for_peer):
    site.start_dataplane()
    site.start_charon()
    wait_for_peer()
    site.start_agent({'socket': site.path('charon.vici'),
                      'psk_file': site.write('psk', key + '\n'),
                      'esp_proposals': [esp_proposal]},
                     [gateway('other', NAME, WAN, [(NAME, WAN, REMOTE_PREFIX)])])


def check_all(test, site, run, algorithm, esn, sizes=ECHO_SIZES):
    """The checks; run(command) runs it at the peer and returns what it printed."""
    site.wait_until_usable([REMOTE_PREFIX])
    check_pings(test, site, run, sizes)
    before = check_sas(test, site, algorithm, esn)
    check_rekey(test, site, before, (sizes[0], sizes[-1]))
    check_pings(test, site, run, sizes)
    test.assertTrue(check_sas(test, site, algorithm, esn).isdisjoint(before))


def check_pings(test, site, run, sizes):
    """Both ways, all sizes."""
    there = site.run_at_host(echo_command(HOST_ADDRESS, ADDRESS, ROUNDS, sizes=sizes))
    test.assertIn(all_answered(ROUNDS, sizes), there, 'to the peer')
    back = run(echo_command(ADDRESS, HOST_ADDRESS, ROUNDS, sizes=sizes))
    test.assertIn(all_answered(ROUNDS, sizes), back, 'from the peer')


def check_sas(test, site, algorithm, esn):
    """The pair that is in use, without errors; returns its SPIs."""
    newest = {}
    for sa in site.ravenctl('sas')['sas']:
        test.assertEqual((sa['algorithm'], sa['esn'], sa['udp_encap'], int(sa['errors'])),
                         (algorithm, esn, True, 0))
        known = newest.setdefault(sa['direction'], sa)
        if int(sa['age_seconds']) < int(known['age_seconds']):
            newest[sa['direction']] = sa
    test.assertEqual(sorted(newest), ['in', 'out'])
    for sa in newest.values():
        test.assertGreaterEqual(int(sa['packets']), ROUNDS * len(ECHO_SIZES))
    return {sa['spi'] for sa in newest.values()}


def check_rekey(test, site, before, sizes):
    """New keys while pings run: none is lost."""
    command = echo_command(HOST_ADDRESS, ADDRESS, REKEY_ROUNDS, REKEY_INTERVAL, sizes)
    with subprocess.Popen(['ip', 'netns', 'exec', site.host, *command], text=True,
                          stdout=subprocess.PIPE) as pings:
        site.swanctl('--rekey', '--child', 'net-1')
        wait_for('an outbound SA with new keys', lambda: any(
            sa['direction'] == 'out' and sa['state'] == 'active' and sa['spi'] not in before
            for sa in site.ravenctl('sas')['sas']), 30)
        running = pings.poll() is None
        output = pings.communicate(timeout=60)[0]
    test.assertTrue(running, 'the pings must outlast the exchange')
    test.assertIn(all_answered(REKEY_ROUNDS, sizes), output)
