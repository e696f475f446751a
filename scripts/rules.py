#!/usr/bin/python3
"""Writes dataplane/RULES.md: the rules of dataplane/rules.def and the tests that prove them.

  scripts/rules.py [--check]

  --check  change nothing; exit 1 when the file is stale
Exits 1 when a rule has no test that shows that it holds, or none that shows what it refuses.
SPDX-License-Identifier: Apache-2.0
"""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / 'dataplane' / 'RULES.md'
RULE = re.compile(r'^RULE\((\d+), "([^"]*)", "([^"]*)", "([^"]*)"\)$', re.MULTILINE)
MARK = re.compile(r'^\s*(?://|#) (?=Rule \d+: )(.*)$')
CLAIM = re.compile(r'Rule (\d+): (holds|refuses)\b')
TEST = re.compile(r'^\s*(?:TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\s*\)|def (test_\w+)\()')
HEAD = """# Rules of the standards, and the tests that prove them

Written by scripts/rules.py from rules.def and the tests: do not edit.  "Holds" are tests in which
what the rule allows or demands happens, "refuses" those in which what it forbids does not.

| rule | level | RFC | what | holds | refuses |
|---|---|---|---|---|---|
"""


def read_rules():
    text = (ROOT / 'dataplane' / 'rules.def').read_text(encoding='utf-8')
    return {int(number): rest for number, *rest in RULE.findall(text)}


def claims_of(path):
    """(rule, sign, test) of one file; a mark counts for the test that follows."""
    marks = []
    for line in path.read_text(encoding='utf-8').splitlines():
        mark = MARK.match(line)
        if mark:
            marks += CLAIM.findall(mark.group(1))
            continue
        test = TEST.match(line)
        if test and marks:
            name = '.'.join(part for part in test.groups() if part)
            yield from ((int(rule), sign, name) for rule, sign in marks)
            marks = []
    if marks:
        raise SystemExit(f'rules: error: {path}: a mark without a test behind it')


def read_proofs():
    proofs = collections.defaultdict(list)
    for path in sorted([*ROOT.glob('tests/**/*.cc'), *ROOT.glob('tests/**/*.py')]):
        for rule, sign, name in claims_of(path):
            proofs[rule, sign].append((name, path.relative_to(ROOT)))
    return proofs


def cell(tests):
    return '<br>'.join(f'[{name}](../{path})' for name, path in tests)


def render(rules, proofs):
    rows = [f'| {number} | {level} | {rfc} | {what} | {cell(proofs[number, "holds"])} '
            f'| {cell(proofs[number, "refuses"])} |\n'
            for number, (rfc, level, what) in sorted(rules.items())]
    return HEAD + ''.join(rows)


def problems(rules, proofs):
    for number in sorted(rules):
        for sign in ('holds', 'refuses'):
            if not proofs[number, sign]:
                yield f'rule {number} has no test with the mark "Rule {number}: {sign}"'
    for number, _ in sorted(proofs):
        if number not in rules:
            yield f'a test has a mark for rule {number}, which is not in dataplane/rules.def'


def main():
    rules, proofs = read_rules(), read_proofs()
    faults = list(problems(rules, proofs))
    text = render(rules, proofs)
    if '--check' not in sys.argv:
        TABLE.write_text(text, encoding='utf-8')
    elif not TABLE.exists() or TABLE.read_text(encoding='utf-8') != text:
        faults.append('dataplane/RULES.md is stale: run scripts/rules.py')
    for fault in faults:
        print(f'rules: error: {fault}', file=sys.stderr)
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
