"""Command lines that end as the programs do: 64 when they are wrong (docs/README.md)."""
# SPDX-License-Identifier: Apache-2.0
import argparse
import sys

EXIT_USAGE = 64


class ArgumentParser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: error: {message}\n")
