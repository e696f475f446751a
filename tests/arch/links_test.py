#!/usr/bin/python3
"""Which libraries a program must not need, directly or through another one.
Usage: links_test.py PROGRAM...
SPDX-License-Identifier: Apache-2.0
"""

import os
import re
import subprocess
import sys
import unittest

PROGRAMS = sys.argv[1:]
DPDK = ('librte_',)
CRYPTO = ('libIPSec_MB',)
GRPC = ('libgrpc', 'libprotobuf')

FORBIDDEN = {
    'raven-dataplane': [
        (('libcurl',), 'the dataplane forwards without Kubernetes'),
        (('libvici', 'libcharon', 'libstrongswan'), 'keys come through the SA socket')],
    'raven-gateway-agent': [
        (DPDK + CRYPTO, 'only the dataplane touches packets')],
    'raven-controller': [
        (DPDK + CRYPTO, 'only the dataplane touches packets'),
        (GRPC, 'the controller does not talk to dataplanes'),
        (('libnl-',), 'the controller changes no host')],
    'raven-agent-lite': [
        (DPDK + CRYPTO, 'plain nodes have no dataplane'),
        (GRPC, 'plain nodes have no dataplane'),
        (('libvici', 'libcharon', 'libstrongswan'), 'plain nodes have no keys')],
    'ravenctl': [
        (DPDK + CRYPTO, 'ravenctl reads APIs only'),
        (('libnl-',), 'ravenctl changes no host')],
}


def needed(program):
    """Names of all shared libraries, the indirect ones included."""
    listed = subprocess.run(['ldd', program], check=True, text=True, stdout=subprocess.PIPE).stdout
    return re.findall(r'^\s*(\S+\.so\S*)', listed, re.MULTILINE)


def direct(program):
    dynamic = subprocess.run(['readelf', '-d', program], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    return re.findall(r'\(NEEDED\).*\[(.+)\]', dynamic)


class LinksTest(unittest.TestCase):
    def test_there_are_programs(self):
        self.assertTrue(PROGRAMS)

    def test_no_program_needs_what_it_must_not_have(self):
        found = []
        for program in PROGRAMS:
            self.assertTrue(os.path.exists(program), f'{program} is not built')
            libraries = needed(program)
            names = {os.path.basename(library) for library in libraries}
            self.assertTrue(set(direct(program)) <= names)
            for prefixes, why in FORBIDDEN[os.path.basename(program)]:
                found += [f'{os.path.basename(program)} needs {library}: {why}'
                          for library in libraries
                          if os.path.basename(library).startswith(prefixes)]
        self.assertFalse(found, '\n' + '\n'.join(found))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
