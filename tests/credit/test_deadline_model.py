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


# any calendar: holidays, days made up for, ends of years, years nobody has published


@st.composite
def calendars(draw: st.DrawFn) -> Workdays:
    """Notices for some of the years 2030 to 2032: weekdays off, weekends worked, long holidays over new year too."""
    notices: dict[int, dict[date, bool]] = {}
    for year in draw(st.sets(st.sampled_from([2030, 2031, 2032]))):
        first = date(year, 1, 1)
        days = draw(st.sets(st.integers(0, 364), max_size=12))
        moved = {first + timedelta(days=n): (first + timedelta(days=n)).weekday() >= 5 for n in days}
        for start in draw(st.sets(st.sampled_from([0, 120, 270, 355]), max_size=3)):
            moved |= {first + timedelta(days=start + n): False for n in range(draw(st.integers(1, 9)))}
        notices[year] = moved
    return Workdays(notices)


around_new_year = st.one_of(
    st.integers(-15, 15).map(lambda n: date(2031, 1, 1) + timedelta(days=n)),
    st.integers(-15, 15).map(lambda n: date(2032, 1, 1) + timedelta(days=n)),
    st.integers(0, 1000).map(lambda n: date(2030, 1, 1) + timedelta(days=n)),
)
lengths = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 20)), max_size=4)


def waits_from(accepted_on: date, pairs: list[tuple[int, int]]) -> list[Wait]:
    """One after the other, as supplements are asked for and come."""
    waits, day = [], accepted_on
    for gap, length in pairs:
        since = day + timedelta(days=gap)
        day = since + timedelta(days=length)
        waits.append(Wait(since, day))
    return waits


@given(workdays=calendars(), accepted_on=around_new_year, pairs=lengths)
def test_counted_by_hand_the_deadline_is_the_same_in_every_calendar(
    workdays: Workdays, accepted_on: date, pairs: list[tuple[int, int]]
) -> None:
    waits = waits_from(accepted_on, pairs)
    waiting = {
        wait.since + timedelta(days=n)
        for wait in waits
        if wait.until
        for n in range((wait.until - wait.since).days + 1)
    }
    day, left = accepted_on, ALLOWED
    while left:
        day += timedelta(days=1)
        left -= workdays.is_workday(day) and day not in waiting
    reckoning = reckon(accepted_on, waits, accepted_on, workdays)
    assert reckoning.due_on == day
    assert reckoning.provisional == any(
        not workdays.is_published(year) for year in range(accepted_on.year, day.year + 1)
    )
    assert [(each.year, each.published) for each in reckoning.calendars] == [
        (year, workdays.is_published(year)) for year in range(accepted_on.year, day.year + 1)
    ]


@given(workdays=calendars(), accepted_on=around_new_year, pairs=lengths, later=st.integers(0, 90))
def test_every_day_on_the_way_is_explained_once_and_in_order(
    workdays: Workdays, accepted_on: date, pairs: list[tuple[int, int]], later: int
) -> None:
    reckoning = reckon(accepted_on, waits_from(accepted_on, pairs), accepted_on + timedelta(days=later), workdays)
    days = [each.day for each in reckoning.days]
    assert days == [accepted_on + timedelta(days=n) for n in range(len(days))]
    for each in reckoning.days:
        assert (each.number > 0) == (each.reason is DayReason.WORKDAY)
        if each.reason in (DayReason.WEEKEND, DayReason.HOLIDAY):
            assert not workdays.is_workday(each.day)


@given(workdays=calendars(), accepted_on=around_new_year, gap=st.integers(0, 12), later=st.integers(0, 400))
def test_a_clock_that_stands_uses_nothing_however_long(
    workdays: Workdays, accepted_on: date, gap: int, later: int
) -> None:
    """A supplement that is waited for, over new years and unpublished ones, costs the authority no day."""
    since = accepted_on + timedelta(days=gap)
    asked, much_later = (
        reckon(accepted_on, [Wait(since, None)], since + timedelta(days=n), workdays) for n in (0, later)
    )
    assert much_later.used == asked.used
    assert much_later.due_on == asked.due_on
    if asked.due_on:  # it had passed before more was asked for
        assert asked.due_on < since


@given(workdays=calendars(), accepted_on=around_new_year, gap=st.integers(0, 12), length=st.integers(0, 40))
def test_a_supplement_leaves_as_many_days_as_there_were(
    workdays: Workdays, accepted_on: date, gap: int, length: int
) -> None:
    since = accepted_on + timedelta(days=gap)
    until = since + timedelta(days=length)
    before = reckon(accepted_on, [Wait(since, None)], since, workdays)
    after = reckon(accepted_on, [Wait(since, until)], until, workdays)
    assert after.left == before.left
    if before.due_on is None and after.due_on:
        assert len(workdays.workdays_between(until + timedelta(days=1), after.due_on)) == before.left
