"""The command line of scripts/lab."""
# SPDX-License-Identifier: Apache-2.0
import argparse
import json
import os
import signal
import sys
import time

from . import capture, network, topology
from .arguments import ArgumentParser
from .lab import DEFAULTS, MANAGEMENT, Lab
from .netns import LabError


def say(text):
    print(f"lab: {text}", file=sys.stderr, flush=True)


def show(value):
    json.dump(value, sys.stdout, indent=2)
    print()


def command_up(lab, arguments):
    started = time.monotonic()
    lab.up(say, {"source": arguments.source, "keys": arguments.keys,
                 "workers": arguments.workers, "build": os.path.abspath(arguments.build)},
           gateways=not arguments.no_gateways)
    say(f"up in {time.monotonic() - started:.1f} s; state and logs in {lab.state}")


def command_down(lab, arguments):
    lab.down(keep_files=arguments.keep_files)


def command_exec(lab, arguments):
    """Replaces this process by the command."""
    lab.require_up()
    words = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not words:
        raise LabError("exec: no command: lab exec NODE -- COMMAND")
    os.environ["PATH"] = os.path.join(lab.options["build"], "bin") + ":" + os.environ["PATH"]
    if arguments.node in lab.hosts:
        line = lab.hosts[arguments.node].entering(words)
    elif any(arguments.node == pod.name for pod in topology.PODS):
        line = ["ip", "netns", "exec", f"{lab.name}-{arguments.node}", *words]
    else:
        raise LabError(f"no box or pod {arguments.node!r}: see `lab pods` and `lab status`")
    os.execvp(line[0], line)


def command_kubectl(lab, arguments):
    arguments.node = MANAGEMENT
    if lab.options["source"] != "api":
        raise LabError("this lab has no API server: its objects are in " + lab.cluster.folder)
    arguments.command = ["sh", "-c", '. "$0" >/dev/null && exec "$RAVEN_KUBE_KUBECTL" "$@"',
                         os.path.join(lab.cluster.folder, "env"), *arguments.command]
    command_exec(lab, arguments)


def command_pods(_lab, _arguments):
    show([{"name": pod.name, "node": pod.node, "site": pod.site, "ipv4": pod.v4, "ipv6": pod.v6}
          for pod in topology.PODS])


def command_status(lab, _arguments):
    lab.require_up()
    show({"lab": lab.name, "state": lab.state, "options": lab.options,
          "active_gateways": lab.active_gateways(), "processes": lab.process_states()})


def command_capture(lab, arguments):
    """Records for some seconds, or until interrupted, what the sites send into the WAN."""
    lab.require_up()
    recorder = capture.Recorder(f"{lab.name}-wan", network.wan_links(), pcap=arguments.pcap)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        time.sleep(arguments.seconds)
    except KeyboardInterrupt:
        pass
    show(recorder.stop())


def command_kill(lab, arguments):
    """A whole box, or one process of it."""
    lab.require_up()
    if arguments.process:
        number = getattr(signal, f"SIG{arguments.signal}")
        pid = lab.hosts[arguments.node].kill(arguments.process, number)
        say(f"sent SIG{arguments.signal} to {arguments.process} ({pid}) of {arguments.node}")
    else:
        lab.kill_box(arguments.node)
        say(f"{arguments.node} is off")


def command_start(lab, arguments):
    lab.require_up()
    lab.start_box(arguments.node)


def command_logs(lab, arguments):
    print(lab.hosts[arguments.node].log_tail(arguments.process, arguments.lines), end="")


def make_parser():
    parser = ArgumentParser(
        prog="lab", description="Three sites with gateway boxes, plain nodes and pods, as network "
        "namespaces of this machine.  Output on stdout is JSON.")
    parser.add_argument("--name", default=os.environ.get("RAVEN_LAB", "lab"),
                        help="which lab; several can be up at a time (default: lab)")
    commands = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    up = add(commands, "up", command_up, "build the network and start all processes")
    up.add_argument("--source", choices=("api", "dir"), default=DEFAULTS["source"],
                    help="a real kube-apiserver, or a directory of manifests")
    up.add_argument("--keys", choices=("ike", "static"), default=DEFAULTS["keys"])
    up.add_argument("--workers", type=int, default=DEFAULTS["workers"], help="per dataplane")
    up.add_argument("--build", default=DEFAULTS["build"], help="build folder with bin/")
    up.add_argument("--no-gateways", action="store_true", help="leave the Gateways to the user")

    down = add(commands, "down", command_down, "end all processes and remove everything")
    down.add_argument("--keep-files", action="store_true", help="keep logs and configuration")

    run = add(commands, "exec", command_exec, "run a command on a box or in a pod")
    run.add_argument("node")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    kubectl = add(commands, "kubectl", command_kubectl, "kubectl as the administrator")
    kubectl.add_argument("command", nargs=argparse.REMAINDER)

    add(commands, "pods", command_pods, "list the pods")
    add(commands, "status", command_status, "processes, restarts and active gateways")
    record = add(commands, "capture", command_capture, "count what the sites send into the WAN")
    record.add_argument("--seconds", type=float, default=10.0)
    record.add_argument("--pcap", help="write frames that should not be there to this file")

    kill = add(commands, "kill", command_kill, "power off a box, or signal one of its processes")
    kill.add_argument("node")
    kill.add_argument("process", nargs="?")
    kill.add_argument("--signal", default="KILL", choices=("KILL", "TERM", "STOP", "CONT", "HUP"))
    start = add(commands, "start", command_start, "power on a box that was killed")
    start.add_argument("node")
    logs = add(commands, "logs", command_logs, "end of the log of a process")
    logs.add_argument("node")
    logs.add_argument("process")
    logs.add_argument("--lines", type=int, default=50)
    return parser


def add(commands, name, function, text):
    command = commands.add_parser(name, help=text, description=text)
    command.set_defaults(function=function)
    return command


def main():
    arguments = make_parser().parse_args()
    try:
        arguments.function(Lab(arguments.name), arguments)
    except (LabError, KeyError) as error:
        print(f"lab: error: {error.args[0]}", file=sys.stderr)
        return 69
    except BrokenPipeError:
        return 0
    return 0
