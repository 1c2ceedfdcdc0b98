"""The inner loops of large draws and of overlaps, compiled. Optional (extra `kernels`): without, the same, slower.

Importing this compiles nothing; the first call does, and leaves the result in numba's cache where it may write one.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

WORD = np.uint64


def compiled(function: Any) -> Any:
    """The function as machine code, cached on disk where there is a place for it."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no directory it may write its cache to
        return numba.njit(nogil=True)(function)


@compiled
def count(stratum_of: NDArray[Any], counts: NDArray[np.int64]) -> None:
    """Add to `counts` how many rows each stratum has; its last place takes those of stratum -1."""
    for row in range(stratum_of.size):
        counts[stratum_of[row]] += 1


@compiled
def keep(
    tickets: NDArray[np.uint64],
    stratum_of: NDArray[Any],
    limits: NDArray[np.uint64],
    rows: NDArray[np.int64],
    heads: NDArray[np.uint64],
) -> int:
    """Write the rows whose ticket can still win to `rows`, the first eight bytes of those tickets to `heads`.

    Args:
        tickets: two machine words a ticket, as they lie in memory; read on a little-endian machine.
        limits: the greatest first eight bytes that can win, by stratum; the last place, which stratum -1 finds: 0.
        rows, heads: room for as many as there are tickets.

    Returns:
        how many were written.
    """
    kept = 0
    for row in range(stratum_of.size):
        stratum = stratum_of[row]
        head = tickets[2 * row]  # big-endian: turned round by three swaps
        head = ((head & WORD(0x00FF00FF00FF00FF)) << WORD(8)) | ((head >> WORD(8)) & WORD(0x00FF00FF00FF00FF))
        head = ((head & WORD(0x0000FFFF0000FFFF)) << WORD(16)) | ((head >> WORD(16)) & WORD(0x0000FFFF0000FFFF))
        head = (head << WORD(32)) | (head >> WORD(32))
        if head <= limits[stratum] and stratum >= 0:  # in this order: the first is hardly ever true, so well foreseen
            rows[kept] = row
            heads[kept] = head
            kept += 1
    return kept


@compiled
def overlap_of_few(
    joined: NDArray[np.int32],
    ends: NDArray[np.int64],
    bits: NDArray[np.uint64],
    objects: int,
    block: int,
    rows: NDArray[np.int32],
    masks: NDArray[np.uint64],
) -> int:
    """Write the objects that two draws have taken to `rows`, who has to `masks`: for at most 63 authorities.

    Args:
        joined: the rows of all draws one after the other, those of each draw ascending.
        ends: where each draw ends in it.
        bits: the bit of each draw's authority; bit 0 is for "taken before".
        block: objects looked at together.
        rows, masks: room for as many as there can be.

    Returns:
        how many were written.
    """
    places = np.empty_like(ends)
    places[0] = 0
    places[1:] = ends[:-1]
    seen = np.empty(block, np.uint64)
    found = 0
    for start in range(0, objects, block):
        stop = min(start + block, objects)
        seen[:] = WORD(0)
        for draw in range(ends.size):
            place, end, bit = places[draw], ends[draw], bits[draw]
            while place < end and joined[place] < stop:
                before = seen[joined[place] - start]
                seen[joined[place] - start] = before | bit | WORD(before != WORD(0))
                place += 1
            places[draw] = place
        for row in range(stop - start):
            if seen[row] & WORD(1):
                rows[found] = start + row
                masks[found] = seen[row]
                found += 1
    return found


@compiled
def overlap_of_many(
    joined: NDArray[np.int32],
    ends: NDArray[np.int64],
    bits: NDArray[np.uint64],
    objects: int,
    block: int,
    rows: NDArray[np.int32],
    masks: NDArray[np.uint64],
) -> int:
    """The same with masks of several words, for any number of authorities."""
    places = np.empty_like(ends)
    places[0] = 0
    places[1:] = ends[:-1]
    words = bits.shape[1]
    seen = np.empty((block, words), np.uint64)
    found = 0
    for start in range(0, objects, block):
        stop = min(start + block, objects)
        seen[:, :] = WORD(0)
        for draw in range(ends.size):
            place, end = places[draw], ends[draw]
            while place < end and joined[place] < stop:
                row = joined[place] - start
                before = WORD(0)
                for word in range(words):
                    before |= seen[row, word]
                    seen[row, word] |= bits[draw, word]
                if before:
                    seen[row, 0] |= WORD(1)
                place += 1
            places[draw] = place
        for row in range(stop - start):
            if seen[row, 0] & WORD(1):
                rows[found] = start + row
                masks[found, :] = seen[row, :]
                found += 1
    return found
