"""Working days come from published notices; where there is none the answer says so."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.workdays import BadNotice, Day, DayKind, Deadline, Workdays

LAST_PUBLISHED = 2026


@pytest.fixture
def workdays(tmp_path: Path) -> Workdays:
    return Workdays.load(tmp_path / "absent")


def test_a_weekday_is_worked_and_a_weekend_is_not(workdays: Workdays) -> None:
    assert workdays.is_workday(date(2025, 7, 4))
    assert not workdays.is_workday(date(2025, 7, 5))


def test_a_holiday_on_a_weekday_is_not_worked(workdays: Workdays) -> None:
    assert not workdays.is_workday(date(2025, 10, 1))


def test_a_weekend_made_up_for_is_worked(workdays: Workdays) -> None:
    assert workdays.is_workday(date(2025, 9, 28))  # Sunday before the National Day week


def test_counting_begins_the_day_after(workdays: Workdays) -> None:
    assert workdays.add_workdays(date(2025, 7, 1), 7) == Deadline(date(2025, 7, 10), provisional=False)


def test_a_deadline_passes_over_the_national_day_week(workdays: Workdays) -> None:
    # 2025: 1 to 8 October off, 28 September and 11 October worked
    assert workdays.add_workdays(date(2025, 9, 29), 3) == Deadline(date(2025, 10, 10), provisional=False)


def test_no_days_is_the_day_itself(workdays: Workdays) -> None:
    assert workdays.add_workdays(date(2025, 10, 1), 0).day == date(2025, 10, 1)


def test_fewer_than_no_days_is_an_error(workdays: Workdays) -> None:
    with pytest.raises(ValueError, match="negative"):
        workdays.add_workdays(date(2025, 10, 1), -1)


def test_a_year_without_a_notice_is_provisional(workdays: Workdays) -> None:
    deadline = workdays.add_workdays(date(LAST_PUBLISHED, 12, 30), 3)
    assert deadline.provisional
    assert not workdays.add_workdays(date(LAST_PUBLISHED, 12, 1), 3).provisional


def test_explaining_says_what_each_day_is(workdays: Workdays) -> None:
    kinds = {day.day: day.kind for day in workdays.explain(date(2025, 9, 26), date(2025, 10, 1))}
    assert kinds[date(2025, 9, 26)] is DayKind.WORKDAY
    assert kinds[date(2025, 9, 27)] is DayKind.WEEKEND
    assert kinds[date(2025, 9, 28)] is DayKind.WORKDAY
    assert kinds[date(2025, 10, 1)] is DayKind.HOLIDAY


def test_a_notice_in_the_directory_is_taken_up_when_it_comes(tmp_path: Path) -> None:
    workdays = Workdays.load(tmp_path)
    friday = date(LAST_PUBLISHED + 1, 1, 1)
    assert workdays.is_workday(friday)
    (tmp_path / f"{friday.year}.json").write_text(json.dumps({friday.isoformat(): False}))
    assert not workdays.is_workday(friday)
    assert workdays.explain(friday, friday) == [Day(friday, DayKind.HOLIDAY, provisional=False)]


def test_a_notice_in_the_directory_wins_over_what_the_release_knows(tmp_path: Path) -> None:
    (tmp_path / "2025.json").write_text('{"2025-07-01": false}')
    assert not Workdays.load(tmp_path).is_workday(date(2025, 7, 1))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("2027.json", "not json"),
        ("2027.json", '["2027-01-01"]'),
        ("2027.json", '{"2027-13-01": true}'),
        ("2027.json", '{"2026-01-01": true}'),
        ("2027.json", '{"2027-01-01": "no"}'),
        ("holidays.json", "{}"),
    ],
)
def test_a_file_that_is_no_notice_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadNotice, match=name):
        Workdays.load(tmp_path)


def test_a_bad_file_that_comes_later_leaves_what_was_known(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    workdays = Workdays.load(tmp_path)
    (tmp_path / "2027.json").write_text("oops")
    assert workdays.is_workday(date(2025, 7, 4))
    assert "2027.json" in caplog.text


@given(start=st.dates(date(2020, 1, 1), date(2030, 1, 1)), n=st.integers(1, 60))
def test_between_a_day_and_its_deadline_lie_just_so_many_working_days(start: date, n: int) -> None:
    workdays = Workdays({2025: {date(2025, 5, 1): False}})
    deadline = workdays.add_workdays(start, n).day
    counted = workdays.workdays_between(start + timedelta(days=1), deadline)
    assert len(counted) == n
    assert counted[-1] == deadline
