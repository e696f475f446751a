"""The machine and the build that a result belongs to."""
# SPDX-License-Identifier: Apache-2.0
import os
import platform
import re
import subprocess


def _output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def _package(name):
    return _output("dpkg-query", "-W", "-f", "${Version}", name)


def tsc_hz():
    """The rate of the time stamp counter: the kernel prints its calibration, and where that line is
    gone, BogoMIPS is twice the same."""
    found = re.search(r"tsc: (?:Refined TSC clocksource calibration|Detected).*?([\d.]+) MHz",
                      _output("dmesg"))
    if found:
        return round(float(found.group(1)) * 1e6)
    bogomips = re.search(r"bogomips\s*:\s*([\d.]+)", _read("/proc/cpuinfo"))
    return round(float(bogomips.group(1)) * 5e5)


def _flags(cpuinfo):
    known = ("aes", "pclmulqdq", "avx2", "avx512f", "vaes", "vpclmulqdq", "gfni", "sha_ni")
    have = set(re.search(r"flags\s*:(.*)", cpuinfo).group(1).split())
    return [flag for flag in known if flag in have]


def describe(root, cpu):
    cpuinfo = _read("/proc/cpuinfo")
    field = lambda name: re.search(rf"{name}\s*:\s*(.*)", cpuinfo).group(1)
    return {
        "cpu": field("model name"),
        "cpu_family_model": f"{field('cpu family')}/{field('model')}/{field('stepping')}",
        "cpu_flags": _flags(cpuinfo),
        "cpus": os.cpu_count(),
        "cpu_used": cpu,
        "virtual_machine": _output("systemd-detect-virt", "--vm") or
                           ("yes" if "hypervisor" in cpuinfo else "no"),
        "tsc_hz": tsc_hz(),
        "kernel": platform.release(),
        "isolated_cpus": _read("/sys/devices/system/cpu/isolated").strip(),
        "dpdk": _package("libdpdk-dev"),
        "intel_ipsec_mb": _package("libipsec-mb1") or _package("libipsec-mb2"),
        "compiler": _output("c++", "--version").splitlines()[0],
        "commit": _output("git", "-C", root, "describe", "--always", "--dirty"),
    }
