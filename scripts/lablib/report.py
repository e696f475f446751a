"""Checks with a verdict each, and how they are shown: a table for people, JSON for machines."""
# SPDX-License-Identifier: Apache-2.0
import json
import sys
import time

from . import page


class Report:
    def __init__(self, title):
        self.title = title
        self.facts = {}
        self.checks = []
        self._started = time.monotonic()

    def step(self, text):
        print(f"\n[{time.monotonic() - self._started:6.1f} s] {text}", file=sys.stderr, flush=True)

    def note(self, text):
        print(f"           {text}", file=sys.stderr, flush=True)

    def check(self, name, held, detail=""):
        """Records whether something held."""
        self.checks.append({"name": name, "held": bool(held), "detail": str(detail)})
        self.note(f"{'ok  ' if held else 'FAIL'} {name}: {detail}")

    @property
    def passed(self):
        return bool(self.checks) and all(check["held"] for check in self.checks)

    def as_dict(self):
        return {**self.facts, "checks": self.checks,
                "seconds": round(time.monotonic() - self._started, 1),
                "result": "pass" if self.passed else "fail"}

    def write_json(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.as_dict(), file, indent=2)
            file.write("\n")

    def write_page(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(page.page(self.title, self.as_dict()))

    def table(self):
        width = max([len(check["name"]) for check in self.checks] + [len("check")])
        lines = [self.title, "", f"{'check':{width}}  held  detail",
                 f"{'-' * width}  ----  {'-' * 50}"]
        lines += [f"{check['name']:{width}}  {'yes ' if check['held'] else 'NO  '}  "
                  f"{check['detail']}" for check in self.checks]
        return "\n".join([*lines, "", f"result: {self.as_dict()['result']}"])
