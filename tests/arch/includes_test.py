"""Who may include what.  Usage: includes_test.py REPOSITORY.
SPDX-License-Identifier: Apache-2.0

FLOORS:    folder -> the folders below it on which it stands, and what it is for.
FORBIDDEN: folder -> header prefixes that it must not include, and why.
WRAPPED:   a library's headers -> the only folders that know them.
"""

import os
import re
import sys
import unittest

ROOT = os.path.realpath(sys.argv.pop(1)) if len(sys.argv) > 1 else os.getcwd()
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
TOPS = ('common/', 'dataplane/', 'ctrl/', 'agent-lite/')

# Lowest first: a folder may stand on folders above its line only, so there are no circles.  What is
# not named it must not know; the text says what would be lost.
FLOORS = [
    ('common/base/', (),
     'values, errors, files, log: everything stands on it'),
    ('common/wire/', ('common/base/',),
     'what boxes agree on is for dataplane, agents and tests alike'),
    ('common/event/', ('common/base/',),
     'the loop runs whatever it is given'),
    ('common/metrics/', ('common/base/',),
     'the table is generic: its rows are those of the programs'),
    ('common/yaml/', ('common/base/',),
     'the reader is generic: what the keys mean is said above'),
    ('common/netlink/', ('common/base/',),
     'netlink knows the kernel, no site and no number of ours'),
    ('common/dpapi/', ('common/base/',),
     'the API of the dataplane knows no Kubernetes'),
    ('common/settings/', ('common/base/', 'common/yaml/'),
     'a schema is generic: each program describes its own'),
    ('common/process/', ('common/base/', 'common/event/', 'common/metrics/', 'common/settings/'),
     'what every program begins and ends with, whatever it does between'),
    ('common/kube/', ('common/base/', 'common/yaml/'),
     'the client is generic: it knows no resource of ours'),
    ('common/model/', ('common/base/', 'common/wire/', 'common/kube/'),
     'the model is a pure view of objects: no kernel, no loop, no settings'),
    ('common/site/', ('common/base/', 'common/wire/', 'common/netlink/', 'common/settings/',
                      'common/kube/', 'common/model/'),
     'what both agents share has no loop and no metrics: each has its own'),
    ('agent-lite/', ('common/base/', 'common/wire/', 'common/event/', 'common/metrics/',
                     'common/netlink/', 'common/settings/', 'common/process/', 'common/kube/',
                     'common/model/', 'common/site/'),
     'plain nodes run without dataplane, DPDK, gRPC and IKE'),
    ('ctrl/ike/plugin/', ('common/dpapi/',),
     'charon loads it: plain C under the GPL, and the one header that is MIT'),
    ('ctrl/ike/vici/', ('common/base/',),
     'IKE knows SAs, not pools'),
    ('ctrl/ravenctl/', ('common/base/', 'common/dpapi/', 'common/process/', 'common/kube/',
                        'common/model/'),
     'ravenctl reads the APIs of the others, and nothing of their insides'),
    ('ctrl/controller/', ('common/base/', 'common/event/', 'common/metrics/', 'common/settings/',
                          'common/process/', 'common/kube/', 'common/model/'),
     'the controller sees Kubernetes only: no kernel, no dataplane'),
    ('ctrl/gateway-agent/', ('common/base/', 'common/wire/', 'common/event/', 'common/metrics/',
                             'common/netlink/', 'common/dpapi/', 'common/settings/',
                             'common/process/', 'common/kube/', 'common/model/', 'common/site/',
                             'ctrl/ike/vici/'),
     'where Kubernetes, kernel, IKE and dataplane meet; the way to the dataplane is its API'),
]

FORBIDDEN = [
    ('dataplane/', ('common/kube/', 'common/model/', 'common/site/', 'ctrl/', 'agent-lite/',
                    'curl/', 'nlohmann/'),
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


def floor_of(path):
    """The line of FLOORS for a file; None: its folder is in none."""
    return next((floor for floor in FLOORS if path.startswith(floor[0])), None)


class IncludesTest(unittest.TestCase):
    def setUp(self):
        self.includes = list(includes())

    def report(self, found):
        self.assertFalse(found, '\n' + '\n'.join(sorted(set(found))))

    def test_there_is_something_to_look_at(self):
        self.assertGreater(len(self.includes), 100)

    def test_each_floor_stands_on_floors_below_it(self):
        above = [folder for folder, _, _ in FLOORS]
        found = []
        for number, (folder, below, _) in enumerate(FLOORS):
            found += [f'{folder} stands on {other}: move its line below that one'
                      for other in below if other not in above[:number]]
        self.report(found)

    def test_a_folder_includes_only_what_it_stands_on(self):
        found = []
        for path, header in self.includes:
            floor = floor_of(path)
            if floor is None or not header.startswith(TOPS):
                continue
            folder, below, why = floor
            if not header.startswith((folder, *below)):
                found.append(f'{path} includes {header}: {why}')
        self.report(found)

    def test_a_folder_stands_on_nothing_that_it_does_not_include(self):
        used = {(floor[0], below) for path, header in self.includes
                for floor in [floor_of(path)] if floor
                for below in floor[1] if header.startswith(below)}
        self.report([f'{folder} does not include {other}: take it out of its line'
                     for folder, below, _ in FLOORS for other in below
                     if (folder, other) not in used])

    def test_every_folder_has_its_floor(self):
        self.report([f'{os.path.dirname(path)}/: give it a line in FLOORS'
                     for path, _ in self.includes
                     if path.startswith(('common/', 'ctrl/')) and floor_of(path) is None])

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
        named = [folder for folder, _, _ in FORBIDDEN + FLOORS]
        named += [owner for _, owners, _ in WRAPPED for owner in owners]
        self.report([f'{name} is gone: take it out of the table' for name in named
                     if not os.path.exists(f'{ROOT}/{name}')])


if __name__ == '__main__':
    unittest.main()
