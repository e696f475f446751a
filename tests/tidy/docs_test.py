#!/usr/bin/python3
"""What the texts of the project name exists: files, folders, links.
Usage: docs_test.py REPOSITORY.
SPDX-License-Identifier: Apache-2.0
"""

import glob
import os
import re
import sys
import unittest

import rules
from tidy_test import ROOT, read, tracked

LINK = re.compile(r'\]\(([^()\s]+)\)')
# From the root, anywhere in a text: a command in a code block as well.
ROOTED = re.compile(r'(?<![\w./<-])((?:%s)/[\w./*{},<>-]*)' % '|'.join(rules.NAMED_FROM_ROOT))
# In backquotes, as short as a reader still understands: the end of a path.
SHORT = re.compile(r'`(?:\.\./)*([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:%s)))`'
                   % '|'.join(rules.NAMED_SUFFIXES))
FENCE = re.compile(r'^```.*?^```', re.MULTILINE | re.DOTALL)


def expanded(path):
    """a{b,c}d -> abd, acd."""
    braces = re.search(r'\{([^{}]*)\}', path)
    if not braces:
        return [path]
    return [one for choice in braces[1].split(',')
            for one in expanded(path[:braces.start()] + choice + path[braces.end():])]


def anchors(text):
    """The names that GitHub gives the headings of a text."""
    headings = re.findall(r'^#+ +(.+?) *$', FENCE.sub('', text), re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings}


class DocsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        files = tracked()
        cls.texts = [path for path in files if path.endswith('.md')]
        folders = {os.path.dirname(path) for path in files}
        folders |= {parent for folder in folders for parent in parents(folder)}
        cls.endings = {ending for path in (*files, *(f'{folder}/' for folder in folders))
                       for ending in endings(path)}

    def report(self, found):
        self.assertFalse(found, '\n' + '\n'.join(found))

    def test_there_is_something_to_look_at(self):
        self.assertGreater(len(self.texts), 10)

    def test_the_first_page_is_short(self):
        self.assertLessEqual(len(read('README.md').split()), rules.README_WORDS_MAX)

    def test_links_lead_to_a_file_and_to_a_heading_of_it(self):
        found = []
        for path in self.texts:
            for target in LINK.findall(FENCE.sub('', read(path))):
                if re.match(r'[a-z]+:', target):
                    continue
                name, _, anchor = target.partition('#')
                file = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
                if not os.path.exists(f'{ROOT}/{file}'):
                    found.append(f'{path}: link to {target}: no {file}')
                elif anchor and anchor not in anchors(read(file)):
                    found.append(f'{path}: link to {target}: no such heading in {file}')
        self.report(found)

    def test_paths_from_the_root_exist(self):
        self.report([f'{path}: {name} is not there' for path in self.texts
                     for found in ROOTED.findall(read(path)) for name in expanded(found)
                     if '<' not in name and not self.there(name.rstrip('.,'))])

    def test_short_paths_are_the_end_of_one(self):
        self.report([f'{path}: `{name}`: no path ends so' for path in self.texts
                     for name in SHORT.findall(FENCE.sub('', read(path)))
                     if name not in self.endings and name not in rules.NAMED_ELSEWHERE
                     and not name.startswith('build/')])

    def test_the_changelog_begins_with_the_version_of_the_build(self):
        version = re.search(r'project\(\S+ VERSION (\S+)', read('CMakeLists.txt'))[1]
        newest = re.search('^## (.*)$', read('CHANGELOG.md'), re.MULTILINE)[1]
        self.assertEqual(newest.split()[0], version)

    @staticmethod
    def there(path):
        return bool(glob.glob(f'{ROOT}/{path}'))


def parents(folder):
    while folder:
        yield folder
        folder = os.path.dirname(folder)


def endings(path):
    parts = path.split('/')
    return ('/'.join(parts[first:]) for first in range(len(parts) - path.endswith('/')))


if __name__ == '__main__':
    unittest.main()
