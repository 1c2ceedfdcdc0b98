"""The first working days of a quarter, from the platform's calendar."""

from __future__ import annotations

from datetime import timedelta

from services.chassis.workdays import Workdays
from services.sampling.model.window import WORKING_DAYS, Days, first_day
from services.sampling.use_cases.draws import Calendar


def quarter_days(workdays: Workdays) -> Calendar:
    """Which days are the first five working days of a quarter."""

    def days(year: int, quarter: int) -> Days:
        before = first_day(year, quarter) - timedelta(days=1)
        last = workdays.add_workdays(before, WORKING_DAYS)
        return Days(workdays.add_workdays(before, 1).day, last.day, last.provisional)

    return days
