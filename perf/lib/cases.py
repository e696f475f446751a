"""What is measured: the cases of the tables, and the targets that were set for some of them."""
# SPDX-License-Identifier: Apache-2.0
import dataclasses

DIRECTIONS = ("encrypt", "decrypt")
GCM = "aes-128-gcm"
ALGORITHMS = (GCM, "aes-256-gcm", "chacha20-poly1305", "aes-128-cbc-hmac-sha2-256-128")
SIZES = (64, 256, 512, 1400, 8900, "imix")
MAIN_SIZES = (64, 256, "imix", 1400)
SA_COUNTS = (1, 64, 1024)
VARIANTS = ("natt", "ipv6", "vxlan")
COLD = "mbufs-2048"  # a variant of its own: the packets do not fit into the second-level cache

# What an attacker sends to the WAN port; `spoof` needs a peer that was taken over.
FLOODS = ("unknown-spi", "bad-icv", "replay", "spoof", "punt")
INSPECTIONS = ("off", "trace", "capture")

IMIX = 7 * (64,) + 4 * (576,) + (1400,)
PACKETS_HOT, PACKETS_COLD = 512, 2048
JUMBO_BYTES = 1500  # larger inner packets need larger buffers
IPV6_BYTES_MIN = 64

# Cycles per packet, the cost of source and sink excluded: 1 core, AES-128-GCM, 1 SA.
REACH = {
    ("encrypt", 64): 130, ("encrypt", 256): 170, ("encrypt", "imix"): 180, ("encrypt", 1400): 330,
    ("decrypt", 64): 150, ("decrypt", 256): 180, ("decrypt", "imix"): 190, ("decrypt", 1400): 340,
}
REACH_1024_SAS = 1.3  # times the above
REACH_VARIANT = {"natt": 8, "vxlan": 35}  # cycles more than the plain case


def mean_bytes(size):
    return sum(IMIX) / len(IMIX) if size == "imix" else size


@dataclasses.dataclass(frozen=True)
class Group:
    """What one process measures: everything but the packet sizes is fixed at its start."""
    direction: str
    algorithm: str = GCM
    sas: int = 1
    variant: str = ""
    sizes: tuple = MAIN_SIZES
    routes: int = 0
    flags: tuple = ()  # more of our bench's own

    @property
    def packets(self):
        return PACKETS_COLD if self.variant == COLD else PACKETS_HOT

    @property
    def jumbo(self):
        return any(size != "imix" and size > JUMBO_BYTES for size in self.sizes)

    def text(self):
        return " ".join(filter(None, (
            self.direction, self.algorithm, f"{self.sas} SA{'s' if self.sas > 1 else ''}",
            self.variant, f"{self.routes} more routes" if self.routes else "",
            "jumbo" if self.jumbo else "")))


def _split(direction, sizes, **rest):
    """Jumbo packets need other buffers, so another process."""
    small = tuple(size for size in sizes if size == "imix" or size <= JUMBO_BYTES)
    large = tuple(size for size in sizes if size not in small)
    return [Group(direction, sizes=part, **rest) for part in (small, large) if part]


def quick():
    return [Group(direction) for direction in DIRECTIONS]


def full():
    groups = []
    for direction in DIRECTIONS:
        for algorithm in ALGORITHMS:
            for sas in SA_COUNTS:
                groups += _split(direction, SIZES, algorithm=algorithm, sas=sas)
        for variant in (*VARIANTS, COLD):
            groups += _split(direction, SIZES, variant=variant)
    return groups


def reach(row):
    """The target of a row in cycles per packet, or None.  `row` has the members of a JSON row."""
    base = REACH.get((row["direction"], row["size"]))
    if base is None or row["algorithm"] != GCM or row.get("variant"):
        return None
    return {1: base, 1024: base * REACH_1024_SAS}.get(row["sas"])
