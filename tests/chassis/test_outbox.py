"""Facts are written with the change they tell of, read in their order, and sent once."""

from __future__ import annotations

import json

from services.chassis import outbox
from services.chassis.database import Database
from services.chassis.outbox import facts, mark_sent
from tests.support.shelf import NOON, TaskCompleted, metadata, working

OUTBOX = metadata.tables["outbox"]


def announce(database: Database, *ids: str) -> None:
    with working(database) as work:
        work.emit(*(TaskCompleted(id, plan_id=f"plan {id}") for id in ids))


def send(database: Database, count: int) -> None:
    with database.transaction() as session:
        mark_sent(session, OUTBOX, facts(session, OUTBOX, limit=count), at=NOON)


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
