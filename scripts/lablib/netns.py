"""Network namespaces: run commands in them, open sockets in them, find and end their processes."""
# SPDX-License-Identifier: Apache-2.0
import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time

CLONE_NEWNET = 0x40000000
NAMESPACE_FOLDER = "/run/netns"
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """What is wrong, where, and what to do about it; shown to the user as it is."""


def run(command, stdin=None, check=True):
    """Runs a command to its end and returns its standard output."""
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if check and result.returncode != 0:
        raise LabError(f"{' '.join(command)}: exit {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def path_of(namespace):
    return os.path.join(NAMESPACE_FOLDER, namespace)


def listed(prefix):
    """Names of the namespaces that begin with the prefix."""
    if not os.path.isdir(NAMESPACE_FOLDER):
        return []
    return sorted(n for n in os.listdir(NAMESPACE_FOLDER) if n.startswith(prefix))


def ip_batch(namespace, lines):
    """Runs `ip` commands, one per line, in a namespace; the first failure raises."""
    if lines:
        run(["ip", "-n", namespace, "-batch", "-"], stdin="\n".join(lines) + "\n")


def run_in(namespace, command, stdin=None, check=True):
    return run(["ip", "netns", "exec", namespace, *command], stdin=stdin, check=check)


@contextlib.contextmanager
def inside(namespace):
    """The calling thread is in the namespace: sockets opened here stay there for good."""
    home = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
    try:
        target = os.open(path_of(namespace), os.O_RDONLY)
    except OSError as error:
        os.close(home)
        raise LabError(f"no namespace {namespace}: is the lab up? ({error.strerror})") from error
    try:
        _set_namespace(target)
        yield
    finally:
        _set_namespace(home)
        os.close(target)
        os.close(home)


def _set_namespace(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise LabError(f"setns: {os.strerror(code)}: root is needed")


def processes_in(namespace):
    """Pids of all processes inside, whoever started them."""
    try:
        wanted = os.stat(path_of(namespace)).st_ino
    except OSError:
        return []
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{entry}/ns/net").st_ino == wanted:
                found.append(int(entry))
    return found


def end_processes(namespaces, grace_seconds=3.0):
    """SIGTERM, and SIGKILL after the grace, to all that runs in the namespaces."""
    deadline = time.monotonic() + grace_seconds
    number = signal.SIGTERM if grace_seconds > 0 else signal.SIGKILL
    asked = set()
    while True:
        alive = {pid for namespace in namespaces for pid in processes_in(namespace)}
        if not alive:
            return
        if time.monotonic() >= deadline:
            number = signal.SIGKILL
            asked.clear()
        for pid in alive - asked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                os.kill(pid, signal.SIGCONT)
        asked |= alive
        time.sleep(0.05)
