"""Facts are written with the change they tell of; what was sent forms a chain that nobody edits unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import rfc8785
from sqlalchemy import delete, insert, update

from services.chassis import outbox
from services.chassis.database import Database
from services.chassis.outbox import Link, chain_end, facts, mark_sent, verify_chain
from tests.support.house import databases
from tests.support.shelf import NOON, TaskCompleted, metadata, shelf, working

OUTBOX = metadata.tables["outbox"]


@pytest.fixture(params=databases())
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with shelf(request.param, tmp_path) as made:
        yield made


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


def test_facts_come_out_in_the_order_they_were_written(database: Database) -> None:
    announce(database, "a", "b")
    announce(database, "c")
    with database.transaction(read_only=True) as session:
        found = facts(session, OUTBOX)
    assert [fact.aggregate_id for fact in found] == ["a", "b", "c"]
    assert [fact.sequence for fact in found] == sorted(fact.sequence for fact in found)
    assert len({fact.id for fact in found}) == 3


def test_a_fact_carries_its_message_as_proto3_json_and_is_routed_by_its_name(database: Database) -> None:
    announce(database, "a")
    with database.transaction(read_only=True) as session:
        fact = facts(session, OUTBOX)[0]
    assert (fact.type, fact.message) == ("task_completed", "liangma.tasks.v1.TaskCompleted")
    assert json.loads(fact.payload) == {"taskId": "a", "planId": "plan a"}
    assert (fact.aggregate_type, fact.occurred_at) == ("task", NOON)


def test_what_is_sent_is_not_sent_again(database: Database) -> None:
    announce(database, "a", "b", "c")
    send(database, 2)
    with database.transaction(read_only=True) as session:
        assert [fact.aggregate_id for fact in facts(session, OUTBOX)] == ["c"]


def test_history_tells_all_facts_of_a_type_after_a_point(database: Database) -> None:
    announce(database, "a", "b", "c")
    send(database, 2)
    with database.transaction(read_only=True) as session:
        first = outbox.history(session, OUTBOX, "task_completed", after=0, limit=1)
        rest = outbox.history(session, OUTBOX, "task_completed", after=first[-1].sequence)
        assert outbox.history(session, OUTBOX, "something_else", after=0) == []
    assert [fact.aggregate_id for fact in first + rest] == ["a", "b", "c"]


def test_the_hashed_form_is_canonical_json_by_rfc_8785(database: Database) -> None:
    announce(database, 'quote " backslash \\ newline \n bell \x07 汉字 \U0001f4a1')
    with database.transaction(read_only=True) as session:
        fact = facts(session, OUTBOX)[0]
    assert rfc8785.dumps(json.loads(fact.canonical())) == fact.canonical()


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


def test_an_empty_log_is_whole_and_ends_at_the_beginning(database: Database) -> None:
    assert faults(database) == []
    with database.transaction(read_only=True) as session:
        assert chain_end(session, OUTBOX) == Link(0, "0" * 64)
