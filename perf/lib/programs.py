"""Command lines of the two measuring programs, ours and the peer's, for a group of cases."""
# SPDX-License-Identifier: Apache-2.0
from . import cases


class Programs:
    def __init__(self, build, cpu):
        self._build = build
        self._cpu = cpu

    def _command(self, program, group, mode):
        flags = {"natt": ["--udp"], "ipv6": ["--ipv6"], "vxlan": ["--vxlan"]}
        return [f"{self._build}/bin/{program}", group.direction, "--mode", mode,
                "--algorithm", group.algorithm, "--sas", str(group.sas), "--cpu", str(self._cpu),
                *flags.get(group.variant, []), *(["--jumbo"] if group.jumbo else [])]

    def ours(self, group, mode="worker"):
        routes = ["--routes", str(group.routes)] if group.routes else []
        return self._command("worker_bench", group, mode) + routes + list(group.flags)

    def peer(self, group, mode):
        return self._command("ipsec_secgw_bench", group, mode)


def peer_mode(group):
    """The faster mode of ipsec-secgw that has this case; "" when none has."""
    if group.variant in ("natt", "vxlan"):
        return ""
    return "librte_ipsec" if group.algorithm == cases.ALGORITHMS[2] else "legacy"
