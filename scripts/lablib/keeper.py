"""Keeps one process of the lab running, as systemd does with our units.

    python3 -m lablib.keeper STATE_FILE LOG_FILE -- COMMAND...

Starts the command again when it ends: at once if it ran, later and later if it does not even start,
and not at all when it says that its command line or configuration is wrong (64, 78).  STATE_FILE
holds pid, number of restarts and the last exit as JSON.  SIGTERM is passed on; then the keeper ends
too.
"""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import signal
import subprocess
import sys
import time

# The least is that of raven-dataplane.service.
RESTART_SECONDS_MIN, RESTART_SECONDS_MAX, STABLE_SECONDS = 0.001, 2.0, 0.5
HOPELESS_EXITS = (64, 78)


class Keeper:
    def __init__(self, state_file, log_file, command):
        self._state_file, self._log_file, self._command = state_file, log_file, command
        self._child = None
        self._stopping = False
        self._restarts = 0
        self._last_exit = None

    def stop(self, *_):
        self._stopping = True
        if self._child:
            self._child.terminate()

    def run(self):
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        delay = RESTART_SECONDS_MIN
        while not self._stopping:
            started = time.monotonic()
            self._last_exit = self._run_once()
            if self._stopping or self._last_exit in HOPELESS_EXITS:
                break
            if time.monotonic() - started > STABLE_SECONDS:
                delay = RESTART_SECONDS_MIN
            time.sleep(delay)
            delay = min(delay * 2, RESTART_SECONDS_MAX)
            self._restarts += 1
        self._write_state(0)

    def _run_once(self):
        with open(self._log_file, "ab", buffering=0) as log:
            self._child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=log)
            self._write_state(self._child.pid)
            if self._stopping:
                self._child.terminate()
            code = self._child.wait()
            log.write(b"keeper: ended with %d\n" % code)
        self._write_state(0, code)
        return code

    def _write_state(self, pid, code=None):
        state = {"pid": pid, "restarts": self._restarts,
                 "last_exit": self._last_exit if code is None else code}
        temporary = self._state_file + ".new"
        with open(temporary, "w", encoding="ascii") as file:
            json.dump(state, file)
        os.replace(temporary, self._state_file)


if __name__ == "__main__":
    separator = sys.argv.index("--")
    Keeper(*sys.argv[1:separator], sys.argv[separator + 1:]).run()
