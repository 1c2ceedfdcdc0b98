"""The commitment: what is bound, and that only the committed secrets open it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.sampling.model.commitment import (
    Commitment,
    CountsDoNotAddUp,
    NoContribution,
    NotAHash,
    QuotaBreaksItsRule,
    Redraw,
    RedrawNotExplained,
    SecretDoesNotMatch,
    SecretsMissing,
    Stratum,
    commit,
    contribution,
    seed,
)
from services.sampling.model.frame import Frame
from services.sampling.model.window_commitment import window_commitment

ONE, TWO = b"\x01" * 32, b"\x02" * 32
FRAME = Frame.of({"a": "甲", "b": "甲", "c": "乙"})


def committed(**changes: Any) -> Commitment:
    given = {
        "draw": "d",
        "round": 1,
        "frame": FRAME,
        "quotas": {"甲": 1},
        "contributions": [contribution(ONE)],
        **changes,
    }
    return commit(**given)


def test_the_canonical_text_is_sorted_and_has_no_space() -> None:
    text = committed().canonical()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert committed().digest() == hashlib.sha256(text).hexdigest()


def test_the_order_in_which_strata_are_given_changes_nothing() -> None:
    a = committed(quotas={"甲": 1, "乙": 1, "丙": 0})
    assert a == committed(quotas={"丙": 0, "乙": 1, "甲": 1})
    assert [stratum.name for stratum in a.strata] == ["丙", "乙", "甲"]


@pytest.mark.parametrize(
    "changes",
    [
        {"draw": "e"},
        {"frame": Frame.of({"a": "甲", "b": "甲", "d": "乙"})},
        {"quotas": {"甲": 2}},
        {"quotas": {"甲": 1, "丙": 0}},
        {"contributions": [contribution(TWO)]},
        {"contributions": [contribution(ONE), contribution(TWO)]},
        {"excluded": b"x,y\n"},
        {"total": 1, "quotas": {"甲": 1, "乙": 0}},
        {"ratios": {"甲": Decimal("0.5")}},
        {"round": 2, "redraw": Redraw("0" * 64, "设备故障", "李")},
    ],
)
def test_whatever_changes_changes_the_commitment(changes: dict[str, Any]) -> None:
    assert committed(**changes).digest() != committed().digest()


def test_the_seed_is_the_hash_of_name_commitment_and_secrets() -> None:
    commitment = committed(contributions=[contribution(ONE), contribution(TWO)])
    expected = hashlib.sha256(b"LM-DRAW-1\x00" + bytes.fromhex(commitment.digest()) + ONE + TWO).digest()
    assert commitment.seed([ONE, TWO]) == expected == seed(commitment.digest(), [ONE, TWO])


def test_a_secret_that_was_not_committed_is_named() -> None:
    commitment = committed(contributions=[contribution(ONE), contribution(TWO)])
    with pytest.raises(SecretDoesNotMatch) as refused:
        commitment.seed([ONE, ONE])
    assert refused.value.number == 2
    assert refused.value.metadata["number"] == "2"
    with pytest.raises(SecretDoesNotMatch) as refused:
        commitment.seed([TWO, ONE])
    assert refused.value.number == 1


@pytest.mark.parametrize("secrets", [[ONE], [ONE, TWO, ONE]])
def test_every_contributor_reveals_and_nobody_else(secrets: list[bytes]) -> None:
    with pytest.raises(SecretsMissing):
        committed(contributions=[contribution(ONE), contribution(TWO)]).seed(secrets)


def test_without_any_secret_there_is_no_seed() -> None:
    with pytest.raises(NoContribution):
        committed(contributions=[]).seed([])


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_secret_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(Exception, match="32 bytes"):
        contribution(bytes(length))


def test_a_window_does_not_depend_on_the_order_its_draws_came_in() -> None:
    a, b = committed(contributions=[]).digest(), committed(draw="e", contributions=[]).digest()
    window = window_commitment("2025Q3", [a, b, a], [contribution(ONE)])
    assert window == window_commitment("2025Q3", [b, a], [contribution(ONE)])
    assert window.draws == tuple(sorted([a, b]))
    assert window.seed([ONE]) == seed(window.digest(), [ONE])


def test_a_window_without_draws_is_refused() -> None:
    with pytest.raises(Exception, match="at least one draw"):
        window_commitment("2025Q3", [], [contribution(ONE)])


def test_a_redraw_explains_itself() -> None:
    with pytest.raises(RedrawNotExplained):
        committed(round=2)
    with pytest.raises(RedrawNotExplained):
        committed(redraw=Redraw("0" * 64, "why", "who"))
    with pytest.raises(RedrawNotExplained):
        committed(round=0)
    with pytest.raises(Exception, match="reason is required"):
        Redraw("0" * 64, " ", "who")
    with pytest.raises(NotAHash):
        Redraw("0" * 63, "why", "who")


def test_numbers_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(CountsDoNotAddUp):
        replace(committed(), frame_count=4)
    with pytest.raises(CountsDoNotAddUp):
        Commitment("d", 1, "0" * 64, 2, "0" * 64, (Stratum("a", 1, 0), Stratum("a", 1, 0)), ())
    with pytest.raises(QuotaBreaksItsRule):
        Stratum("a", 10, 2, Decimal("0.1"))
    with pytest.raises(QuotaBreaksItsRule):
        committed(total=2, quotas={"甲": 2, "乙": 0})
    with pytest.raises(Exception, match="negative number"):
        Stratum("a", 10, -2)


def test_what_is_no_hash_is_refused() -> None:
    with pytest.raises(NotAHash):
        committed(contributions=["A" * 64])
    with pytest.raises(NotAHash):
        seed("00", [ONE])
