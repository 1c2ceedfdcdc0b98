"""Which days people work, from dated notices: a deadline beyond the last published one is provisional."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

from chinese_calendar import constants

Notices = Mapping[int, Mapping[date, bool]]
"""By year: the days a notice moves, and whether each is worked. What it does not name follows the week."""

_log = logging.getLogger(__name__)
_ONE = timedelta(days=1)


class BadNotice(ValueError):
    """A notice's file cannot be read; names the file and what is wrong with it."""

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"{file}: {why}")


class DayKind(StrEnum):
    """What a day is."""

    WORKDAY = "WORKDAY"
    WEEKEND = "WEEKEND"
    HOLIDAY = "HOLIDAY"


@dataclass(frozen=True)
class Deadline:
    """The last day something is due.

    Args:
        day: that day.
        provisional: a year on the way to it has no published notice, so the day may still move.
    """

    day: date
    provisional: bool


@dataclass(frozen=True)
class Day:
    """A day, and why it is worked or not.

    Args:
        day: the day.
        kind: what it is.
        provisional: its year has no published notice.
    """

    day: date
    kind: DayKind
    provisional: bool

    @property
    def is_workday(self) -> bool:
        """Whether it counts as a working day."""
        return self.kind is DayKind.WORKDAY


class Workdays:
    """The working days of mainland China.

    Args:
        notices: the published years.
        directory: further notices, one file `<year>.json` of `{"YYYY-MM-DD": is_workday}` each; one that comes or
            changes later is taken up by itself, and wins over `notices`.
    """

    def __init__(self, notices: Notices, directory: Path | None = None) -> None:
        self._given = {year: dict(days) for year, days in notices.items()}
        self._directory = directory
        self._seen: tuple[tuple[str, int], ...] = ()
        self._notices: Notices = self._given
        if directory is not None:
            self._seen = _listing(directory)
            self._notices = {**self._given, **_read(directory)}

    @classmethod
    def load(cls, directory: Path) -> Workdays:
        """The notices this release knows, and those in the directory (which need not exist).

        Raises:
            BadNotice: a file there cannot be read.
        """
        return cls(_published(), directory)

    def is_published(self, year: int) -> bool:
        """Whether the year's notice is known."""
        return year in self._current()

    def is_workday(self, day: date) -> bool:
        """Whether people work on this day, as far as is known."""
        return _kind(self._current(), day) is DayKind.WORKDAY

    def add_workdays(self, day: date, n: int) -> Deadline:
        """The `n`-th working day after a day, which itself does not count; the day itself for 0."""
        if n < 0:
            raise ValueError("n must not be negative")
        notices, last, left = self._current(), day, n
        while left:
            last += _ONE
            left -= _kind(notices, last) is DayKind.WORKDAY
        return Deadline(last, any(year not in notices for year in range(day.year, last.year + 1)))

    def workdays_between(self, start: date, end: date) -> list[date]:
        """The working days from `start` to `end`, both included; none if `end` is earlier."""
        return [day.day for day in self.explain(start, end) if day.is_workday]

    def explain(self, start: date, end: date) -> list[Day]:
        """Every day from `start` to `end`, both included, with what it is."""
        notices = self._current()
        return [Day(day, _kind(notices, day), day.year not in notices) for day in _days(start, end)]

    def _current(self) -> Notices:
        """What is known now; a file that cannot be read leaves what was known before."""
        if self._directory is not None and (listing := _listing(self._directory)) != self._seen:
            self._seen = listing
            try:
                self._notices = {**self._given, **_read(self._directory)}
            except BadNotice as error:
                _log.error("a working-day notice is not taken: %s", error)
        return self._notices


def _days(start: date, end: date) -> Iterator[date]:
    return (start + timedelta(days=n) for n in range((end - start).days + 1))


def _kind(notices: Notices, day: date) -> DayKind:
    is_weekend = day.weekday() >= 5
    worked = notices.get(day.year, {}).get(day, not is_weekend)
    if worked:
        return DayKind.WORKDAY
    return DayKind.WEEKEND if is_weekend and day not in notices.get(day.year, {}) else DayKind.HOLIDAY


def _published() -> Notices:
    """The notices of the State Council up to the last year that chinesecalendar carries."""
    notices: dict[int, dict[date, bool]] = {day.year: {} for day in constants.holidays}
    for day in (*constants.holidays, *constants.in_lieu_days):
        notices.setdefault(day.year, {})[day] = False
    for day in constants.workdays:
        notices.setdefault(day.year, {})[day] = True
    return notices


def _listing(directory: Path) -> tuple[tuple[str, int], ...]:
    if not directory.is_dir():
        return ()
    return tuple(sorted((file.name, file.stat().st_mtime_ns) for file in directory.glob("*.json")))


def _read(directory: Path) -> Notices:
    return dict(_notice(directory / name) for name, _ in _listing(directory))


def _notice(file: Path) -> tuple[int, Mapping[date, bool]]:
    try:
        year, entries = int(file.stem), json.loads(file.read_text(encoding="utf-8"))
        days = {date.fromisoformat(text): worked for text, worked in entries.items()}
    except (ValueError, AttributeError, TypeError, OSError) as error:
        raise BadNotice(file, str(error)) from error
    for day, worked in days.items():
        if day.year != year or not isinstance(worked, bool):
            raise BadNotice(file, f"{day}: {worked!r} is no entry of {year}; expected a day of it with true or false")
    return year, days
