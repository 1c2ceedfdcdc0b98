"""Seven working days from acceptance, the days a supplement is waited for not counted (TJ 12), explained day by day.

The day of acceptance does not count. Of a wait, neither the day the supplement was asked for nor the day it came
counts: on neither had the authority everything for a whole day. So a deadline never passes while it waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.chassis.workdays import Day, DayKind, Workdays

ALLOWED = 7
_STRIDE = 31


class DayReason(StrEnum):
    """Why a day counted or did not."""

    WORKDAY = "WORKDAY"
    ACCEPTANCE = "ACCEPTANCE"
    WEEKEND = "WEEKEND"
    HOLIDAY = "HOLIDAY"
    SUPPLEMENT = "SUPPLEMENT"


@dataclass(frozen=True)
class Wait:
    """From the day a supplement was asked for to the day it came; None: it is waited for still."""

    since: date
    until: date | None

    def covers(self, day: date) -> bool:
        """Whether the day is one of waiting."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class DeadlineDay:
    """One day on the way to the deadline; `number` counts the days that count, 0 for one that does not."""

    day: date
    number: int
    reason: DayReason
    provisional: bool


@dataclass(frozen=True)
class Calendar:
    """How the days of one year were counted."""

    year: int
    published: bool

    @property
    def note(self) -> str:
        """The same for people."""
        known = "按国务院办公厅节假日安排通知计算"
        return f"{self.year}年：{known if self.published else '节假日安排尚未发布，暂按周一至周五为工作日计算'}"


@dataclass(frozen=True)
class Reckoning:
    """A deadline, explained.

    Args:
        due_on: None while a supplement is waited for.
        used: days that counted, up to and with today.
        left: days that are left after today.
    """

    days: tuple[DeadlineDay, ...]
    due_on: date | None
    provisional: bool
    used: int

    @property
    def left(self) -> int:
        return ALLOWED - self.used

    @property
    def calendars(self) -> tuple[Calendar, ...]:
        """The years on the way, and whether their notices are known."""
        years = {day.day.year: not day.provisional for day in self.days}
        return tuple(Calendar(year, published) for year, published in sorted(years.items()))


def reckon(accepted_on: date, waits: Sequence[Wait], today: date, workdays: Workdays) -> Reckoning:
    """The deadline of a repair accepted on a day, as it stands today."""
    waits_still = any(wait.until is None for wait in waits)
    days: list[DeadlineDay] = []
    for day in _count(accepted_on, waits, workdays):
        if waits_still and day.day > max(today, accepted_on):
            break
        days.append(day)
        if day.number == ALLOWED:
            break
    is_complete = days[-1].number == ALLOWED
    used = max((day.number for day in days if day.day <= today), default=0)
    provisional = any(day.provisional for day in days)
    return Reckoning(tuple(days), days[-1].day if is_complete else None, provisional, used)


def _count(accepted_on: date, waits: Sequence[Wait], workdays: Workdays) -> Iterator[DeadlineDay]:
    number = 0
    for day in _calendar(accepted_on, workdays):
        reason = DayReason.ACCEPTANCE if day.day == accepted_on else _reason(day, waits)
        counts = reason is DayReason.WORKDAY
        number += counts
        yield DeadlineDay(day.day, number if counts else 0, reason, day.provisional)


def _reason(day: Day, waits: Sequence[Wait]) -> DayReason:
    if day.kind is not DayKind.WORKDAY:
        return DayReason(day.kind.value)
    return DayReason.SUPPLEMENT if any(wait.covers(day.day) for wait in waits) else DayReason.WORKDAY


def _calendar(start: date, workdays: Workdays) -> Iterator[Day]:
    """Every day from a day on, without end."""
    while True:
        end = start + timedelta(days=_STRIDE)
        yield from workdays.explain(start, end)
        start = end + timedelta(days=1)
