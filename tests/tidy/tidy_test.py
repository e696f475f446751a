#!/usr/bin/python3
"""Rules of style that a program can check; rules.py holds them.  Usage: tidy_test.py REPOSITORY.
SPDX-License-Identifier: Apache-2.0
"""

import os
import re
import subprocess
import sys
import unittest

import rules

ROOT = os.path.realpath(sys.argv.pop(1)) if len(sys.argv) > 1 else os.getcwd()
COMMENT = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'""", re.DOTALL)
TYPE_HEAD = re.compile(r'\s*(?:namespace|class|struct|enum|union|extern)\b')


def tracked():
    """Paths that git knows; without a repository (a release archive), all files.  No pictures."""
    listed = subprocess.run(['git', '-C', ROOT, 'ls-files', '-z'], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
    if listed.returncode == 0:
        names = listed.stdout.decode().split('\0')
    else:
        names = [os.path.relpath(f'{folder}/{name}', ROOT)
                 for folder, _, files in os.walk(ROOT) for name in files]
    return sorted(name for name in names
                  if name and not name.startswith('build/') and not name.endswith('.png')
                  and os.path.isfile(f'{ROOT}/{name}'))


def read(path):
    with open(f'{ROOT}/{path}', encoding='utf-8', errors='replace') as file:
        return file.read()


def without_comments(text):
    """The code alone, line by line as it was."""
    return COMMENT.sub(lambda found: '\n' * found.group().count('\n'), text)


def long_functions(text):
    """(first line, length) of the functions in code without comments that are beyond the budget.

    A function is a block whose head holds parentheses, outside of any other such block."""
    depth, head, line = 0, '', 1
    opened = None  # (depth, line) of the function that we are in
    for character in text:
        line += character == '\n'
        if character == '{':
            if opened is None and '(' in head and not TYPE_HEAD.match(head):
                opened = (depth, line)
            depth += 1
        elif character == '}':
            depth -= 1
            if opened is not None and opened[0] == depth:
                length = line - opened[1] + 1
                if length > rules.FUNCTION_LINES_MAX:
                    yield opened[1], length
                opened = None
        head = '' if character in ';{}' else head + character


class TidyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = tracked()

    def of(self, *suffixes):
        return [path for path in self.files if path.endswith(suffixes)]

    def report(self, found):
        self.assertFalse(found, '\n' + '\n'.join(found))

    def test_there_is_something_to_look_at(self):
        self.assertGreater(len(self.of('.cc')), 50)

    def test_files_stay_within_the_length_budget(self):
        found = []
        for path in self.of(*rules.CODE, *rules.SCRIPTS):
            length = read(path).count('\n')
            if length > rules.FILE_LINES_MAX:
                found.append(f'{path}: {length} lines, at most {rules.FILE_LINES_MAX}: split it')
        self.report(found)

    def test_functions_stay_within_the_length_budget(self):
        self.report([f'{path}:{line}: {length} lines, at most {rules.FUNCTION_LINES_MAX}: split it'
                     for path in self.of('.cc', '.h', '.c')
                     for line, length in long_functions(without_comments(read(path)))])

    def test_lines_stay_within_the_page(self):
        found = []
        for path in self.of('.h', '.c', '.cc', *rules.SCRIPTS):
            for number, line in enumerate(read(path).split('\n'), 1):
                if len(line) > rules.COLUMNS_MAX and 'http' not in line:
                    found.append(f'{path}:{number}: {len(line)} columns')
        self.report(found)

    def test_every_file_names_its_licence(self):
        found = []
        for path in self.of(*rules.LICENSED):
            if path in rules.GENERATED:
                continue
            head = read(path).split('\n')[:rules.LICENCE_WITHIN_LINES]
            if not any('SPDX-License-Identifier: ' in line for line in head):
                found.append(f'{path}: no SPDX-License-Identifier in the first lines')
        self.report(found)

    def test_headers_are_guarded(self):
        guard = re.compile(r'^#(?:pragma once|ifndef \w+_H_?)$', re.MULTILINE)
        self.report([f'{path}: no #pragma once' for path in self.of('.h')
                     if not guard.search(read(path)) and path not in rules.UNGUARDED])

    def test_nothing_unfinished_and_nothing_private_is_left(self):
        found = []
        for path in self.files:
            if path == 'LICENSE' or path.startswith(rules.BYTES):
                continue
            for number, line in enumerate(read(path).split('\n'), 1):
                found += [f'{path}:{number}: {why}: {line.strip()[:80]}'
                          for pattern, why in rules.BANNED_WORDS if re.search(pattern, line)]
        self.report(found)

    def test_cases_of_tests_are_named_as_sentences_in_camel_case(self):
        odd = re.compile(r'^TEST(?:_F|_P)?\(\s*\w+,\s*((?:[a-z]\w*|\w*_\w*))\)', re.MULTILINE)
        self.report([f'{path}: {name}: write it LikeThisSentence'
                     for path in self.of('_test.cc') for name in odd.findall(read(path))])

    def test_hot_code_does_nothing_slow(self):
        found = []
        for path in self.of('.h', '.cc'):
            if not path.startswith(rules.HOT):
                continue
            for number, line in enumerate(without_comments(read(path)).split('\n'), 1):
                if any(path == file and text in line for file, text, _ in rules.EXCEPTIONS):
                    continue
                found += [f'{path}:{number}: {why}: {line.strip()[:80]}'
                          for pattern, why in rules.BANNED_IN_HOT_CODE if re.search(pattern, line)]
        self.report(found)

    def test_the_list_of_exceptions_holds_only_what_is_there(self):
        self.report([f'{path}: no "{text}" there' for path, text, _ in rules.EXCEPTIONS
                     if path not in self.files or text not in read(path)])

    def test_every_source_file_is_built(self):
        found = []
        for path in self.of('.cc'):
            folder, name = os.path.split(path)
            beside = f'{folder}/CMakeLists.txt'
            above = f'{os.path.dirname(folder)}/CMakeLists.txt'
            listed = name in read(beside) if os.path.exists(f'{ROOT}/{beside}') else False
            if not listed and os.path.exists(f'{ROOT}/{above}'):
                listed = f'{os.path.basename(folder)}/{name}' in read(above)
            if not listed:
                found.append(f'{path}: in no CMakeLists.txt of its folder: a dead file')
        self.report(found)


if __name__ == '__main__':
    unittest.main()
