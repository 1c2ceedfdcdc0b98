"""A fact is handled in one transaction with its inbox entry, by whoever said it hears it; patience has its bounds."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from google.protobuf.json_format import ParseError
from liangma.plans.v1 import events_pb2 as plans_events
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, ProgrammingError

from services.chassis import bus, dead_letters
from services.chassis.dead_letters import LetterState
from services.chassis.errors import NoSuchThing
from services.chassis.runtime import Runtime
from services.chassis.servicing import Call
from services.chassis.settings import Settings, load
from services.chassis.unit_of_work import ChangedMeanwhile
from services.chassis.worker import (
    Subscription,
    Subscriptions,
    Timer,
    TwoHandlers,
    deliver,
    strike,
    subscribe,
    subscriptions_of,
    timers_of,
)
from services.chassis.worker.clerks import bury
from services.chassis.worker.patience import ATTEMPTS, NOT_YET_SECONDS, Failure, Patience, failure_of
from services.chassis.worker.replays import Replays
from tests.support import pair
from tests.support.envelopes import envelope
from tests.support.shelf import NOON

HEARS = subscriptions_of(pair.TasksSubscriptions)[0]


@pytest.fixture
def tasks(tmp_path: Path) -> Iterator[Runtime]:
    runtime = Runtime(pair.TASKS, load(Settings, var_dir=tmp_path), clock=lambda: NOON)
    pair.tasks_metadata.create_all(runtime.database.engine)
    yield runtime
    runtime.database.dispose()


def told(plan_id: str, orders: str = "", *, id: str = "") -> bus.Envelope:
    message = plans_events.PlanReceived(plan_id=plan_id, reason=orders)
    return envelope(message, id=id or plan_id, occurred_at=NOON, sequence=1)


def handle(tasks: Runtime, *envelopes: bus.Envelope) -> int:
    return deliver(pair.TasksSubscriptions, tasks, HEARS, *envelopes)


def effects(tasks: Runtime) -> list[str]:
    with tasks.database.transaction(read_only=True) as session:
        return list(session.scalars(select(pair.effects.c.what).order_by(pair.effects.c.number)))


def letters(tasks: Runtime) -> list[tuple[str, int, str]]:
    with tasks.database.transaction(read_only=True) as session:
        found = dead_letters.list_letters(session, pair.tasks_metadata.tables["dead_letters"], state=None)
    return [(letter.event_id, letter.attempts, letter.state) for letter in found]


def test_what_a_service_hears_is_read_off_its_methods() -> None:
    assert subscriptions_of(pair.TasksSubscriptions) == [
        Subscription("tasks", plans_events.PlanReceived, "on_plan_received")
    ]
    assert (HEARS.name, HEARS.source, HEARS.type) == ("tasks.plans.plan_received", "plans", "plan_received")
    assert timers_of(pair.TasksSubscriptions) == [Timer("tick", 0.2)]


def test_two_handlers_for_one_kind_of_fact_are_refused() -> None:
    class Twice(Subscriptions):
        name = "twice"

        @subscribe(plans_events.PlanReceived)
        def one(self, event: plans_events.PlanReceived, call: Call) -> None: ...

        @subscribe(plans_events.PlanReceived)
        def other(self, event: plans_events.PlanReceived, call: Call) -> None: ...

    with pytest.raises(TwoHandlers, match=r"twice\.plans\.plan_received"):
        subscriptions_of(Twice)


def test_a_fact_is_handled_once_however_often_it_comes(tasks: Runtime) -> None:
    assert handle(tasks, told("a")) == 1
    assert handle(tasks, told("a")) == 0
    assert handle(tasks, told("a"), told("b"), told("b")) == 1
    assert effects(tasks) == ["a", "b"]


def test_a_group_that_comes_again_changes_nothing(tasks: Runtime) -> None:
    group = [told(name) for name in ("a", "b", "c")]
    assert handle(tasks, *group) == 3
    assert handle(tasks, *group) == 0
    assert effects(tasks) == ["a", "b", "c"]


def test_of_facts_handled_together_none_counts_if_one_fails(tasks: Runtime) -> None:
    with pytest.raises(ValueError, match="cannot handle b"):
        handle(tasks, told("a"), told("b", "poison"), told("c"))
    assert effects(tasks) == []
    assert handle(tasks, told("a"), told("c")) == 2


def test_a_handler_learns_how_its_fact_came_and_acts_as_the_system(tasks: Runtime) -> None:
    seen: list[Call] = []

    class Listens(Subscriptions):
        name = "tasks"

        @subscribe(plans_events.PlanReceived)
        def on_plan_received(self, event: plans_events.PlanReceived, call: Call) -> None:
            seen.append(call)

    deliver(Listens, tasks, subscriptions_of(Listens)[0], told("a"), attempts=3)
    call = seen[0]
    assert call.delivery == bus.Delivery("a", "plans", "liangma.plans.v1.PlanReceived", "", NOON, 3)
    assert (call.principal.subject, call.principal.roles) == ("system:tasks", frozenset({"system"}))
    assert (call.now, call.runtime) == (NOON, tasks)


def test_fields_this_release_does_not_know_are_left_out(tasks: Runtime) -> None:
    newer = told("a")
    newer.data["somethingNew"] = 1
    assert handle(tasks, newer) == 1


def test_data_that_does_not_fit_the_message_fails(tasks: Runtime) -> None:
    odd = told("a")
    odd.data["planId"] = 7
    with pytest.raises(ParseError):
        handle(tasks, odd)


def test_a_timer_strikes_in_a_transaction_of_its_own(tasks: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIR_TICKS", "1")
    strike(pair.TasksSubscriptions, tasks, "tick")
    strike(pair.TasksSubscriptions, tasks, "tick")
    assert len(effects(tasks)) == 2


def test_a_fact_that_is_given_up_is_not_dug_out_by_a_repeat(tasks: Runtime) -> None:
    poison = told("a", "poison")
    bury(tasks, HEARS.name, poison.to_json(), ValueError("no"), 5)
    assert handle(tasks, poison) == 0
    bury(tasks, HEARS.name, poison.to_json(), ValueError("no"), 5)
    assert letters(tasks) == [("a", 5, "DEAD")]


def order_replay(tasks: Runtime, fact: bus.Envelope, subscription: str = HEARS.name) -> None:
    bury(tasks, subscription, fact.to_json(), ValueError("no"), 5)
    with tasks.database.transaction() as session:
        letter = dead_letters.letter_id(subscription, fact.id)
        dead_letters.replay(session, pair.tasks_metadata.tables["dead_letters"], letter)


def test_a_replayed_letter_is_handled_as_if_it_had_just_come_in(tasks: Runtime) -> None:
    order_replay(tasks, told("a"))
    assert Replays(pair.TasksSubscriptions, tasks).take_up() == 1
    assert effects(tasks) == ["a"]
    assert letters(tasks) == [("a", 5, LetterState.REPLAYED)]
    assert handle(tasks, told("a")) == 0


def test_a_letter_that_two_replay_at_once_is_handled_once(tasks: Runtime) -> None:
    order_replay(tasks, told("a"))
    with tasks.database.transaction(read_only=True) as session:
        letter = dead_letters.list_letters(session, pair.tasks_metadata.tables["dead_letters"], state=None)[0]
    for _ in range(2):
        Replays(pair.TasksSubscriptions, tasks)._replay(letter)
    assert effects(tasks) == ["a"]


def test_a_replay_that_fails_late_does_not_dig_out_what_another_has_settled(tasks: Runtime) -> None:
    order_replay(tasks, told("a"))
    Replays(pair.TasksSubscriptions, tasks).take_up()
    bury(tasks, HEARS.name, told("a").to_json(), ValueError("no"), 6, replay=True)
    assert letters(tasks) == [("a", 5, LetterState.REPLAYED)]


def test_a_replayed_letter_that_fails_again_is_dead_again_with_the_new_reason(tasks: Runtime) -> None:
    order_replay(tasks, told("a", "poison"))
    Replays(pair.TasksSubscriptions, tasks).take_up()
    assert letters(tasks) == [("a", 6, LetterState.DEAD)]


def test_a_letter_of_a_subscription_that_is_gone_stays_dead(tasks: Runtime) -> None:
    order_replay(tasks, told("a"), "tasks.plans.something_else")
    Replays(pair.TasksSubscriptions, tasks).take_up()
    assert letters(tasks) == [("a", 6, LetterState.DEAD)]


def pauses(error: Exception, most: int = 1000) -> tuple[list[float], bool]:
    """The pauses patience allows for one error, and whether it ever ends."""
    patience = Patience()
    found: list[float] = []
    for _ in range(most):
        pause = patience.pause_after(error)
        if pause is None:
            return found, True
        found.append(pause)
    return found, False


def test_a_fault_is_tried_five_times_with_growing_pauses() -> None:
    found, ends = pauses(ValueError())
    assert ends
    assert len(found) + 1 == ATTEMPTS
    assert found == sorted(found)
    assert sum(found) < 5


def test_what_waits_for_another_fact_is_tried_for_two_minutes_before_that_counts() -> None:
    found, ends = pauses(bus.NotYet("task t1"))
    assert ends
    assert NOT_YET_SECONDS < sum(found) < NOT_YET_SECONDS + 40


def test_who_was_overtaken_tries_for_ten_seconds_before_that_counts() -> None:
    found, ends = pauses(ChangedMeanwhile())
    assert ends
    assert 10 < sum(found) < 50


def test_a_database_that_is_away_is_waited_for_without_end() -> None:
    found, ends = pauses(_postgres_error("57P01"))
    assert not ends
    assert max(found) == 5


def test_what_cannot_be_read_is_given_up_at_once() -> None:
    assert pauses(bus.Unreadable("no")) == ([], True)


@pytest.mark.parametrize(
    ("sqlstate", "failure"),
    [
        ("57P01", Failure.DATABASE_AWAY),  # administrator command
        ("40P01", Failure.DATABASE_AWAY),  # deadlock
        ("08006", Failure.DATABASE_AWAY),  # connection lost
        ("53300", Failure.DATABASE_AWAY),  # too many connections
        ("42P01", Failure.FAULT),  # no such table
        ("22001", Failure.FAULT),  # text too long
    ],
)
def test_only_what_the_database_will_get_over_is_waited_for(sqlstate: str, failure: Failure) -> None:
    assert failure_of(_postgres_error(sqlstate)) is failure


def test_a_postgresql_that_is_not_reached_is_waited_for() -> None:
    assert failure_of(OperationalError("", {}, psycopg.OperationalError("refused"))) is Failure.DATABASE_AWAY


def test_an_sqlite_that_is_locked_is_waited_for(tasks: Runtime, tmp_path: Path) -> None:
    other = closing(sqlite3.connect(tmp_path / "tasks.db", timeout=0.001))
    with tasks.database.transaction() as session, other as connection:
        session.connection()
        with pytest.raises(sqlite3.OperationalError) as locked:
            connection.execute("BEGIN IMMEDIATE")
    assert failure_of(OperationalError("", {}, locked.value)) is Failure.DATABASE_AWAY


def test_a_table_that_is_missing_is_a_fault(tasks: Runtime) -> None:
    with tasks.database.transaction() as session, pytest.raises(OperationalError) as missing:
        session.connection().exec_driver_sql("SELECT * FROM nothing")
    assert failure_of(missing.value) is Failure.FAULT


def test_a_refusal_of_the_model_is_a_fault() -> None:
    assert failure_of(NoSuchThing("Plan", "p1")) is Failure.FAULT


def test_subscriptions_can_be_read_without_bringing_in_nameko_kombu_or_eventlet() -> None:
    script = (
        "import sys, services.chassis.worker, services.chassis.bus;"
        "print([name for name in ('nameko', 'kombu', 'eventlet', 'amqp') if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"


def _postgres_error(sqlstate: str) -> ProgrammingError:
    cause = psycopg.Error()
    cause.sqlstate = sqlstate
    return ProgrammingError("", {}, cause)
