"""Seven working days from acceptance, days of waiting not counted, every day explained."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.workdays import Workdays
from services.credit.model.deadline import ALLOWED, DayReason, Wait, reckon

WORKDAYS = Workdays.load(Path("absent"))
MONDAY = date(2025, 6, 9)


def test_without_a_supplement_the_seventh_working_day_after_acceptance_is_the_last() -> None:
    reckoning = reckon(MONDAY, [], MONDAY, WORKDAYS)
    assert reckoning.due_on == date(2025, 6, 18)  # 10 11 12 13, 16 17 18
    assert (reckoning.used, reckoning.left, reckoning.provisional) == (0, 7, False)


def test_on_the_last_day_nothing_is_left() -> None:
    reckoning = reckon(MONDAY, [], date(2025, 6, 18), WORKDAYS)
    assert (reckoning.used, reckoning.left) == (7, 0)


def test_a_wait_moves_the_deadline_by_its_working_days() -> None:
    wait = Wait(date(2025, 6, 11), date(2025, 6, 13))  # Wednesday to Friday
    assert reckon(MONDAY, [wait], date(2025, 6, 13), WORKDAYS).due_on == date(2025, 6, 23)


def test_while_a_supplement_is_waited_for_there_is_no_deadline() -> None:
    reckoning = reckon(MONDAY, [Wait(date(2025, 6, 11), None)], date(2025, 6, 20), WORKDAYS)
    assert reckoning.due_on is None
    assert (reckoning.used, reckoning.left) == (1, 6)


def test_a_supplement_asked_for_on_the_last_day_leaves_one_day_when_it_comes() -> None:
    wait = Wait(date(2025, 6, 18), date(2025, 6, 25))
    assert reckon(MONDAY, [wait], date(2025, 6, 25), WORKDAYS).due_on == date(2025, 6, 26)


def test_a_supplement_asked_for_too_late_does_not_heal_a_missed_deadline() -> None:
    assert reckon(MONDAY, [Wait(date(2025, 6, 19), None)], date(2025, 6, 30), WORKDAYS).due_on == date(2025, 6, 18)


def test_each_day_says_why_it_counted_or_did_not() -> None:
    days = {
        day.day: (day.number, day.reason)
        for day in reckon(date(2025, 9, 26), [Wait(date(2025, 9, 29), date(2025, 9, 29))], MONDAY, WORKDAYS).days
    }
    assert days[date(2025, 9, 26)] == (0, DayReason.ACCEPTANCE)
    assert days[date(2025, 9, 27)] == (0, DayReason.WEEKEND)
    assert days[date(2025, 9, 28)] == (1, DayReason.WORKDAY)  # a Sunday made up for
    assert days[date(2025, 9, 29)] == (0, DayReason.SUPPLEMENT)
    assert days[date(2025, 10, 1)] == (0, DayReason.HOLIDAY)


def test_a_deadline_beyond_the_published_notices_is_provisional() -> None:
    assert reckon(date(2026, 12, 30), [], date(2026, 12, 30), WORKDAYS).provisional


waits = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 10)), max_size=4).map(
    lambda pairs: [
        Wait(MONDAY + timedelta(days=start), MONDAY + timedelta(days=start + length)) for start, length in pairs
    ]
)


@given(waits=waits, today=st.integers(0, 60).map(lambda n: MONDAY + timedelta(days=n)))
def test_exactly_seven_days_count_and_none_of_them_was_spent_waiting(waits: list[Wait], today: date) -> None:
    reckoning = reckon(MONDAY, waits, today, WORKDAYS)
    counted = [day for day in reckoning.days if day.number]
    assert [day.number for day in counted] == list(range(1, ALLOWED + 1))
    assert counted[-1].day == reckoning.due_on
    for day in counted:
        assert WORKDAYS.is_workday(day.day)
        assert not any(wait.covers(day.day) for wait in waits)
    assert reckoning.used + reckoning.left == ALLOWED


@given(waits=waits, today=st.integers(0, 60).map(lambda n: MONDAY + timedelta(days=n)))
def test_waiting_never_brings_the_deadline_forward(waits: list[Wait], today: date) -> None:
    alone = reckon(MONDAY, [], today, WORKDAYS).due_on
    with_waits = reckon(MONDAY, waits, today, WORKDAYS).due_on
    assert alone is not None
    assert with_waits is not None
    assert with_waits >= alone
