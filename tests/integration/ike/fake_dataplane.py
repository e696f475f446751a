"""A dataplane that keeps the SAs it is given and forwards nothing: the server of the SA socket
(common/dpapi/sa_socket.h), for tests of its clients.
SPDX-License-Identifier: Apache-2.0
"""

import errno
import os
import random
import select
import socket
import struct
import threading
from dataclasses import dataclass, field

MAGIC, VERSION = 0x52415653, 1
HELLO, ADD, UPDATE, DELETE, QUERY, FLUSH, EXPIRE, MAPPING, ACQUIRE = range(1, 10)
RPC, EVENTS = 1, 2
IN, OUT = 1, 2

HEADER = struct.Struct('=IHHII')
HELLO_BODY = struct.Struct('=QQII')
ADDRESS = struct.Struct('=BBH16s')
ID = struct.Struct('=II20s20s')
ADD_BODY = struct.Struct('=IIHHBBBBII6QHH68s68s4x')
REPLY_BODY = struct.Struct('=iIQQq')


def header(op, size, cookie=0):
    return HEADER.pack(MAGIC, VERSION, op, HEADER.size + size, cookie)


def address_text(raw):
    family, _, port, data = ADDRESS.unpack(raw)
    name = socket.inet_ntop(socket.AF_INET if family == 4 else socket.AF_INET6,
                            data[:4 if family == 4 else 16])
    return name, port


def address(text, port):
    return ADDRESS.pack(4, 0, port, socket.inet_aton(text))


@dataclass
class Sa:
    spi: int
    direction: int
    src: tuple
    dst: tuple
    if_id: int
    encryption: int
    integrity: int
    esn: bool
    encap: bool
    copy_dscp: bool
    copy_df: bool
    replay_window: int
    lifetimes: tuple
    key: bytes
    id: bytes = field(repr=False, default=b'')


class FakeDataplane:
    """start() and stop() as often as wanted; stop() alone loses no SAs, restart() does."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.sas = {}            # (spi, direction) -> Sa
        self.keys_seen = []      # every key ever handed over
        self.deletes = []        # (spi, direction)
        self.queries = []        # (spi, direction)
        self.instances = set()
        self.problems = []
        self.silent_adds = 0     # so many ADDs are carried out but not answered
        self.epoch = random.getrandbits(63) | 1
        self.running = False
        self.start()

    def start(self):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen(8)
        self.wake_r, self.wake_w = os.pipe()
        self.rpc, self.events = [], []
        self.running = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def stop(self):
        os.write(self.wake_w, b'x')
        self.thread.join()
        os.unlink(self.path)
        for s in [self.listener, *self.rpc, *self.events]:
            s.close()
        os.close(self.wake_r)
        os.close(self.wake_w)

    def restart(self, keeps=lambda sa: False):
        """As after a crash: SAs are gone, but for those that it keeps."""
        self.stop()
        with self.lock:
            self.sas = {name: sa for name, sa in self.sas.items() if keeps(sa)}
            self.epoch += 1
        self.start()

    def serve(self):
        while True:
            ready, _, _ = select.select(
                [self.wake_r, self.listener, *self.rpc, *self.events], [], [])
            if self.wake_r in ready:
                return
            for s in ready:
                if s is self.listener:
                    self.accept()
                else:
                    self.receive(s)

    def accept(self):
        connection, _ = self.listener.accept()
        message = connection.recv(256)
        instance, _, channel, _ = HELLO_BODY.unpack(message[HEADER.size:])
        with self.lock:
            self.instances.add(instance)
            body = HELLO_BODY.pack(0, self.epoch, channel, 0)
            connection.send(header(HELLO, len(body)) + body)
            (self.rpc if channel == RPC else self.events).append(connection)
            self.changed.notify_all()

    def receive(self, connection):
        try:
            message = connection.recv(4096)
        except ConnectionError:
            message = b''
        if not message:
            (self.rpc if connection in self.rpc else self.events).remove(connection)
            connection.close()
            return
        magic, version, op, size, cookie = HEADER.unpack_from(message)
        if (magic, version, size) != (MAGIC, VERSION, len(message)):
            self.problems.append('bad header')
        with self.lock:
            result, answer = self.handle(op, message[HEADER.size:])
            silent = op == ADD and self.silent_adds > 0
            if silent:
                self.silent_adds -= 1
            self.changed.notify_all()
        if not silent:
            body = REPLY_BODY.pack(result, 0, *answer)
            connection.send(header(op, len(body), cookie) + body)

    def handle(self, op, body):
        none = (0, 0, -1)
        spi, direction, _, _ = ID.unpack_from(body)
        key = (spi, direction)
        if op == ADD:
            return self.add(body), none
        if key not in self.sas:
            return errno.ESRCH, none
        if op == DELETE:
            del self.sas[key]
            self.deletes.append(key)
        elif op == UPDATE:
            sa = self.sas[key]
            sa.src, sa.dst = address_text(body[48:68]), address_text(body[68:88])
        elif op == QUERY:
            self.queries.append(key)
            return 0, (4711, 47, 3)
        else:
            return errno.EINVAL, none
        return 0, none

    def add(self, body):
        spi, direction, src, dst = ID.unpack_from(body)
        values = ADD_BODY.unpack_from(body, ID.size)
        (if_id, _, encryption, integrity, esn, encap, copy_dscp, copy_df, replay, _) = values[:10]
        lifetimes, (size, _, key, _) = values[10:16], values[16:]
        key = key[:size]
        if (spi, direction) in self.sas:
            return errno.EEXIST  # a repetition: the SA with its counter is still here
        if key in self.keys_seen:
            self.problems.append('key handed over twice')
        self.keys_seen.append(key)
        self.sas[spi, direction] = Sa(
            spi, direction, address_text(src), address_text(dst), if_id, encryption, integrity,
            bool(esn), bool(encap), bool(copy_dscp), bool(copy_df), replay, lifetimes, key,
            body[:ID.size])
        return 0

    # ---- for tests ----

    def wait(self, condition, what, seconds=30):
        """Waits until condition(self) holds; returns its value."""
        with self.lock:
            found = self.changed.wait_for(lambda: condition(self), seconds)
        if not found:
            raise AssertionError(f'not seen in {seconds} s: {what}; SAs: {list(self.sas.values())}')
        return found

    def of(self, direction):
        return [sa for sa in self.sas.values() if sa.direction == direction]

    def send_event(self, op, body):
        self.send_raw(header(op, len(body)) + body)

    def send_raw(self, message):
        self.wait(lambda d: d.events, 'an events connection')
        with self.lock:
            for connection in self.events:
                connection.send(message)

    def expire(self, sa, hard=False):
        self.send_event(EXPIRE, sa.id + struct.pack('=II', hard, 0))
