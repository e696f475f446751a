#!/usr/bin/python3
"""Who may include what.  Usage: includes_test.py REPOSITORY.
SPDX-License-Identifier: Apache-2.0

FORBIDDEN: folder -> header prefixes that it must not include, and why.
WRAPPED:   a library's headers -> the only folders that know them.
"""

import os
import re
import sys
import unittest

ROOT = os.path.realpath(sys.argv.pop(1)) if len(sys.argv) > 1 else os.getcwd()
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
PROGRAMS = ('dataplane/', 'ctrl/', 'agent-lite/')
KUBERNETES = ('common/kube/', 'common/model/')

FORBIDDEN = [
    ('common/', PROGRAMS, 'shared code knows no program'),
    ('common/base/', ('common/event/', 'common/metrics/', 'common/settings/', 'common/process/',
                      'common/netlink/', 'common/dpapi/', 'common/yaml/', *KUBERNETES),
     'everything else stands on base'),
    ('common/kube/', ('common/model/', 'common/netlink/', 'common/dpapi/'),
     'the client is generic: it knows no resource of ours'),
    ('common/model/', ('common/event/', 'common/metrics/', 'common/settings/', 'common/process/',
                       'common/netlink/'),
     'the model is a pure view of objects'),
    ('common/netlink/', (*KUBERNETES, 'common/dpapi/'), 'netlink knows the kernel, nothing above'),
    ('common/dpapi/', (*KUBERNETES, 'common/netlink/'), 'the dataplane API knows no Kubernetes'),
    ('dataplane/', (*KUBERNETES, 'ctrl/', 'agent-lite/', 'curl/', 'nlohmann/'),
     'the dataplane forwards without Kubernetes and must not depend on it'),
    ('dataplane/ipsec/', ('rte_', 'dataplane/packet/', 'dataplane/port/', 'dataplane/stage/',
                          'dataplane/table/', 'dataplane/worker/', 'dataplane/engine/'),
     'ESP is a pure library over bytes, tested without DPDK'),
    ('dataplane/decide/', ('dataplane/engine/', 'dataplane/filter/', 'dataplane/mirror/',
                           'dataplane/report/', 'dataplane/sa/', 'dataplane/server/',
                           'dataplane/worker/', 'common/event/'),
     'what decides is pure: the engine carries it out'),
    ('dataplane/engine/', ('dataplane/report/', 'dataplane/server/', 'grpc'),
     'the engine works the same whether anybody asks about it or not'),
    ('dataplane/report/', ('dataplane/server/', 'grpc'), 'a report does not know who asked'),
    ('dataplane/packet/', ('dataplane/port/', 'dataplane/stage/', 'dataplane/table/',
                           'dataplane/worker/', 'dataplane/engine/'),
     'tables, ports and stages stand on packets'),
    ('ctrl/', ('dataplane/', 'agent-lite/', 'rte_'), 'the only way to the dataplane is its API'),
    ('ctrl/controller/', ('common/dpapi/', 'common/netlink/', 'common/site/', 'ctrl/gateway-agent/',
                          'ctrl/ike/', 'ctrl/ravenctl/', 'grpc'),
     'the controller sees Kubernetes only'),
    ('ctrl/gateway-agent/', ('ctrl/controller/', 'ctrl/ravenctl/'),
     'programs do not share insides'),
    ('ctrl/ike/', (*KUBERNETES, 'ctrl/controller/', 'ctrl/gateway-agent/', 'ctrl/ravenctl/'),
     'IKE knows SAs, not pools'),
    ('ctrl/ravenctl/', ('ctrl/controller/', 'ctrl/gateway-agent/', 'ctrl/ike/', 'common/netlink/'),
     'ravenctl reads APIs only'),
    ('agent-lite/', ('dataplane/', 'ctrl/', 'rte_', 'grpc', 'common/dpapi/'),
     'plain nodes run without dataplane, DPDK, gRPC and IKE'),
]

WRAPPED = [
    ('curl/', ('common/kube/',), 'one HTTP client'),
    ('nlohmann/', ('common/kube/json.h', 'common/kube/json_value.h'),
     'one JSON library, one wrapper'),
    ('yaml-cpp/', ('common/yaml/', 'common/kube/'), 'one strict YAML reader'),
    ('prometheus/', ('common/metrics/',), 'one exposition'),
    ('Civet', ('common/metrics/',), 'one HTTP endpoint'),
    ('CLI/', ('common/process/', 'ctrl/ravenctl/', 'dataplane/', 'perf/'), 'one command line'),
    ('netlink/', ('common/netlink/', 'dataplane/mirror/'),
     'netlink is spoken in one library, and by the mirror that must live without it'),
    ('grpc', ('common/dpapi/', 'dataplane/server/', 'ctrl/ravenctl/', 'ctrl/gateway-agent/',
              'tests/'),
     'gRPC is for the dataplane API'),
    ('rte_', ('dataplane/', 'perf/', 'tests/unit/dataplane/', 'tests/integration/', 'tests/fuzz/'),
     'DPDK is for the dataplane'),
    ('intel-ipsec-mb', ('dataplane/ipsec/', 'perf/', 'tests/unit/dataplane/ipsec/'),
     'one crypto layer'),
]


def includes():
    """(file, header) of every #include of ours."""
    for top in ('common', 'dataplane', 'ctrl', 'agent-lite', 'perf', 'tests'):
        for folder, _, names in os.walk(f'{ROOT}/{top}'):
            for name in sorted(names):
                if not name.endswith(('.h', '.c', '.cc', '.def')):
                    continue
                path = f'{folder}/{name}'
                with open(path, encoding='utf-8') as file:
                    for header in INCLUDE.findall(file.read()):
                        yield os.path.relpath(path, ROOT), header


class IncludesTest(unittest.TestCase):
    def setUp(self):
        self.includes = list(includes())

    def report(self, found):
        self.assertFalse(found, '\n' + '\n'.join(sorted(set(found))))

    def test_there_is_something_to_look_at(self):
        self.assertGreater(len(self.includes), 100)

    def test_no_folder_includes_what_it_must_not_know(self):
        self.report([f'{path} includes {header}: {why}'
                     for path, header in self.includes for folder, headers, why in FORBIDDEN
                     if path.startswith(folder) and header.startswith(headers)])

    def test_a_wrapped_library_is_included_by_its_wrapper_only(self):
        self.report([f'{path} includes {header}: {why}; use {" or ".join(owners)}'
                     for path, header in self.includes for prefix, owners, why in WRAPPED
                     if header.startswith(prefix) and not path.startswith(owners)])

    def test_own_headers_are_named_from_the_root(self):
        tops = ('common/', 'dataplane/', 'ctrl/', 'agent-lite/', 'perf/', 'tests/')
        wrong = []
        for path, header in self.includes:
            # The charon plugin is built beside strongSwan's own headers, under another licence.
            if header.startswith(tops) or path.startswith('ctrl/ike/plugin/'):
                continue
            if os.path.exists(os.path.join(ROOT, os.path.dirname(path), header)):
                wrong.append(f'{path} includes {header}: name it from the root')
        self.report(wrong)

    def test_every_folder_of_the_tables_exists(self):
        named = [folder for folder, _, _ in FORBIDDEN]
        named += [owner for _, owners, _ in WRAPPED for owner in owners]
        self.report([f'{name} is gone: take it out of the table' for name in named
                     if not os.path.exists(f'{ROOT}/{name}')])


if __name__ == '__main__':
    unittest.main()
