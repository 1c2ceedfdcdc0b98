"""A dead letter waits for somebody to replay or drop it, and is never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.chassis import dead_letters
from services.chassis.database import Database
from services.chassis.dead_letters import DeadLetter, LetterSettled, LetterState, letter_id
from services.chassis.errors import NoSuchThing
from tests.support.shelf import NOON, metadata

LETTERS = metadata.tables["dead_letters"]
SUBSCRIPTION = "tasks.plans.plan_approved"


def letter(event_id: str) -> DeadLetter:
    return DeadLetter(
        id=letter_id(SUBSCRIPTION, event_id),
        event_id=event_id,
        subscription=SUBSCRIPTION,
        envelope="{}",
        reason="ValueError: no",
        traceback="…",
        attempts=5,
        died_at=NOON,
    )


def bury(database: Database, *letters: DeadLetter) -> None:
    with database.transaction() as session:
        for each in letters:
            dead_letters.bury(session, LETTERS, each)


def listed(database: Database, state: LetterState | None = LetterState.DEAD) -> list[DeadLetter]:
    with database.transaction(read_only=True) as session:
        return dead_letters.list_letters(session, LETTERS, state=state)


def test_letters_are_listed_oldest_first_with_all_they_say(database: Database) -> None:
    late, early = replace(letter("a"), died_at=NOON + timedelta(hours=1)), letter("b")
    bury(database, late, early)
    assert listed(database) == [early, late]


def test_a_letter_that_dies_again_is_still_one_letter(database: Database) -> None:
    bury(database, letter("a"), replace(letter("a"), attempts=6, reason="KeyError: 1"))
    assert [(each.attempts, each.reason) for each in listed(database)] == [(6, "KeyError: 1")]


def test_a_replay_marks_a_letter_for_the_worker_and_settling_ends_it(database: Database) -> None:
    bury(database, letter("a"))
    with database.transaction() as session:
        dead_letters.replay(session, LETTERS, letter("a").id)
    assert listed(database) == []
    assert [each.state for each in listed(database, LetterState.REPLAYING)] == [LetterState.REPLAYING]
    with database.transaction() as session:
        dead_letters.settle(session, LETTERS, letter("a").id, now=NOON)
        assert dead_letters.show(session, LETTERS, letter("a").id).settled_at == NOON


def test_a_dropped_letter_leaves_the_list_and_stays_on_record(database: Database) -> None:
    bury(database, letter("a"))
    with database.transaction() as session:
        dead_letters.drop(session, LETTERS, letter("a").id, now=NOON)
    assert listed(database) == []
    assert [each.state for each in listed(database, None)] == [LetterState.DROPPED]


def test_a_letter_that_is_settled_takes_no_further_order(database: Database) -> None:
    bury(database, replace(letter("a"), state=LetterState.DROPPED))
    with database.transaction() as session:
        with pytest.raises(LetterSettled) as refused:
            dead_letters.replay(session, LETTERS, letter("a").id)
        assert refused.value.metadata == {"state": "DROPPED"}
        with pytest.raises(LetterSettled):
            dead_letters.drop(session, LETTERS, letter("a").id, now=NOON)


def test_an_unknown_letter_is_named(database: Database) -> None:
    with database.transaction() as session:
        with pytest.raises(NoSuchThing):
            dead_letters.show(session, LETTERS, "zz")
        with pytest.raises(NoSuchThing):
            dead_letters.replay(session, LETTERS, "zz")
