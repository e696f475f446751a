"""Which programs run on which machine of the lab, with what configuration."""
# SPDX-License-Identifier: Apache-2.0
import base64
import os

import yaml

from . import static_keys
from .cluster import ROOT
from .host import wait_for
from .keeper import HOPELESS_EXITS
from .netns import LabError

CHARON = "/usr/lib/ipsec/charon"
PROGRAMS = ("raven-dataplane", "raven-gateway-agent", "raven-controller", "raven-agent-lite",
            "ravenctl")
PLUGIN = "libstrongswan-kernel-raven.so"
CONTROLLERS = ("controller-1", "controller-2")
CONTROLLER_PORT = 10303
START_SECONDS = 60


def check_programs(build, keys):
    missing = [name for name in PROGRAMS if not os.access(program(build, name), os.X_OK)]
    if keys == "ike" and not os.path.exists(program(build, PLUGIN)):
        missing.append(PLUGIN)
    if missing:
        raise LabError(f"not in {build}/bin: {', '.join(missing)}: run scripts/build.sh")
    if keys == "ike" and not os.access(CHARON, os.X_OK):
        raise LabError(f"no {CHARON}: run scripts/install-deps.sh")


def program(build, name):
    return os.path.join(build, "bin", name)


def write_shared_secret(lab):
    """One pre-shared key for the lab, new each time, readable by root only."""
    with open(os.open(shared_secret_path(lab), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(base64.b64encode(os.urandom(48)) + b"\n")


def shared_secret_path(lab):
    return os.path.join(lab.state, "psk")


def start(lab, host, name, binary, settings, arguments=()):
    """Starts a daemon of ours with its settings in a file."""
    path = host.write(f"{name}.yaml", yaml.safe_dump(settings, sort_keys=False))
    host.start(name, [program(lab.options["build"], binary), "--config", path, *arguments])


def start_controllers(lab):
    host = lab.hosts["mgmt"]
    source = lab.cluster.source_for(host, "raven-controller")
    for number, name in enumerate(CONTROLLERS):
        start(lab, host, name, "raven-controller", {
            "source": source, "identity": name,
            "metrics_address": f"127.0.0.1:{CONTROLLER_PORT + number * 10}",
            "leader": {"lease_duration_ms": 4000, "renew_deadline_ms": 3000,
                       "retry_period_ms": 500}})


def start_box(lab, box):
    if box.gateway:
        start_gateway(lab, box)
    else:
        start_plain_node(lab, box)


def start_gateway(lab, box):
    host = lab.hosts[box.name]
    start(lab, host, "dataplane", "raven-dataplane", dataplane_settings(lab, box))
    wait_for_file(host, "dataplane", "raven-gateway/dataplane.sock")
    if lab.options["keys"] == "ike":
        start_charon(lab, host)
    start(lab, host, "gateway-agent", "raven-gateway-agent", gateway_agent_settings(lab, box))


def dataplane_settings(lab, box):
    settings = {
        "instance": f"{lab.name}-{box.name}",
        "workers": {"count": lab.options["workers"], "idle": "adaptive"},
        "memory": {"hugepages": False, "size_mb": 128, "packet_buffers": 8192},
        "ports": [{"name": port, "role": role, "kernel_interface": port,
                   "mode": "owned" if box.owned else "shared",
                   "devargs": f"net_af_packet{number},iface={box.device(port)},"
                              f"qpairs={lab.options['workers']},framecnt=4096"}
                  for number, (port, role) in enumerate(box.ports.items())],
    }
    if lab.options["keys"] == "static":
        with open(shared_secret_path(lab), "rb") as file:
            sas = static_keys.security_associations(file.read(), box)
        settings["static_sa_file"] = lab.hosts[box.name].write("sas.yaml", yaml.safe_dump(sas))
    return settings


def gateway_agent_settings(lab, box):
    host = lab.hosts[box.name]
    return {
        "node_name": box.name,
        "source": lab.cluster.source_for(host, "raven-gateway-agent"),
        "node_encapsulation": box.site.encapsulation,
        "ike": {"psk_file": shared_secret_path(lab)} if lab.options["keys"] == "ike"
               else {"enabled": False},
        "state_dir": host.path("state", "gateway-agent"),
    }


def start_charon(lab, host):
    """strongSwan's charon with our plugin; it finds the machine's /run where it looks for it."""
    host.start("charon", [os.path.join(ROOT, "ctrl/ike/run-charon.sh"),
                          program(lab.options["build"], PLUGIN), host.path("run")])
    wait_for_file(host, "charon", "charon.vici")


def start_plain_node(lab, box):
    host = lab.hosts[box.name]
    start(lab, host, "agent-lite", "raven-agent-lite", {
        "node_name": box.name,
        "source": lab.cluster.source_for(host, "raven-agent-lite"),
        "encapsulation": box.site.encapsulation,
        "state_dir": host.path("state", "agent-lite")})


def wait_for_file(host, process, name):
    """Waits until the process has made a file in /run, or has given up."""
    path = host.path("run", name)

    def made():
        state = host.processes().get(process, {})
        if state.get("last_exit") in HOPELESS_EXITS:
            raise LabError(f"{process} of {host.name} ended with {state['last_exit']}")
        return os.path.exists(path)

    try:
        wait_for(f"{process} of {host.name} to make {name}", made, START_SECONDS)
    except LabError as error:
        raise LabError(f"{error}; end of its log:\n{host.log_tail(process)}") from error

