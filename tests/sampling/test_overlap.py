"""Overlaps: whichever way they are computed, they are what counting gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.sampling.model.overlap import BLOCK, Overlap, overlap, overlap_by_counting
from services.sampling.model.tickets import kernels

WAYS = [False, pytest.param(True, marks=pytest.mark.skipif(kernels() is None, reason="numba is not installed"))]


def plain(found: Overlap) -> list[tuple[int, tuple[int, ...]]]:
    return [(row, tuple(found.authorities(place))) for place, row in enumerate(found.rows.tolist())]


Draw = tuple[set[int], set[int]]


@pytest.mark.parametrize("compiled", WAYS)
@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 200), min_size=1, max_size=3)), max_size=9)
)
@example([({1}, {62}), ({1}, {62})])
@example([({1}, {63}), ({1}, {0})])
@example([({1}, {0}), ({1, 2}, {1, 63, 64}), ({2}, {190})])
def test_the_overlap_is_what_counting_gives(compiled: bool, draws: list[Draw]) -> None:
    taken = [np.array(sorted(rows), np.int32) for rows, _ in draws]
    authorities = [numbers for _, numbers in draws]
    assert plain(overlap(taken, authorities, 41, compiled=compiled)) == overlap_by_counting(taken, authorities)


@pytest.mark.parametrize("compiled", WAYS)
@pytest.mark.parametrize("authorities", [7, 63, 64, 200])
def test_many_draws_over_several_blocks_overlap_the_same(compiled: bool, authorities: int) -> None:
    random, objects = np.random.default_rng(3), 3 * BLOCK + 17
    taken = [np.sort(random.choice(objects, 700, replace=False)).astype(np.int32) for _ in range(120)]
    whose = [{n % authorities} for n in range(120)]
    assert plain(overlap(taken, whose, objects, compiled=compiled)) == overlap_by_counting(taken, whose)
