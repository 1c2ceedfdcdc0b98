"""A subscription meets a fact once, however often it comes."""

from __future__ import annotations

import threading

import pytest

from services.chassis import inbox
from services.chassis.database import Database
from tests.support.shelf import NOON, metadata

INBOX = metadata.tables["inbox"]


def meet(database: Database, *ids: str, by: str = "tasks.plans.plan_approved") -> set[str]:
    with database.transaction() as session:
        return set(inbox.first_times(session, INBOX, ids, by, NOON))


def test_a_repeat_is_no_first_time(database: Database) -> None:
    with database.transaction() as session:
        assert inbox.first_time(session, INBOX, "e1", "s", NOON)
        assert not inbox.first_time(session, INBOX, "e1", "s", NOON)
    with database.transaction() as session:
        assert not inbox.first_time(session, INBOX, "e1", "s", NOON)


def test_of_many_only_the_new_ones_count_and_twins_count_once(database: Database) -> None:
    assert meet(database, "a", "b", "a") == {"a", "b"}
    assert meet(database, "c", "b") == {"c"}
    assert meet(database) == set()


def test_each_subscription_meets_a_fact_for_itself(database: Database) -> None:
    assert meet(database, "a", by="one") == {"a"}
    assert meet(database, "a", by="other") == {"a"}


def test_what_failed_was_not_met(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        _ = inbox.first_time(session, INBOX, "a", "s", NOON) and 1 / 0
    assert meet(database, "a", by="s") == {"a"}


def test_what_is_forgotten_can_be_met_again(database: Database) -> None:
    meet(database, "a", "b", by="s")
    with database.transaction() as session:
        inbox.forget(session, INBOX, "a", "s")
    assert meet(database, "a", "b", by="s") == {"a"}


def test_of_two_who_meet_a_fact_at_once_one_waits_and_is_second(database: Database) -> None:
    second: list[bool] = []

    def follow() -> None:
        with database.transaction() as session:
            second.append(inbox.first_time(session, INBOX, "a", "s", NOON))

    with database.transaction() as session:
        assert inbox.first_time(session, INBOX, "a", "s", NOON)
        thread = threading.Thread(target=follow)
        thread.start()
        thread.join(0.3)
        assert second == []
    thread.join()
    assert second == [False]
