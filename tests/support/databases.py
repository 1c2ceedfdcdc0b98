"""Databases to test in, on SQLite and on PostgreSQL: made once per process, empty whenever one is lent."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import MetaData

from services.chassis.database import Database

POSTGRES = os.environ.get("LIANGMA_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/test")


def databases() -> list[Any]:
    """Parameters for a fixture: every contract holds on SQLite and on PostgreSQL."""
    return [
        pytest.param("sqlite", id="sqlite"),
        pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgresql),
    ]


def postgres_is_there() -> bool:
    """Whether a PostgreSQL answers where the tests look for one."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def new_database(kind: str) -> Iterator[str]:
    """The URL of a database without any table, which is dropped at the end.

    Args:
        kind: `sqlite` or `postgresql`.
    """
    with _schema() if kind == "postgresql" else _file() as url:
        yield url


class Stock:
    """The databases of this process. What is given back is emptied and kept: making one takes far longer than a test,
    and one that was used still knows its statements."""

    def __init__(self) -> None:
        self._free: defaultdict[tuple[MetaData, str], list[Database]] = defaultdict(list)
        self._to_drop = ExitStack()

    @contextmanager
    def lent(self, metadata: MetaData, kind: str) -> Iterator[Database]:
        """A database with these tables and nothing in them.

        Args:
            kind: `sqlite` or `postgresql`.
        """
        free = self._free[metadata, kind]
        database = free.pop() if free else self._made(metadata, kind)
        try:
            yield database
        finally:
            _empty(database, metadata)
            free.append(database)

    def put_away(self) -> None:
        """Drop them all, at the end of the process."""
        self._free.clear()
        self._to_drop.close()

    def _made(self, metadata: MetaData, kind: str) -> Database:
        database = Database(self._to_drop.enter_context(new_database(kind)))
        self._to_drop.callback(database.dispose)
        metadata.create_all(database.engine)
        return database


STOCK = Stock()


@contextmanager
def _file() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/test.db"


@contextmanager
def _schema() -> Iterator[str]:
    """PostgreSQL itself does not fall in a test: no commit need wait for the disk."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
    options = f"options=-csearch_path%3D{name}%20-csynchronous_commit%3Doff"
    yield f"{POSTGRES}{'&' if '?' in POSTGRES else '?'}{options}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {name} CASCADE".encode())


def _empty(database: Database, metadata: MetaData) -> None:
    """Delete every row, begin to number anew, and leave no connection behind."""
    deletions = [f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)]
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for deletion in (*deletions, "DELETE FROM sqlite_sequence"):
                connection.exec_driver_sql(deletion)
        else:
            connection.exec_driver_sql("; ".join((*deletions, _RESTART)))
    database.dispose()


_RESTART = "SELECT setval(quote_ident(sequencename), 1, false) FROM pg_sequences WHERE schemaname = current_schema()"
