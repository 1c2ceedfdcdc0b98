"""The relay sends in order, marks only what the bus took, and never gives up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import IntegrityError

from services.chassis import telemetry
from services.chassis.chain import verify_chain
from services.chassis.database import Database
from services.chassis.leadership import Leadership
from services.chassis.outbox import Fact, facts, mark_sent
from services.chassis.relay import BusDown, Publication, Relay, TroubledBatch
from tests.support.shelf import NOON, TaskCompleted, metadata, shelf, working
from tests.support.workers import eventually

OUTBOX = metadata.tables["outbox"]


@dataclass
class Bus:
    """A bus that takes everything, unless it is told otherwise.

    Args:
        moods: what the next batches meet: an exception, or names of facts that are refused or still under way.
        batches: what came.
    """

    moods: list[Exception | dict[str, str]] = field(default_factory=list)
    batches: list[list[str]] = field(default_factory=list)

    def publish(self, batch: Sequence[Fact]) -> Publication:
        self.batches.append([fact.aggregate_id for fact in batch])
        mood = self.moods.pop(0) if self.moods else {}
        if isinstance(mood, Exception):
            raise mood
        refused = {fact.id: why for fact in batch if (why := mood.get(fact.aggregate_id)) == "refused"}
        taken = frozenset(fact.id for fact in batch if fact.aggregate_id not in mood)
        return Publication(taken, refused)

    def close(self) -> None:
        """Nothing to do."""


class Leads:
    def held(self) -> bool:
        return True


class Follows:
    def held(self) -> bool:
        return False


def announce(database: Database, *ids: str) -> None:
    with working(database) as work:
        work.emit(*(TaskCompleted(id) for id in ids))


def relay(database: Database, bus: Bus, **changes: int) -> Relay:
    return Relay("books", database, OUTBOX, bus, Leads(), clock=lambda: NOON, poll=0.01, **changes)


def unsent(database: Database) -> list[str]:
    with database.transaction(read_only=True) as session:
        return [fact.aggregate_id for fact in facts(session, OUTBOX)]


def running(relay: Relay) -> Callable[[], None]:
    thread = threading.Thread(target=relay.run)
    thread.start()

    def end() -> None:
        relay.stop()
        thread.join()

    return end


def test_facts_go_out_in_order_and_in_batches(database: Database) -> None:
    announce(database, "a", "b", "c", "d", "e")
    bus = Bus()
    sender = relay(database, bus, batch=2)
    assert [sender.step() for _ in range(4)] == [2, 2, 1, 0]
    assert bus.batches == [["a", "b"], ["c", "d"], ["e"]]
    with database.transaction(read_only=True) as session:
        assert verify_chain(session, OUTBOX) == []


def test_only_what_the_bus_took_is_marked_and_the_rest_goes_out_again(database: Database) -> None:
    announce(database, "a", "b", "c")
    bus = Bus([{"b": "refused"}])
    sender = relay(database, bus)
    with pytest.raises(TroubledBatch, match="1 refused"):
        sender.step()
    assert unsent(database) == ["b"]
    assert sender.step() == 1
    assert bus.batches == [["a", "b", "c"], ["b"]]
    with database.transaction(read_only=True) as session:
        assert verify_chain(session, OUTBOX) == []


def test_what_is_still_under_way_is_no_trouble_and_is_asked_for_again(database: Database) -> None:
    announce(database, "a", "b")
    sender = relay(database, Bus([{"a": "under way"}]))
    assert sender.step() == 1
    assert unsent(database) == ["a"]
    assert sender.step() == 1


def test_a_relay_outlasts_a_bus_that_is_down(database: Database) -> None:
    announce(database, "a")
    bus = Bus([BusDown("away"), BusDown("still away")])
    sender = relay(database, bus)
    end = running(sender)
    eventually(lambda: unsent(database) == [])
    end()
    assert bus.batches == [["a"], ["a"], ["a"]]
    assert sender.is_well


def test_facts_written_while_it_runs_go_out_soon(database: Database) -> None:
    bus = Bus()
    end = running(relay(database, bus))
    announce(database, "a")
    eventually(lambda: bus.batches == [["a"]])
    announce(database, "b")
    eventually(lambda: bus.batches == [["a"], ["b"]])
    end()


def test_a_replica_that_does_not_lead_sends_nothing(database: Database) -> None:
    announce(database, "a")
    bus = Bus()
    end = running(Relay("books", database, OUTBOX, bus, Follows(), poll=0.01))
    threading.Event().wait(0.1)
    end()
    assert bus.batches == []


@pytest.mark.postgresql
def test_of_two_leaders_at_once_only_one_lengthens_the_chain() -> None:
    with shelf("postgresql") as database:
        announce(database, "a", "b")
        with database.transaction(read_only=True) as session:
            batch = facts(session, OUTBOX)
        failed: list[Exception] = []

        def follow() -> None:
            try:
                with database.transaction() as session:
                    mark_sent(session, OUTBOX, batch[1:], at=NOON)
            except IntegrityError as error:
                failed.append(error)

        with database.transaction() as session:
            mark_sent(session, OUTBOX, batch[:1], at=NOON)
            second = threading.Thread(target=follow)
            second.start()
            second.join(0.3)
        second.join()
        assert len(failed) == 1
        assert unsent(database) == ["b"]


def test_the_gauges_tell_how_much_waits_and_how_long(database: Database) -> None:
    announce(database, "a", "b")
    sender = relay(database, Bus())
    sender.measure()
    assert telemetry.OUTBOX_UNSENT.labels("books")._value.get() == 2
    assert telemetry.OUTBOX_LAG.labels("books")._value.get() == 0
    sender.step()
    sender.measure()
    assert telemetry.OUTBOX_UNSENT.labels("books")._value.get() == 0


def test_one_leads_and_another_takes_over_when_it_lets_go(database: Database) -> None:
    first, second = Leadership(database, "books"), Leadership(database, "books")
    assert first.held()
    assert not second.held()
    assert first.held()
    first.release()
    eventually(second.held)
    second.release()


@pytest.mark.postgresql
def test_a_leader_whose_connection_breaks_leads_no_more() -> None:
    with shelf("postgresql") as database:
        first, second = Leadership(database, "loans"), Leadership(database, "loans")
        assert first.held()
        held_by = first._connection
        assert held_by
        backend = held_by.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with database.transaction() as session:
            session.connection().exec_driver_sql(f"SELECT pg_terminate_backend({backend})")
        eventually(second.held)
        eventually(lambda: not first.held())
        second.release()
        first.release()
