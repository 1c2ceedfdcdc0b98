"""Tickets: the fast draw is the slow one, it is fair, and it does not depend on who else is there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sampling.model import tickets as tickets_module
from services.sampling.model.frame import Frame, NotACount, frame_csv
from services.sampling.model.tickets import (
    Drawn,
    as_keys,
    draw,
    draw_by_full_sort,
    draw_from,
    kernels,
    key,
    keys,
    tickets,
)
from tests.sampling.lm_draw_1 import reference

SEEDS = st.binary(min_size=32, max_size=32)
WAYS = [False, pytest.param(True, marks=pytest.mark.skipif(kernels() is None, reason="numba is not installed"))]


def same(drawn: Drawn, winners: list[list[int]], substitutes: Any) -> bool:
    return [rows.tolist() for rows in drawn.winners] == winners and [
        rows.tolist() for rows in drawn.substitutes
    ] == substitutes


@pytest.mark.parametrize("compiled", WAYS)
@settings(deadline=None)
@given(
    seed=SEEDS,
    rows=st.lists(st.tuples(st.integers(0, 40), st.integers(-1, 3)), max_size=80),
    quotas=st.lists(st.integers(0, 30), min_size=4, max_size=5),
    substitutes=st.integers(0, 5),
)
def test_the_fast_draw_is_the_slow_one(
    compiled: bool, seed: bytes, rows: list[tuple[int, int]], quotas: list[int], substitutes: Any
) -> None:
    """Keys repeat here, so equal tickets occur as well; row order decides them."""
    all_keys = [key(str(number)) for number, _ in rows]
    strata = [stratum for _, stratum in rows]
    expected = reference.draw_rows(all_keys, strata, quotas, seed, substitutes)
    array = as_keys(b"".join(all_keys))
    assert same(draw(array, np.array(strata, np.int16), quotas, seed, substitutes, compiled=compiled), *expected)
    assert same(draw_by_full_sort(array, np.array(strata, np.int64), quotas, seed, substitutes), *expected)


@pytest.mark.parametrize("compiled", WAYS)
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.int64])
def test_over_many_chunks_the_fast_draw_is_the_full_sort(compiled: bool, dtype: Any) -> None:
    random = np.random.default_rng(20250701)
    all_keys = random.integers(0, 256, (50_000, 16), np.uint8)
    strata = random.integers(0, 9, 50_000).astype(dtype)
    quotas = [0, 1, 10, 100, 1000, 3000, 6000, 50, 7]
    fast, slow = (
        by(all_keys, strata, quotas, b"s" * 32, 20)
        for by in (lambda *a: draw(*a, compiled=compiled), draw_by_full_sort)
    )
    assert same(fast, [rows.tolist() for rows in slow.winners], [rows.tolist() for rows in slow.substitutes])
    assert [len(rows) for rows in fast.winners][:6] == quotas[:6]


@pytest.mark.parametrize("compiled", WAYS)
def test_a_filter_that_was_too_narrow_falls_back_to_everything(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(7)
    all_keys, strata = random.integers(0, 256, (20_000, 16), np.uint8), random.integers(0, 3, 20_000)
    expected = draw_by_full_sort(all_keys, strata, [500, 10, 0], b"t" * 32)
    passes: list[int] = []
    honest = tickets_module.candidates

    def counted(*given: Any) -> Any:
        passes.append(1)
        return honest(*given)

    monkeypatch.setattr(tickets_module, "margin", lambda wanted: wanted // 2)
    monkeypatch.setattr(tickets_module, "candidates", counted)
    drawn = draw(all_keys, strata, [500, 10, 0], b"t" * 32, compiled=compiled)
    assert same(drawn, [rows.tolist() for rows in expected.winners], [rows.tolist() for rows in expected.substitutes])
    assert len(passes) == 2


def test_tickets_that_agree_in_their_first_six_bytes_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sort looks at 48 bits first; here, as if all tickets agreed in them."""
    random = np.random.default_rng(8)
    all_keys, strata = random.integers(0, 256, (3_000, 16), np.uint8), random.integers(0, 3, 3_000)
    expected = draw_by_full_sort(all_keys, strata, [50, 10, 1], b"u" * 32, 3)
    honest = tickets_module.candidates
    monkeypatch.setattr(
        tickets_module, "candidates", lambda *given: (honest(*given)[0], honest(*given)[1] >> np.uint64(50))
    )
    drawn = draw(all_keys, strata, [50, 10, 1], b"u" * 32, 3)
    assert same(drawn, [rows.tolist() for rows in expected.winners], [rows.tolist() for rows in expected.substitutes])


def test_more_strata_than_the_short_sort_key_can_number_are_drawn_right() -> None:
    random = np.random.default_rng(9)
    all_keys, strata = random.integers(0, 256, (90_000, 16), np.uint8), random.integers(0, 70_000, 90_000)
    drawn = draw(all_keys, strata, [1] * 70_000, b"v" * 32)
    order = np.argsort(tickets(b"v" * 32, all_keys).copy().view("S16").ravel(), kind="stable")
    first: dict[int, int] = {}
    for row in order.tolist():
        first.setdefault(int(strata[row]), row)
    assert {n: rows[0] for n, rows in enumerate(drawn.winners) if len(rows)} == first


@given(
    SEEDS,
    st.dictionaries(st.text("ABC甲乙丙123", min_size=1), st.sampled_from("xyz"), max_size=60),
    st.integers(0, 9),
    st.integers(0, 4),
)
def test_a_draw_by_name_is_what_the_specification_says(
    seed: bytes, objects: dict[str, str], quota: int, substitutes: Any
) -> None:
    frame = Frame.of(objects)
    quotas = {"x": quota, "y": 2, "absent": 3}
    expected = reference.draw(frame_csv(frame), quotas, seed, substitutes)
    for by in (draw, draw_by_full_sort):
        drawn = draw_from(frame, quotas, seed, substitutes, by=by)
        assert {s.name: ([o.id for o in s.winners], [o.id for o in s.substitutes]) for s in drawn} == expected
        assert [stratum.name for stratum in drawn] == sorted(expected)


@given(SEEDS, st.sets(st.text("0123456789ABC", min_size=1), min_size=1), st.data())
def test_who_else_is_in_the_frame_does_not_change_the_order(seed: bytes, ids: set[str], data: st.DataObject) -> None:
    """Taking somebody out moves the others up and changes nothing else; so draws of a window overlap as they can."""
    out = data.draw(st.sampled_from(sorted(ids)))

    def order(of: set[str]) -> list[str]:
        return [drawn.id for drawn in draw_from(Frame.of(dict.fromkeys(of, "x")), {"x": len(of)}, seed)[0].winners]

    assert order(ids - {out}) == [id for id in order(ids) if id != out] if ids != {out} else True


@given(SEEDS, st.lists(st.sampled_from("xy"), min_size=1, max_size=30), st.randoms())
def test_the_order_in_which_objects_are_listed_does_not_matter(seed: bytes, strata: list[str], random: Random) -> None:
    objects = [(f"id{n}", stratum) for n, stratum in enumerate(strata)]
    shuffled = random.sample(objects, len(objects))
    assert draw_from(Frame.of(objects), {"x": 3, "y": 2}, seed) == draw_from(Frame.of(shuffled), {"x": 3, "y": 2}, seed)


def chi_square(counts: Iterable[int], expected: float) -> float:
    return sum((count - expected) ** 2 / expected for count in counts)


def test_every_object_is_drawn_equally_often() -> None:
    """2000 seeds, 5 of 50: chi-square with 49 degrees of freedom exceeds 85.4 once in a thousand."""
    all_keys, strata = keys(f"91500000MA{n:07d}X" for n in range(50)), np.zeros(50, np.int8)
    counts = np.zeros(50, int)
    for n in range(2000):
        counts[draw(all_keys, strata, [5], hashlib.sha256(b"uniform%d" % n).digest()).winners[0]] += 1
    assert chi_square(counts, 200) < 85.4  # drawn without replacement the true figure is smaller still


def test_pairs_are_drawn_together_as_often_as_chance_has_it() -> None:
    """3000 seeds, 2 of 8: 28 pairs; chi-square with 27 degrees of freedom exceeds 55.5 once in a thousand."""
    all_keys, strata = keys(f"neighbour{n}" for n in range(8)), np.zeros(8, np.int8)
    pairs = dict.fromkeys([(a, b) for a in range(8) for b in range(a + 1, 8)], 0)
    for n in range(3000):
        a, b = sorted(draw(all_keys, strata, [2], hashlib.sha256(b"pairs%d" % n).digest()).winners[0].tolist())
        pairs[a, b] += 1
    assert chi_square(pairs.values(), 3000 / 28) < 55.5


def test_places_in_a_large_frame_are_drawn_evenly() -> None:
    """One draw of 40 000 from 400 000, by tenth of the frame: chi-square with 9 degrees of freedom, 27.9."""
    all_keys, strata = np.random.default_rng(5).integers(0, 256, (400_000, 16), np.uint8), np.zeros(400_000, np.int8)
    drawn = draw(all_keys, strata, [40_000], b"w" * 32).winners[0]
    assert len(set(drawn.tolist())) == 40_000
    assert chi_square(np.bincount(drawn // 40_000, minlength=10), 4000) < 27.9


def test_a_stratum_that_is_too_small_says_how_many_are_missing() -> None:
    small, absent = draw_from(Frame.of({"a": "x", "b": "x"}), {"x": 5, "y": 2}, bytes(32), 3)
    assert (small.wanted, len(small.winners), small.short, small.substitutes) == (5, 2, 3, ())
    assert (absent.count, absent.wanted, absent.short) == (0, 2, 2)


def test_there_is_nothing_to_draw_from_nothing() -> None:
    nothing = as_keys(b"")
    assert [len(rows) for rows in draw(nothing, np.empty(0, np.int8), [3], bytes(32)).winners] == [0]
    assert draw(nothing, np.empty(0, np.int8), [], bytes(32)).winners == ()
    assert draw_from(Frame.of({}), {}, bytes(32)) == ()


def test_negative_quotas_and_short_seeds_are_refused() -> None:
    one = keys(["a"])
    with pytest.raises(NotACount):
        draw(one, np.zeros(1, int), [-1], bytes(32))
    with pytest.raises(NotACount):
        draw(one, np.zeros(1, int), [1], bytes(32), -1)
    with pytest.raises(Exception, match="32 bytes"):
        draw(one, np.zeros(1, int), [1], bytes(31))
    with pytest.raises(ValueError, match="strata"):
        draw(one, np.zeros(2, int), [1], bytes(32))
    with pytest.raises(ValueError, match="stratum"):
        draw(one, np.ones(1, int), [1], bytes(32))
    with pytest.raises(ValueError, match="stratum"):
        draw(one, np.full(1, -2), [1], bytes(32))
