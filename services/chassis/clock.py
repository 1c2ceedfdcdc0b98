"""Instants are UTC, civil dates are Shanghai's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """This instant."""
    return datetime.now(UTC)


def today(instant: datetime) -> date:
    """The civil date in China at an instant."""
    return instant.astimezone(SHANGHAI).date()
