"""Overlaps: which objects several draws of a window have taken, and which authorities' draws these are.

A window of a large city has hundreds of draws of tens of thousands of objects each. `overlap_by_counting` says in so
many words what is asked; `overlap` gives the same from a bit mask for each object: one bit for each authority, however
many there are, and bit 0 for "taken before". Compiled, it goes through the objects in blocks whose masks stay in the
second-level cache, and so wants each draw's rows in ascending order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from services.sampling.model.tickets import WORTH_COMPILING, kernels

WORD_BITS = 64
BLOCK = 32_768  # objects: their masks, one word each, are 256 KiB

Rows = NDArray[np.int32]
Masks = NDArray[np.uint64]


@dataclass(frozen=True)
class Overlap:
    """Objects that at least two draws have taken.

    Args:
        rows: their row numbers, ascending.
        masks: for each, the words of its mask: bit `n + 1` is set when a draw of authority `n` has taken it; bit 0
            always is.
    """

    rows: Rows
    masks: Masks

    def authorities(self, place: int) -> list[int]:
        """Numbers of the authorities that have taken the object at this place of `rows`."""
        bits = int.from_bytes(self.masks[place].astype("<u8").tobytes(), "little") >> 1
        return [number for number in range(bits.bit_length()) if bits >> number & 1]


def overlap_by_counting(
    taken: Sequence[Rows], authorities_of: Sequence[Collection[int]]
) -> list[tuple[int, tuple[int, ...]]]:
    """The definition: objects of at least two draws by row, each with its authorities.

    Arguments as in `overlap`.
    """
    by: dict[int, list[int]] = defaultdict(list)
    for draw, rows in enumerate(taken):
        for row in rows.tolist():
            by[row].append(draw)
    return [
        (row, tuple(sorted({number for draw in draws for number in authorities_of[draw]})))
        for row, draws in sorted(by.items())
        if len(draws) > 1
    ]


def overlap(
    taken: Sequence[Rows],
    authorities_of: Sequence[Collection[int]],
    objects: int,
    *,
    compiled: bool | None = None,
) -> Overlap:
    """Which objects several draws have taken.

    Args:
        taken: for each draw, the row numbers of its objects, ascending, each once.
        authorities_of: for each draw, the numbers of the authorities it is for, from 0; one or more.
        objects: row numbers are below this.
        compiled: use the compiled kernel; by default where it is installed and worth loading.

    Returns:
        the same as `overlap_by_counting`, always.
    """
    bits = bits_of(authorities_of)
    if compiled is None:
        compiled = sum(map(len, taken)) >= WORTH_COMPILING and kernels() is not None
    loops = kernels() if compiled else None
    if not taken:
        return Overlap(np.empty(0, np.int32), np.empty((0, bits.shape[1]), np.uint64))
    return with_numpy(taken, bits, objects) if loops is None else in_blocks(taken, bits, objects, loops)


def bits_of(authorities_of: Sequence[Collection[int]]) -> Masks:
    """What each draw sets in the mask of an object it has taken."""
    words = 1 + max((number + 1 for numbers in authorities_of for number in numbers), default=0) // WORD_BITS
    bits = np.zeros((len(authorities_of), words), np.uint64)
    for draw, numbers in enumerate(authorities_of):
        for number in numbers:
            word, bit = divmod(number + 1, WORD_BITS)
            bits[draw, word] |= np.uint64(1 << bit)
    return bits


def with_numpy(taken: Sequence[Rows], bits: Masks, objects: int) -> Overlap:
    """Draw by draw, over all masks at once."""
    masks = np.zeros((objects, bits.shape[1]), np.uint64)
    for rows, own in zip(taken, bits, strict=True):
        before = masks[rows]
        masks[rows] = before | own
        masks[rows, 0] |= before.any(axis=1)
    rows = np.flatnonzero(masks[:, 0] & np.uint64(1)).astype(np.int32)
    return Overlap(rows, masks[rows])


def in_blocks(taken: Sequence[Rows], bits: Masks, objects: int, loops: ModuleType) -> Overlap:
    """Block by block, compiled."""
    ends = np.cumsum([len(rows) for rows in taken])
    joined = np.concatenate(taken).astype(np.int32, copy=False)
    most = min(objects, len(joined) // 2)
    rows, masks = np.empty(most, np.int32), np.empty((most, bits.shape[1]), np.uint64)
    block = max(1, BLOCK // bits.shape[1])
    if bits.shape[1] == 1:
        found = loops.overlap_of_few(joined, ends, bits[:, 0].copy(), objects, block, rows, masks[:, 0])
    else:
        found = loops.overlap_of_many(joined, ends, bits, objects, block, rows, masks)
    return Overlap(rows[:found], masks[:found])
