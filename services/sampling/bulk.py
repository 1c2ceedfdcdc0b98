"""Many rows at once, past the object-relational layer: what a registry of hundreds of thousands needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, any_, bindparam, func, select
from sqlalchemy.orm import Session


def is_postgresql(session: Session) -> bool:
    """Whether the session is on PostgreSQL; otherwise it is on SQLite."""
    return session.get_bind().dialect.name == "postgresql"


def insert(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Insert rows as the driver does it fastest: COPY on PostgreSQL, one prepared statement on SQLite.

    Args:
        rows: values in the order of the columns: text, bytes or numbers; dates, instants and JSON as their text.
    """
    connection = session.connection()
    if is_postgresql(session):
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    places = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 (our own names)
    connection.exec_driver_sql(statement, list(rows))


def instant(session: Session, at: datetime) -> str:
    """The text of an instant as its column takes it."""
    text = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return f"{text}+00" if is_postgresql(session) else text


def among(session: Session, column: Any, ids: Sequence[str]) -> ColumnElement[bool]:
    """`IN` with a single parameter, however many ids there are: thousands of them cost more to parse than to find."""
    if is_postgresql(session):
        return column == any_(bindparam(None, list(ids), ARRAY(String), unique=True))  # type: ignore[no-any-return]
    packed = json.dumps(list(ids), ensure_ascii=False)
    listed = func.json_each(bindparam(None, packed, String, unique=True)).table_valued("value")
    return column.in_(select(listed.c.value))  # type: ignore[no-any-return]
