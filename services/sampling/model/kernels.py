"""The two inner loops of a large draw, compiled. Optional (extra `kernels`): `tickets` gives the same without, slower.

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
