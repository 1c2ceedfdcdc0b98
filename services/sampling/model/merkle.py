"""The tree over a frame's lines (默克尔树): its root is committed, so anybody's line can be shown to be in the frame.

LM-DRAW-1, step 1. Each leaf stands for 256 lines, as the hash of their hashes: who shows their own line gives hashes
for all the others, and names nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.sampling.model.frame import NOT_IN_A_FRAME

LEAF = 256
HASH = 32


@dataclass(frozen=True)
class Line:
    """One object's line in a frame.

    Args:
        number: from 1.
        start: where it begins in the file.
    """

    number: int
    start: int
    stratum: str


def line_hash(line: bytes) -> bytes:
    """The hash of a line, without its line feed."""
    return hashlib.sha256(b"\x00" + line).digest()


def leaf_hash(lines: Iterable[bytes]) -> bytes:
    """The hash of up to 256 lines, from their hashes."""
    return hashlib.sha256(b"\x01" + b"".join(lines)).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two nodes."""
    return hashlib.sha256(b"\x02" + left + right).digest()


def leaves(frame_csv: bytes) -> bytes:
    """The leaves of a frame, one after the other: kept, so that a proof costs no more than its own leaf."""
    sha256, lines = hashlib.sha256, (b"\x00" + frame_csv.replace(b"\n", b"\n\x00")).split(b"\n")
    hashes = [sha256(line).digest() for line in lines[:-1]]
    return b"".join([leaf_hash(hashes[start : start + LEAF]) for start in range(0, len(hashes), LEAF)])


def root(leaves: bytes) -> str | None:
    """The root over these leaves, hex; None: there are none."""
    *_, top = levels(leaves)
    return top[0].hex() if top else None


def path(leaves: bytes, leaf: int) -> list[str]:
    """The hashes beside the way from a leaf to the root, hex, from below; where there is none beside, none is given."""
    beside = []
    for level in levels(leaves):
        if (other := leaf ^ 1) < len(level):
            beside.append(level[other].hex())
        leaf //= 2
    return beside


def levels(leaves: bytes) -> Iterator[list[bytes]]:
    """The leaves, then what each two of them come to, and so on up to the root; who is alone goes up as it is."""
    level = [leaves[start : start + HASH] for start in range(0, len(leaves), HASH)]
    yield level
    while len(level) > 1:
        pairs = (level[start : start + 2] for start in range(0, len(level), 2))
        level = [node_hash(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        yield level


def find(content: bytes, object_id: str) -> Line | None:
    """The line of an object in a `frame.csv`, or in an `excluded.csv`; None: it has none."""
    if NOT_IN_A_FRAME.search(object_id):  # a line feed in it would let it span lines
        return None
    wanted = object_id.encode() + b","
    start = 0 if content.startswith(wanted) else content.find(b"\n" + wanted) + 1
    if not content.startswith(wanted, start):
        return None
    rest = content[start + len(wanted) : content.index(b"\n", start)].decode()
    return Line(content.count(b"\n", 0, start) + 1, start, rest)


def hashes_around(content: bytes, line: Line) -> list[bytes]:
    """The hashes of all lines in the leaf of one of them."""
    start = line.start
    for _ in range((line.number - 1) % LEAF):
        start = content.rfind(b"\n", 0, start - 1) + 1
    hashes: list[bytes] = []
    while len(hashes) < LEAF and start < len(content):
        end = content.index(b"\n", start)
        hashes.append(line_hash(content[start:end]))
        start = end + 1
    return hashes
