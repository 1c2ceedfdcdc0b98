"""Tickets: the order in which objects are drawn, decided by the seed alone.

LM-DRAW-1, step 4. A ticket is the object's key encrypted under the seed: a keyed permutation, so tickets look random to
who does not know the seed, are the same for who does, and do not depend on who else is in the frame. The `quota`
smallest tickets of a stratum win; the next ones are its substitutes (替补), in order.

`draw_by_full_sort` says this in so many words. `draw` gives the same from a handful: with k wanted of n, a ticket above
(k + 8√k + 32) / n of the way has no chance, so it sorts the rest only, and all of them where a stratum came out short.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from services.chassis.errors import malformed
from services.sampling.model.frame import Frame, NotACount

KEY_BYTES = 16
SEED_BYTES = 32
CHUNK = 16_384  # rows: keys, tickets and strata of one chunk stay in the second-level cache
COUNTED_AT_ONCE = 1 << 20  # rows
WORTH_COMPILING = 1_000_000  # rows: below, loading the compiled kernels takes longer than they save
ALL_ONES = 2**64 - 1

Keys = NDArray[np.uint8]
Rows = NDArray[np.int64]
Heads = NDArray[np.uint64]


@dataclass(frozen=True)
class Drawn:
    """What was drawn, stratum by stratum, as row numbers in the order of tickets.

    Args:
        winners: the drawn ones; fewer than wanted where the stratum has fewer.
        substitutes: the next ones.
    """

    winners: tuple[Rows, ...]
    substitutes: tuple[Rows, ...]


@dataclass(frozen=True)
class DrawnObject:
    """An object and the ticket it was drawn with.

    Args:
        id: the object.
        ticket: 32 hex digits; in this form they sort as the tickets do.
    """

    id: str
    ticket: str


@dataclass(frozen=True)
class DrawnStratum:
    """What was drawn from one stratum.

    Args:
        wanted: the quota.
        winners: the drawn objects, in the order of tickets.
        substitutes: who comes next, in order.
    """

    name: str
    count: int
    wanted: int
    winners: tuple[DrawnObject, ...]
    substitutes: tuple[DrawnObject, ...]

    @property
    def short(self) -> int:
        """How many are missing: the stratum has fewer than were wanted."""
        return self.wanted - len(self.winners)

    @property
    def unlisted(self) -> int:
        """How many are neither drawn nor listed as substitutes."""
        return self.count - len(self.winners) - len(self.substitutes)


def key(id: str) -> bytes:
    """What stands for an object in a draw: the first 16 bytes of the SHA-256 of its id; computed once and stored."""
    return hashlib.sha256(id.encode()).digest()[:KEY_BYTES]


def keys(ids: Iterable[str]) -> Keys:
    """The keys of many ids, one row each."""
    sha256 = hashlib.sha256
    return as_keys(b"".join([sha256(id.encode()).digest()[:KEY_BYTES] for id in ids]))


def as_keys(stored: bytes | memoryview) -> Keys:
    """Keys that lie one after the other in memory, as an array; nothing is copied."""
    return np.frombuffer(stored, np.uint8).reshape(-1, KEY_BYTES)


def tickets(seed: bytes, keys: Keys) -> Keys:
    """The tickets of these keys, one row each: AES-256 of the key under the seed, big-endian."""
    out = np.empty((len(keys) + 1, KEY_BYTES), np.uint8)  # the cipher asks for room for one block more
    cipher(seed).update_into(octets(keys), octets(out))
    return out[: len(keys)]


def cipher(seed: bytes) -> Any:
    """AES-256 under the seed, block by block."""
    if len(seed) != SEED_BYTES:
        zh, en = f"种子应为 {SEED_BYTES} 字节，实为 {len(seed)} 字节", f"a seed has {SEED_BYTES} bytes, not {len(seed)}"
        raise malformed("seed", "SEED_LENGTH", zh, en)
    # each block is encrypted once and independently: a permutation is wanted here, not secrecy
    return Cipher(algorithms.AES(seed), modes.ECB()).encryptor()  # noqa: S305


def octets(array: NDArray[Any]) -> memoryview:
    """The memory of an array as plain bytes."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def draw_by_full_sort(
    keys: Keys, stratum_of: NDArray[Any], quotas: Sequence[int], seed: bytes, substitutes: int | Sequence[int] = 0
) -> Drawn:
    """The definition: sort each stratum by ticket, equal tickets by row, and take from the front.

    Arguments as in `draw`.
    """
    words = tickets(seed, keys).view(">u8")
    order = np.lexsort((words[:, 1], words[:, 0]))  # stable, so rows decide between equal tickets
    stratum_in_order = np.asarray(stratum_of)[order]
    return cut(((order[stratum_in_order == stratum]) for stratum in range(len(quotas))), quotas, substitutes)


def draw(
    keys: Keys,
    stratum_of: NDArray[Any],
    quotas: Sequence[int],
    seed: bytes,
    substitutes: int | Sequence[int] = 0,
    *,
    compiled: bool | None = None,
) -> Drawn:
    """Draw from every stratum.

    Args:
        keys: (n, 16) bytes, one row for each object, in the order of the ids' bytes (rows decide between equal
            tickets).
        stratum_of: number of each row's stratum, from 0; -1: not in the frame.
        quotas: how many are wanted, by number of stratum.
        seed: 32 bytes.
        substitutes: how many substitutes, for all strata or by number of stratum.
        compiled: use the compiled kernels; by default where they are installed and worth loading.

    Returns:
        the same as `draw_by_full_sort`, always.
    """
    stratum_of = np.asarray(stratum_of)
    if len(keys) != len(stratum_of):
        raise ValueError(f"{len(keys)} keys and strata of {len(stratum_of)} rows")
    if compiled is None:
        compiled = len(keys) >= WORTH_COMPILING and kernels() is not None
    loops = kernels() if compiled else None
    if not len(quotas):
        return Drawn((), ())
    counts = count(stratum_of, len(quotas), loops)
    wanted = np.minimum(np.add(whole_numbers("quota", quotas), whole_numbers("substitutes", substitutes)), counts)
    limits = greatest_that_can_win(wanted, counts)
    while True:
        rows, heads = candidates(keys, stratum_of, limits, seed, loops)
        short = np.bincount(stratum_of[rows], minlength=len(quotas)) < wanted
        if not short.any():
            break
        limits[:-1][short] = ALL_ONES  # once in 10¹⁴ strata
    return cut(split_in_order(keys, stratum_of, rows, heads, len(quotas), seed), quotas, substitutes)


def whole_numbers(what: str, numbers: int | Sequence[int]) -> NDArray[np.int64]:
    """Numbers that may not be negative."""
    array = np.asarray(numbers, np.int64)
    if (array < 0).any():
        raise NotACount(what, int(array.min()))
    return array


def count(stratum_of: NDArray[Any], strata: int, loops: ModuleType | None) -> Rows:
    """How many rows each stratum has."""
    if len(stratum_of) and not -1 <= int(stratum_of.min()) <= int(stratum_of.max()) < strata:
        raise ValueError(f"rows are of stratum {stratum_of.min()} to {stratum_of.max()}, there are {strata}")
    counts = np.zeros(strata + 1, np.int64)  # the last place is for -1
    if loops is not None:
        loops.count(stratum_of, counts)
        return counts[:-1]
    for start in range(0, len(stratum_of), COUNTED_AT_ONCE):  # a copy of a whole city's strata is gigabytes
        numbers = stratum_of[start : start + COUNTED_AT_ONCE].astype(np.int64) % (strata + 1)
        counts += np.bincount(numbers, minlength=strata + 1)
    return counts[:-1]


def margin(wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many tickets to keep for so many wanted: eight standard deviations more than the mean would need."""
    return wanted + (8 * np.sqrt(wanted)).astype(np.int64) + 32


def greatest_that_can_win(wanted: NDArray[np.int64], counts: NDArray[np.int64]) -> Heads:
    """For each stratum, the greatest first eight bytes of a ticket worth keeping; one more, 0, where -1 looks it up."""
    margins = zip(margin(wanted).tolist(), counts.tolist(), strict=True)
    return np.array([*(ALL_ONES if keep >= n else (keep << 64) // n for keep, n in margins), 0], np.uint64)


def candidates(
    keys: Keys, stratum_of: NDArray[Any], limits: Heads, seed: bytes, loops: ModuleType | None
) -> tuple[Rows, Heads]:
    """The rows whose tickets are within their stratum's limit, and the first eight bytes of those tickets."""
    kept = list(kept_by_chunk(keys, stratum_of, limits, seed, loops))
    if not kept:
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    return np.concatenate([rows for rows, _ in kept]), np.concatenate([heads for _, heads in kept])


def kept_by_chunk(
    keys: Keys, stratum_of: NDArray[Any], limits: Heads, seed: bytes, loops: ModuleType | None
) -> Iterator[tuple[Rows, Heads]]:
    """`candidates`, chunk by chunk: one pass over keys and strata, and each ticket is forgotten at once."""
    encrypt, source = cipher(seed).update_into, octets(keys)
    out = bytearray(KEY_BYTES * (CHUNK + 1))
    keep = keep_with_numpy if loops is None else keep_with(loops)
    for start in range(0, len(keys), CHUNK):
        stop = min(start + CHUNK, len(keys))
        encrypt(source[KEY_BYTES * start : KEY_BYTES * stop], out)
        rows, heads = keep(out, stratum_of[start:stop], limits)
        yield rows + start, heads


def keep_with_numpy(out: bytearray, stratum_of: NDArray[Any], limits: Heads) -> tuple[Rows, Heads]:
    """Which tickets of one chunk are within the limit of their stratum."""
    heads = np.frombuffer(out, ">u8", 2 * len(stratum_of))[::2].astype(np.uint64)
    rows = np.flatnonzero(heads <= limits[stratum_of])
    rows = rows[stratum_of[rows] >= 0]
    return rows, heads[rows]


def keep_with(loops: ModuleType) -> Any:
    """The same, compiled."""
    rows, heads = np.empty(CHUNK, np.int64), np.empty(CHUNK, np.uint64)

    def keep(out: bytearray, stratum_of: NDArray[Any], limits: Heads) -> tuple[Rows, Heads]:
        kept = loops.keep(np.frombuffer(out, np.uint64), stratum_of, limits, rows, heads)
        return rows[:kept], heads[:kept].copy()

    return keep


def split_in_order(
    keys: Keys, stratum_of: NDArray[Any], rows: Rows, heads: Heads, strata: int, seed: bytes
) -> Iterator[Rows]:
    """The kept rows of each stratum, in the order of tickets, equal tickets by row."""
    stratum = stratum_of[rows].astype(np.uint64)
    short_keys = (stratum << np.uint64(48)) | (heads >> np.uint64(16))  # one number to sort by
    order = np.argsort(short_keys)
    in_order = short_keys[order]
    if strata > 1 << 16 or (in_order[1:] == in_order[:-1]).any():  # 48 bits did not decide: sort by all of them
        words = tickets(seed, keys[rows]).view(">u8")
        order = np.lexsort((rows, words[:, 1], words[:, 0], stratum))
    ends = np.cumsum(np.bincount(stratum.astype(np.int64), minlength=strata))
    return iter(np.split(rows[order], ends[:-1]))


def cut(in_order: Iterable[Rows], quotas: Sequence[int], substitutes: int | Sequence[int]) -> Drawn:
    """Winners and substitutes of each stratum, from the front of its order."""
    quotas = whole_numbers("quota", quotas).tolist()
    spare = np.broadcast_to(whole_numbers("substitutes", substitutes), len(quotas)).tolist()
    orders = list(in_order) if quotas else []
    return Drawn(
        tuple(order[:quota] for order, quota in zip(orders, quotas, strict=True)),
        tuple(order[quota : quota + more] for order, quota, more in zip(orders, quotas, spare, strict=True)),
    )


def draw_from(
    frame: Frame, quotas: Mapping[str, int], seed: bytes, substitutes: int | Mapping[str, int] = 0, *, by: Any = draw
) -> tuple[DrawnStratum, ...]:
    """Draw by name: from a frame of ids, quotas by stratum.

    Args:
        quotas: a stratum that is not named is not drawn from; one that is not in the frame comes out short.
        substitutes: how many substitutes, for all strata or by stratum.
        by: `draw` or `draw_by_full_sort`.

    Returns:
        one for each stratum of frame or quotas, in the order of their names' UTF-8 bytes.
    """
    counts = frame.counts()
    names = sorted({*counts, *quotas})
    number = {name: n for n, name in enumerate(names)}
    stratum_of = np.fromiter(map(number.__getitem__, frame.strata), np.int32, len(frame))
    spare = [substitutes if isinstance(substitutes, int) else substitutes.get(name, 0) for name in names]
    wanted = [quotas.get(name, 0) for name in names]
    all_keys = keys(frame.ids)
    drawn = by(all_keys, stratum_of, wanted, seed, spare)

    def objects(rows: Rows) -> tuple[DrawnObject, ...]:
        texts = (ticket.tobytes().hex() for ticket in tickets(seed, all_keys[rows]))
        return tuple(DrawnObject(frame.ids[row], ticket) for row, ticket in zip(rows.tolist(), texts, strict=True))

    return tuple(
        DrawnStratum(name, counts.get(name, 0), quota, objects(winners), objects(next_ones))
        for name, quota, winners, next_ones in zip(names, wanted, drawn.winners, drawn.substitutes, strict=True)
    )


def tally(strata: Sequence[DrawnStratum]) -> dict[str, object]:
    """How many were wanted, how many were drawn, how many are missing."""
    wanted, drawn = sum(stratum.wanted for stratum in strata), sum(len(stratum.winners) for stratum in strata)
    return {"wanted": wanted, "drawn": drawn, "short": wanted - drawn}


@functools.cache
def kernels() -> ModuleType | None:
    """The compiled kernels, where the extra `kernels` is installed and the machine has the byte order they expect."""
    try:
        from services.sampling.model import kernels as compiled
    except ImportError:
        return None
    return compiled if sys.byteorder == "little" else None
