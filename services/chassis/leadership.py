"""One leader per service: what must happen once, however many replicas there are, is done by the replica that leads."""

from __future__ import annotations

import fcntl
import threading
import time
from contextlib import suppress
from typing import IO

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from services.chassis.database import Database

CHECK_SECONDS = 1.0
# a leader whose machine vanishes is noticed within half a minute, not after the two hours that are usual
_NOTICE_DEATH = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
_TAKE = text("SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.' || :duty, 0))")


class Leadership:
    """Whether this process leads a service. Leadership ends with the process, however it ends.

    On PostgreSQL it is an advisory lock of a connection kept for nothing else, on SQLite a lock on a file beside the
    database. A leader that is cut off may go on for a moment while another has taken over: what leaders do must be safe
    against that (the relay's chain is: two cannot take the same position).

    Args:
        database: the service's database.
        duty: what is led, e.g. `plans`.
    """

    def __init__(self, database: Database, duty: str) -> None:
        self._database = database
        self._duty = duty
        self._turn = threading.Lock()
        self._checked = -CHECK_SECONDS
        self._connection: Connection | None = None
        self._file: IO[bytes] | None = None
        self._held = False

    def held(self) -> bool:
        """Whether this process leads; takes the lead if nobody has it. Asks the database at most once a second."""
        with self._turn:
            if time.monotonic() - self._checked >= CHECK_SECONDS:
                self._held = self._lock_file() if self._database.is_sqlite else self._lock_row()
                self._checked = time.monotonic()
            return self._held

    def release(self) -> None:
        """Let another process lead."""
        with self._turn:
            self._held, self._checked = False, -CHECK_SECONDS
            self._drop_connection()
            if self._file:
                self._file.close()
                self._file = None

    def _lock_file(self) -> bool:
        if self._held:
            return True
        name = self._database.url.database
        if not name or name == ":memory:":
            return True
        file = open(f"{name}.leader", "wb")  # noqa: PTH123, SIM115 (held open as long as this leads)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def _lock_row(self) -> bool:
        try:
            if self._held and self._connection:
                self._connection.execute(text("SELECT 1"))
                return True
            if self._connection is None:
                engine = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
                self._connection = engine.connect()
                self._connection.exec_driver_sql(_NOTICE_DEATH)
            return bool(self._connection.execute(_TAKE, {"duty": self._duty}).scalar_one())
        except DBAPIError:
            self._drop_connection()
            return False

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            with suppress(DBAPIError):
                connection.invalidate()  # gives the lock back with the session, not the session to the pool
                connection.close()
