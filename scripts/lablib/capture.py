"""Counts every frame that passes given links of a namespace, and looks for payload canaries.

Runs as a process of its own (`python3 -m lablib.capture`), one packet socket per link with a large
buffer; SIGTERM ends it, and it then prints its findings as JSON.  Frames that the kernel had to
drop for it are counted too: a capture with drops proves nothing.
"""
# SPDX-License-Identifier: Apache-2.0
import argparse
import collections
import errno
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time

from . import frames
from .netns import LabError, inside

SOL_PACKET, PACKET_STATISTICS, PACKET_IGNORE_OUTGOING = 263, 6, 23
SO_RCVBUFFORCE = 33
ETH_P_ALL = 0x0003
BUFFER_BYTES = 256 << 20
SAMPLES_MAX = 8
PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


class Capture:
    """The findings so far."""

    def __init__(self, canary, pcap, allowed=frames.ALLOWED, nonces=False):
        self.canary = canary
        self.allowed = allowed
        self.pcap = pcap  # file for frames that are not allowed, or None
        self.kinds = collections.Counter()
        self.canary_flows = collections.Counter()
        self.frames = self.bytes = self.canary_frames = self.plaintext_frames = 0
        self.samples = []
        self.nonces = set() if nonces else None  # that were seen
        self.repeated_nonces = 0

    def take(self, link, frame):
        kind = frames.classify(frame)
        self.frames += 1
        self.bytes += len(frame)
        self.kinds[kind] += 1
        if self.nonces is not None:
            self._note_nonce(link, frame)
        leaked = self.canary in frame
        if leaked:
            self.canary_frames += 1
            self.canary_flows["{} {} > {}".format(link, *frames.addresses(frame))] += 1
        if leaked or kind not in self.allowed:
            self.plaintext_frames += 1
            self._keep(link, kind, frame)

    def _note_nonce(self, link, frame):
        nonce = frames.esp_nonce(frame)
        if nonce in self.nonces:
            self.repeated_nonces += 1
            self._keep(link, "repeated nonce", frame)
        elif nonce:
            self.nonces.add(nonce)

    def _keep(self, link, kind, frame):
        if len(self.samples) < SAMPLES_MAX:
            source, destination = frames.addresses(frame)
            self.samples.append(f"{link}: {kind} {source} > {destination}, {len(frame)} bytes, "
                                f"{bytes(frame[:64]).hex()}")
        if self.pcap:
            now = time.time()
            self.pcap.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(frame),
                                        len(frame)) + bytes(frame))

    def findings(self, drops):
        return {"frames": self.frames, "bytes": self.bytes, "kinds": dict(self.kinds),
                "esp_frames": self.kinds["esp"], "plaintext_frames": self.plaintext_frames,
                "canary_frames": self.canary_frames, "canary_flows": dict(self.canary_flows),
                "repeated_nonces": self.repeated_nonces, "capture_drops": drops,
                "samples": self.samples}


def open_link(link, both_directions):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    if not both_directions:
        sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    sock.bind((link, ETH_P_ALL))
    sock.setblocking(False)
    return sock


def drops_of(sock):
    return struct.unpack("II", sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]


def collect(capture, sockets, stop_descriptor):
    """Takes frames until the stop descriptor is readable and all sockets are empty."""
    poller = select.poll()
    poller.register(stop_descriptor, select.POLLIN)
    by_descriptor = {sock.fileno(): (link, sock) for link, sock in sockets.items()}
    for descriptor in by_descriptor:
        poller.register(descriptor, select.POLLIN)
    buffer = bytearray(65536)
    view = memoryview(buffer)
    stopping = False
    while True:
        events = poller.poll(0 if stopping else None)
        ready = [d for d, _ in events if d != stop_descriptor]
        stopping = stopping or len(ready) != len(events)
        if stopping and not ready:
            return
        for descriptor in ready:
            link, sock = by_descriptor[descriptor]
            for _ in range(256):
                try:
                    size = sock.recv_into(buffer)
                except BlockingIOError:
                    break
                except OSError as error:
                    if error.errno != errno.ENETDOWN:
                        raise
                    break  # told once when a cable is pulled; frames come again with the link
                capture.take(link, bytes(view[:size]))


def main():
    parser = argparse.ArgumentParser(prog="lab capture")
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--links", required=True, help="comma separated")
    parser.add_argument("--canary", default="ff" * 32, help="hexadecimal")
    parser.add_argument("--allow-tunnel-errors", action="store_true")
    parser.add_argument("--both-directions", action="store_true")
    parser.add_argument("--nonces", action="store_true", help="look for repeated ones")
    parser.add_argument("--pcap", help="write frames that are not allowed to this file")
    arguments = parser.parse_args()
    stop_read, stop_write = os.pipe()
    os.set_blocking(stop_write, False)
    signal.set_wakeup_fd(stop_write)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with inside(arguments.namespace):
        sockets = {link: open_link(link, arguments.both_directions)
                   for link in arguments.links.split(",")}
    pcap = open(arguments.pcap, "wb") if arguments.pcap else None
    if pcap:
        pcap.write(PCAP_HEADER)
    extra = {frames.TUNNEL_ERROR} if arguments.allow_tunnel_errors else set()
    capture = Capture(bytes.fromhex(arguments.canary), pcap, frames.ALLOWED | extra,
                      arguments.nonces)
    print("ready", flush=True)
    collect(capture, sockets, stop_read)
    if pcap:
        pcap.close()
    print(json.dumps(capture.findings(sum(drops_of(sock) for sock in sockets.values()))))


class Recorder:
    """A capture process as an object: start, traffic, stop() -> findings."""

    def __init__(self, namespace, links, canary=None, both_directions=False, pcap=None,
                 allow_tunnel_errors=False, nonces=False):
        command = [sys.executable, "-m", "lablib.capture", "--namespace", namespace,
                   "--links", ",".join(links)]
        command += ["--canary", canary.hex()] if canary else []
        command += ["--both-directions"] if both_directions else []
        command += ["--pcap", pcap] if pcap else []
        command += ["--allow-tunnel-errors"] if allow_tunnel_errors else []
        command += ["--nonces"] if nonces else []
        scripts = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=scripts)
        if self._process.stdout.readline().strip() != "ready":
            raise LabError(f"the capture of {','.join(links)} in {namespace} did not start")

    def stop(self):
        self._process.terminate()
        output, _ = self._process.communicate()
        if self._process.returncode != 0:
            raise LabError(f"the capture ended with {self._process.returncode}: see above")
        return json.loads(output)


if __name__ == "__main__":
    main()
