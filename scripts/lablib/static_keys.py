"""SAs between all gateway boxes from a file, for runs without IKE.  Pure.

Keys are derived from the lab's secret: both ends compute the same ones.
"""
# SPDX-License-Identifier: Apache-2.0
import hashlib
import hmac

from . import topology

ALGORITHM, KEY_AND_SALT_BYTES = "aes-128-gcm", 20
SPI_BASE = 0x10000


def security_associations(secret, box):
    """The SAs of one gateway box, in the format of the dataplane's static_sa_file."""
    sas = []
    for peer in topology.BOXES:
        if peer.gateway and peer.site != box.site:
            sas += [one(secret, box, peer, peer, "out"), one(secret, peer, box, peer, "in")]
    return {"sas": sas}


def tunnel_id(name):
    """The low 24 bits of FNV-1a-32 of the node name, never 0 (common/model/names.h)."""
    value = 0x811C9DC5
    for byte in name.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value & 0xFFFFFF or 1


def one(secret, source, destination, peer, direction):
    label = f"{source.name} > {destination.name}".encode()
    key = hmac.new(secret, label, hashlib.sha256).digest()[:KEY_AND_SALT_BYTES]
    return {"tunnel_id": tunnel_id(peer.name), "direction": direction,
            "spi": SPI_BASE + source.index * 256 + destination.index,
            "algorithm": ALGORITHM, "key": key.hex(),
            "source": source.wan_address, "destination": destination.wan_address,
            "udp_encap": True}
