"""What was sent forms a chain: what somebody alters, removes, adds or cuts off is named."""

from __future__ import annotations

import json

import pytest
import rfc8785
from sqlalchemy import delete, insert, update

from services.chassis import chain
from services.chassis.chain import Link, chain_end, verify_chain
from services.chassis.database import Database
from services.chassis.outbox import Fact, TwoLeaders, facts, mark_sent
from tests.support.shelf import NOON, TaskCompleted, metadata, working

OUTBOX = metadata.tables["outbox"]


def announce(database: Database, *ids: str) -> None:
    with working(database) as work:
        work.emit(*(TaskCompleted(id, plan_id=f"plan {id}") for id in ids))


def send(database: Database, count: int = 100) -> Link:
    with database.transaction() as session:
        return mark_sent(session, OUTBOX, facts(session, OUTBOX, limit=count), at=NOON)


def faults(database: Database, end: Link | None = None) -> list[tuple[int, str]]:
    with database.transaction(read_only=True) as session:
        return [(fault.position, fault.en) for fault in verify_chain(session, OUTBOX, end=end)]


def change(database: Database, statement: object) -> None:
    with database.transaction() as session:
        session.execute(statement)  # type: ignore[call-overload]


def fact(payload: str) -> Fact:
    return Fact(7, "e1", "plan", "p1", "plan_received", "liangma.plans.v1.PlanReceived", payload, "", NOON)


def test_the_hashed_form_is_canonical_json_by_rfc_8785() -> None:
    every_character = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
    hashed = chain.canonical(fact(every_character))
    assert hashed == rfc8785.dumps(json.loads(hashed))
    assert json.loads(hashed)["payload"] == every_character


def test_a_hash_is_today_what_it_was_in_the_first_release() -> None:
    first = Link().then(fact('{"planId":"p1","reason":"无 \\"x\\" \\u0007"}'))
    assert first == Link(1, "6e07979f23215f85a6b91fc088c7272a2138814276da5b2451af6f1a945e3417")


def test_a_chain_nobody_touched_is_whole(database: Database) -> None:
    announce(database, "a", "b", "c")
    first = send(database, 2)
    second = send(database)
    assert (first.position, second.position) == (2, 3)
    assert faults(database) == []
    assert faults(database, first) == []
    assert faults(database, second) == []


def test_an_altered_fact_is_named_and_only_that_one(database: Database) -> None:
    announce(database, "a", "b", "c")
    send(database)
    change(database, update(OUTBOX).where(OUTBOX.c.position == 2).values(payload='{"taskId":"x"}'))
    assert faults(database) == [(2, "was altered after it was sent")]


@pytest.mark.parametrize("hash", ["zz", "", None])
def test_a_hash_that_is_none_is_named(database: Database, hash: str | None) -> None:
    announce(database, "a", "b")
    send(database)
    change(database, update(OUTBOX).where(OUTBOX.c.position == 1).values(hash=hash))
    assert faults(database) == [(1, "was altered after it was sent"), (2, "was altered after it was sent")]


def test_a_removed_fact_is_missed(database: Database) -> None:
    announce(database, "a", "b", "c")
    send(database)
    change(database, delete(OUTBOX).where(OUTBOX.c.position == 2))
    assert faults(database) == [(2, "facts before position 3 were removed")]


def test_facts_cut_off_at_the_end_are_missed_by_whoever_noted_the_end(database: Database) -> None:
    announce(database, "a", "b", "c")
    end = send(database)
    change(database, delete(OUTBOX).where(OUTBOX.c.position == 3))
    assert faults(database) == []
    assert faults(database, end) == [(3, "the end of the chain was cut off")]


def test_a_chain_that_was_computed_anew_is_not_the_one_that_was_noted(database: Database) -> None:
    announce(database, "a", "b")
    end = send(database)
    change(database, update(OUTBOX).values(sent_at=None, position=None, hash=None, traceparent="x"))
    send(database)
    assert faults(database) == []
    assert faults(database, end) == [(2, "the chain is not the one noted earlier")]


def test_a_fact_slipped_in_as_sent_is_named(database: Database) -> None:
    announce(database, "a")
    send(database)
    with database.transaction() as session:
        row = dict(session.execute(OUTBOX.select()).mappings().one())
        session.execute(insert(OUTBOX).values(row | {"sequence": 99, "id": "b", "position": None, "hash": None}))
    assert faults(database) == [(0, "is marked as sent and is not in the chain")]


def test_of_two_leaders_who_sent_the_same_facts_the_second_changes_nothing(database: Database) -> None:
    announce(database, "a", "b", "c")
    with database.transaction(read_only=True) as session:
        batch = facts(session, OUTBOX)
    send(database, 2)
    with pytest.raises(TwoLeaders), database.transaction() as session:
        mark_sent(session, OUTBOX, batch, at=NOON)
    assert send(database).position == 3
    assert faults(database) == []


def test_an_empty_log_is_whole_and_ends_at_the_beginning(database: Database) -> None:
    assert faults(database) == []
    with database.transaction(read_only=True) as session:
        assert chain_end(session, OUTBOX) == Link(0, "0" * 64)
