"""One machine of the lab while it runs: its private /run in RAM, its processes, commands inside."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from .netns import LabError, end_processes, processes_in, run

SCRIPTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# In the mount namespace that `ip netns exec` makes, /run is the machine's own.
ENTER = 'mount --bind "$1" /run && shift && exec "$@"'


class Host:
    """A box, or the management host.  `folder` holds run/, etc/, state/, log/ and keepers/."""

    def __init__(self, lab, name, folder):
        self.lab, self.name, self.folder = lab, name, folder
        self.namespace = f"{lab}-{name}"

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def make_folders(self):
        for part in ("run", "etc", "state", "log", "keepers"):
            os.makedirs(self.path(part), exist_ok=True)
        run(["mount", "-t", "tmpfs", "-o", "mode=755,size=64m", "raven-lab", self.path("run")])
        os.makedirs(self.path("run", "raven-gateway"))
        for private in ("etc", "state"):
            os.chmod(self.path(private), 0o700)

    def write(self, part, text, mode=0o600):
        """Writes etc/... and returns the path."""
        path = self.path("etc", part)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w",
                  encoding="utf-8") as file:
            file.write(text)
        return path

    def entering(self, command):
        """The command line that runs a command inside."""
        return ["ip", "netns", "exec", self.namespace, "sh", "-c", ENTER, "sh",
                self.path("run"), *command]

    def start(self, process, command):
        """Starts a kept process; its output goes to log/<process>.log."""
        keeper = [sys.executable, "-m", "lablib.keeper", self.path("keepers", process),
                  self.path("log", f"{process}.log"), "--", *command]
        # setsid --fork: the keeper is nobody's child, and outlives this program.
        subprocess.run(["setsid", "--fork", *self.entering(keeper)], check=True, cwd=SCRIPTS,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def run(self, command, timeout=30):
        """Runs a command inside and returns the finished process, output captured."""
        return subprocess.run(self.entering(command), capture_output=True, text=True, check=False,
                              timeout=timeout)

    def processes(self):
        """name -> {pid, restarts, last_exit} of the kept processes."""
        states = {}
        folder = self.path("keepers")
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if not name.endswith(".new"):
                with open(os.path.join(folder, name), encoding="ascii") as file:
                    states[name] = json.load(file)
        return states

    def kill(self, process, number=signal.SIGKILL):
        """Sends a signal to a kept process; its keeper starts it again.  Returns the pid."""
        pid = self.processes().get(process, {}).get("pid")
        if not pid or pid not in processes_in(self.namespace):
            raise LabError(f"{process} does not run on {self.name}")
        os.kill(pid, number)
        return pid

    def power_off(self):
        """Everything that runs on the machine dies at once; /run does not outlive it."""
        end_processes([self.namespace], grace_seconds=0)
        self.lose_memory()
        shutil.rmtree(self.path("keepers"))
        self.make_folders()

    def lose_memory(self):
        """What is in /run is gone."""
        if os.path.ismount(self.path("run")):
            run(["umount", "--lazy", self.path("run")])

    def log_tail(self, process, lines=15):
        try:
            with open(self.path("log", f"{process}.log"), encoding="utf-8",
                      errors="replace") as file:
                return "".join(file.readlines()[-lines:])
        except OSError:
            return ""


def wait_for(what, condition, seconds, interval=0.05):
    """Waits until condition() is true; returns its value.  LabError after the time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds:g} s for {what}, without success")
        time.sleep(interval)
