"""How long one fact is tried, and how soon again."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from services.chassis.bus import NotYet, Unreadable
from services.chassis.errors import Conflict

ATTEMPTS = 5
"""After so many failures a fact goes to the dead letters."""

NOT_YET_SECONDS = 120.0
CONFLICT_SECONDS = 10.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0

_SQLITE_AWAY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}
_POSTGRES_AWAY = ("08", "40", "53", "57", "55P03")  # connection, rollback, resources, shutdown, lock


class Failure(Enum):
    """What a failure says about the next attempt."""

    DATABASE_AWAY = auto()  # nobody's fault: tried until it is back
    NOT_YET = auto()  # something else comes first: tried for two minutes, then it counts
    CONFLICT = auto()  # somebody was faster: tried for ten seconds, then it counts
    FAULT = auto()  # counts


def failure_of(error: Exception) -> Failure:
    """What kind of failure an exception is."""
    if isinstance(error, PoolExhausted) or (isinstance(error, DBAPIError) and _is_away(error)):
        return Failure.DATABASE_AWAY
    if isinstance(error, NotYet):
        return Failure.NOT_YET
    return Failure.CONFLICT if isinstance(error, Conflict) else Failure.FAULT


@dataclass
class Patience:
    """What is left of the patience with one fact.

    Args:
        attempts: the number of the attempt in hand.
    """

    attempts: int = 1
    _waited: float = 0.0
    _pauses: int = 0

    def pause_after(self, error: Exception) -> float | None:
        """Seconds to wait before the next attempt; None: give up."""
        if isinstance(error, Unreadable):
            return None
        failure = failure_of(error)
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(self._pauses, 10))
        self._pauses += 1
        if failure is Failure.DATABASE_AWAY:
            return pause
        if failure is not Failure.FAULT and self._waited < _BOUND[failure]:
            self._waited += pause
            return pause
        if self.attempts >= ATTEMPTS:
            return None
        self.attempts += 1
        return pause


_BOUND = {Failure.NOT_YET: NOT_YET_SECONDS, Failure.CONFLICT: CONFLICT_SECONDS}


def _is_away(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_AWAY
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # PostgreSQL was not reached at all
        return isinstance(error, (OperationalError, InterfaceError))
    return bool(state.startswith(_POSTGRES_AWAY))
