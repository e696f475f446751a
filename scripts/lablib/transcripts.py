"""What the demo and ravenctl print, kept in docs/transcripts: is a kept text still true?

    python3 -m lablib.transcripts FRESH KEPT      two folders of text files

Figures differ from run to run, so that shapes are compared: the command, the headers of tables, the
labels of rows, the names of checks.  Exit 1, with the command that writes the kept files anew, when
they differ.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import re
import sys

REGENERATE = "sudo scripts/demo.sh --transcripts docs/transcripts"
HEADER = re.compile(r"^ *[A-Z][A-Z_/]*(?: {2,}[A-Z][A-Z_/]*)+$")
VALUE = re.compile(r"\b(?:[0-9]+[hms])+\b|[0-9a-f]*[0-9][0-9a-f.:]*")
LABELLED_BY = {"AFTER_US": "STAGE"}  # first column of a table -> the column with its labels
CHANGING = ("DROP",)  # first columns of tables whose rows depend on what happens just then


def shape(text):
    """The lines of a transcript without what differs between two runs of the same program."""
    kept, header = [], ()
    for line in text.splitlines():
        if line.startswith("WARNING: "):
            continue  # about this run, such as a machine that was too busy
        cells = re.split(" {2,}", line.strip())
        if HEADER.match(line) or line.startswith("check "):
            header = line.split()
            kept.append(" ".join(header))
        elif len(cells) != len(header):  # no row, so that the table has ended
            header = ()
            kept += [without_values(line)] * bool(line)
        elif header[0] not in CHANGING and not line.startswith("-----"):
            label = header.index(LABELLED_BY.get(header[0], header[0]))
            kept.append(without_values(cells[label]))
    return kept


def without_values(text):
    """Numbers and addresses masked, and the source of the objects, which is the caller's choice."""
    return VALUE.sub("#", re.sub(r"--source \S+", "--source #", text)).strip()


def differences(fresh, kept):
    """How two folders differ, as texts; [] when each kept file has the shape of a fresh one."""
    names = sorted(set(os.listdir(fresh)) | set(os.listdir(kept)))
    found = []
    for name in names:
        paths = [os.path.join(folder, name) for folder in (fresh, kept)]
        absent = [path for path in paths if not os.path.exists(path)]
        if absent:
            found.append(f"no {absent[0]}")
            continue
        now, then = (shape(read(path)) for path in paths)
        lines = [f"- {line}" for line in then if line not in now]
        lines += [f"+ {line}" for line in now if line not in then]
        if not lines and now != then:
            lines.append("the same lines, in another order or number")
        found += [f"{name}: {line}" for line in lines]
    return found


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(folder, texts):
    """One file for each name, and no other."""
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        if name.endswith(".txt"):
            os.unlink(os.path.join(folder, name))
    for name, text in texts.items():
        with open(os.path.join(folder, f"{name}.txt"), "w", encoding="utf-8") as file:
            file.write(text.rstrip() + "\n")


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 64
    found = differences(*sys.argv[1:])
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print(f"transcripts: error: stale: run {REGENERATE}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
