"""Sockets inside pods.  A socket stays in the namespace where it was made, so one process can
speak for all pods at once."""
# SPDX-License-Identifier: Apache-2.0
import socket

from .netns import inside

ECHO_PORT, SINK_PORT, STREAM_PORT = 7007, 7009, 7010
RECEIVE_BUFFER_BYTES = 4 << 20


def in_pod(lab, pod, family, kind, protocol=0):
    with inside(f"{lab}-{pod.name}"):
        return socket.socket(family, kind, protocol)


def address_of(pod, family):
    return pod.v6 if family == socket.AF_INET6 else pod.v4


def udp(lab, pod, family, port=0):
    sock = in_pod(lab, pod, family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    sock.bind((address_of(pod, family), port))
    return sock


def ping(lab, pod, family):
    """An ICMP echo socket (net.ipv4.ping_group_range): the kernel fills in id and checksum."""
    protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    sock = in_pod(lab, pod, family, socket.SOCK_DGRAM, protocol)
    sock.bind((address_of(pod, family), 0))
    return sock


def tcp(lab, pod, family):
    sock = in_pod(lab, pod, family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return sock
