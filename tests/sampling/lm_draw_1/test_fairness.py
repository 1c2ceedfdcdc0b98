"""Fairness: over many seeds everybody is drawn equally often, in pairs too, and nothing but the seed matters.

The seeds are fixed, so the statistics are numbers that do not change; each is held against a quantile that a fair draw
passes with the probability stated. A draw that favours anybody, or anybody's place, misses them by far: the last test
shows it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.sampling.model import tickets
from services.sampling.model.commitment import commit, contribution
from services.sampling.model.frame import Frame, frame_csv
from services.sampling.model.merkle import leaves, root
from services.sampling.model.tickets import Drawn, draw, draw_from
from services.sampling.verifier import verify_proof
from tests.sampling.lm_draw_1 import cases

OBJECTS, QUOTA, ROUNDS = 40, 8, 4000
IDS = [cases.uscc(n, 101 + n % 20) for n in range(OBJECTS)]
ONE_IN_A_MILLION = 4.753  # of the standard normal distribution, one-sided


def chi_square_bound(freedom: int) -> float:
    """What a chi-square statistic passes once in a million times (Wilson and Hilferty)."""
    spread = 2 / (9 * freedom)
    return freedom * float(1 - spread + ONE_IN_A_MILLION * spread**0.5) ** 3


def seeds() -> list[bytes]:
    return [hashlib.sha256(b"fairness %d" % number).digest() for number in range(ROUNDS)]


Way = Callable[[tickets.Keys, NDArray[np.int64], list[int], bytes], Drawn]


def inclusions(way: Way = draw, ids: list[str] = IDS) -> NDArray[np.int64]:
    """A row for each seed: 1 for who was drawn."""
    keys, stratum_of = tickets.keys(ids), np.zeros(len(ids), np.int64)
    drawn = np.zeros((ROUNDS, len(ids)), np.int64)
    for row, seed in zip(drawn, seeds(), strict=True):
        row[way(keys, stratum_of, [QUOTA], seed).winners[0]] = 1
    return drawn


@pytest.fixture(scope="module")
def drawn() -> NDArray[np.int64]:
    return inclusions()


def singles(drawn: NDArray[np.int64]) -> float:
    """How far the number of times each was drawn is from equal; chi-square with one freedom less than objects.

    Within one draw the numbers depend on each other (their sum is the quota); (n-1)/(n-k) takes that out.
    """
    expected = ROUNDS * QUOTA / OBJECTS
    plain = ((drawn.sum(axis=0) - expected) ** 2 / expected).sum()
    return float(plain * (OBJECTS - 1) / (OBJECTS - QUOTA))


def test_everybody_is_drawn_equally_often(drawn: NDArray[np.int64]) -> None:
    assert (drawn.sum(axis=1) == QUOTA).all()
    assert singles(drawn) < chi_square_bound(OBJECTS - 1)
    assert singles(drawn) > OBJECTS / 4  # nor suspiciously even


def test_every_two_are_drawn_together_equally_often(drawn: NDArray[np.int64]) -> None:
    together = drawn.T @ drawn
    chance = QUOTA * (QUOTA - 1) / (OBJECTS * (OBJECTS - 1))
    deviation = (ROUNDS * chance * (1 - chance)) ** 0.5
    far = [abs(together[a, b] - ROUNDS * chance) / deviation for a, b in combinations(range(OBJECTS), 2)]
    assert max(far) < 5.5  # of 780 pairs, once in thirty thousand times
    assert sum(distance > 2 for distance in far) / len(far) == pytest.approx(0.0455, abs=0.03)


def test_the_place_in_the_order_of_tickets_is_uniform() -> None:
    keys = tickets.keys(IDS)
    places = np.zeros((OBJECTS, OBJECTS))
    for seed in seeds():
        [order] = draw(keys, np.zeros(OBJECTS, np.int64), [OBJECTS], seed).winners
        places[order, np.arange(OBJECTS)] += 1
    expected = ROUNDS / OBJECTS
    assert ((places - expected) ** 2 / expected).sum() < chi_square_bound((OBJECTS - 1) ** 2)


def test_one_seed_says_nothing_of_the_next(drawn: NDArray[np.int64]) -> None:
    both = (drawn[1:] & drawn[:-1]).sum()
    expected = (ROUNDS - 1) * QUOTA * QUOTA / OBJECTS
    assert abs(both - expected) / expected**0.5 < ONE_IN_A_MILLION


def test_strata_are_drawn_independently_of_each_other() -> None:
    """Whether the first of one stratum is drawn says nothing of the first of another."""
    keys = tickets.keys(IDS)
    stratum_of = np.arange(OBJECTS) % 2
    table = np.zeros((2, 2))
    for seed in seeds():
        one, other = (
            0 in set(w.tolist()) or 1 in set(w.tolist()) for w in draw(keys, stratum_of, [8, 8], seed).winners
        )
        table[int(one), int(other)] += 1
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / ROUNDS
    assert ((table - expected) ** 2 / expected).sum() < chi_square_bound(1)


LABELS = st.text(st.characters(exclude_characters=',"', exclude_categories=["C"]), min_size=1, max_size=6)


@settings(deadline=None, max_examples=60)
@given(st.permutations(range(OBJECTS)), LABELS, st.binary(min_size=32, max_size=32))
def test_neither_the_order_of_a_list_nor_the_name_of_a_stratum_matters(
    order: list[int], label: str, seed: bytes
) -> None:
    plain = draw_from(Frame.of(dict.fromkeys(IDS, "甲")), {"甲": QUOTA}, seed, 3)[0]
    other = draw_from(Frame.of({IDS[n]: label for n in order}), {label: QUOTA}, seed, 3)[0]
    assert (other.winners, other.substitutes) == (plain.winners, plain.substitutes)


@settings(deadline=None, max_examples=60)
@given(st.sets(st.integers(0, OBJECTS - 1), min_size=1), st.binary(min_size=32, max_size=32))
def test_who_else_is_in_the_frame_changes_nobodys_ticket(here: set[int], seed: bytes) -> None:
    everybody = {
        one.id: one.ticket for one in draw_from(Frame.of(dict.fromkeys(IDS, "甲")), {"甲": 40}, seed)[0].winners
    }
    frame = Frame.of({IDS[n]: "甲" for n in here})
    for one in draw_from(frame, {"甲": len(here)}, seed)[0].winners:
        assert one.ticket == everybody[one.id]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from("甲乙丙"), min_size=1, max_size=30), st.lists(st.integers(1, 9), min_size=3, max_size=3)
)
def test_whoever_is_eligible_has_a_positive_chance_that_is_stated(strata: list[str], quotas: list[int]) -> None:
    frame = Frame.of(dict(zip(IDS, strata, strict=False)))
    wanted = {name: quota for name, quota in zip("甲乙丙", quotas, strict=True) if name in strata}
    secrets = [cases.secret("platform")]
    top = root(leaves(frame_csv(frame)))
    committed = commit("d", 1, frame, wanted, [contribution(secrets[0])], frame_merkle=top)
    done = cases.case(committed, frame, b"", secrets)
    expected = {name: Fraction(min(wanted[name], strata.count(name)), strata.count(name)) for name in wanted}
    for id, stratum in zip(frame.ids, frame.strata, strict=True):
        verdict, faults = verify_proof(done.transcript, cases.proof_of(done, id))
        assert faults == []
        assert verdict is not None
        assert Fraction(verdict.chance) == expected[stratum] > 0


def test_the_statistics_would_see_a_thumb_on_the_scale() -> None:
    """One object is spared in half of the draws that would take it; or neighbours are drawn together."""

    def thumb(keys: tickets.Keys, stratum_of: NDArray[np.int64], quotas: list[int], seed: bytes) -> Drawn:
        found = draw(keys, stratum_of, quotas, seed, 1)
        if seed[0] < 128:
            kept = found.winners[0][found.winners[0] != 0]
            return Drawn((np.concatenate([kept, found.substitutes[0]])[:QUOTA],), ())
        return found

    assert singles(inclusions(thumb)) > chi_square_bound(OBJECTS - 1)

    def placed(keys: tickets.Keys, stratum_of: NDArray[np.int64], quotas: list[int], seed: bytes) -> Drawn:
        start = int.from_bytes(seed[:4], "big") % (len(keys) - quotas[0] + 1)
        return Drawn((np.arange(start, start + quotas[0]),), ())

    assert singles(inclusions(placed)) > chi_square_bound(OBJECTS - 1)
