"""The budgets and bans of tidy_test.py: numbers and tables, no code.
SPDX-License-Identifier: Apache-2.0
"""

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
LICENCE_WITHIN_LINES = 12

CODE = ('.h', '.c', '.cc', '.def')
SCRIPTS = ('.py', '.sh', '.cmake', 'CMakeLists.txt')
LICENSED = (*CODE, '.py', '.sh', '.proto', '.yaml')

# Files whose second line cannot be ours, or that are written by a program.
GENERATED = ('configs/dataplane.yaml', 'configs/gateway-agent.yaml', 'configs/controller.yaml',
             'configs/agent-lite.yaml', 'configs/settings.md', 'configs/metrics.md',
             'dataplane/RULES.md')

# Given to the compiler on its command line, never included.
UNGUARDED = ('ctrl/ike/plugin/charon_config.h',)

# Inputs of fuzz targets: no text, whatever they look like.
BYTES = 'tests/fuzz/corpus/'

# What a reader must not find: unfinished work, and the paths of one developer's machine.
BANNED_WORDS = [
    (r'\b(TO' r'DO|FIX' r'ME|X' r'XX|HA' r'CK)\b', 'finish it, or write an issue'),
    (r'(?<![\w.<"])/(?:home|Users|work)/\w', 'a path of one machine'),
]

# Folders that run for every packet.
HOT = ('dataplane/stage/', 'dataplane/ipsec/', 'dataplane/packet/', 'dataplane/pipeline/',
       'dataplane/inspect/')

BANNED_IN_HOT_CODE = [
    (r'\b(?:f|s|sn)?printf\s*\(|\bstd::c(?:out|err)\b|\blog::', 'no output in the packet path'),
    (r'\b(?:malloc|calloc|realloc|free|rte_malloc|rte_zmalloc|rte_free)\s*\(',
     'no allocation in the packet path'),
    (r'\bnew\s+[A-Za-z_]|\bmake_(?:unique|shared)\b', 'no allocation in the packet path'),
    (r'\bthrow\b', 'no exceptions in the packet path'),
    (r'\bstd::function\b', 'no hidden allocation and no indirect call in the packet path'),
    (r'\bvirtual\b', 'no virtual call in the packet path'),
    (r'\bstd::(?:mutex|lock_guard|scoped_lock|condition_variable)\b', 'no lock in the packet path'),
    (r'\b(?:sleep|usleep|nanosleep|gettimeofday|clock_gettime)\s*\(',
     'no syscall in the packet path'),
]

# (file, text in the line, why it may): lines in those folders that do not run for packets.
EXCEPTIONS = [
    ('dataplane/ipsec/cipher_key.cc', 'new CipherKey', 'made when an SA is installed'),
    ('dataplane/ipsec/cipher_library.cc', 'new CipherLibrary', 'made at start'),
    ('dataplane/ipsec/inbound_sa.cc', 'new InboundSa', 'made when an SA is installed'),
    ('dataplane/ipsec/inbound_sa.cc', 'new OuterAddresses',
     'the peer moved: the control thread replaces its addresses'),
    ('dataplane/ipsec/outbound_sa.cc', 'new OutboundSa', 'made when an SA is installed'),
    ('dataplane/ipsec/outer_header.cc', 'new OuterHeader', 'made when an SA is installed'),
    ('dataplane/ipsec/replay_window.cc', 'make_unique<uint64_t[]>', 'made with its SA'),
]

# The first page is read whole or not at all.
README_WORDS_MAX = 1500

# Texts name files with these; what begins with one of these folders is a path from the root.
NAMED_FROM_ROOT = ('common', 'dataplane', 'ctrl', 'agent-lite', 'configs', 'docs', 'perf',
                   'scripts', 'tests')
NAMED_SUFFIXES = ('h', 'c', 'cc', 'def', 'inc', 'proto', 'py', 'sh', 'cmake', 'dot', 'md', 'yaml',
                  'json', 'service', 'txt')
# Names in texts that are files of somebody else, or of a run.
NAMED_ELSEWHERE = ('dpdk-devbind.py',)
