"""Whole batches read and written with one parameter each: to the driver, hundreds of rows are no more than one.

They travel as one JSON text, which the database unfolds. (SQLite takes rows to keep one by one: it has no wire.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    Select,
    String,
    Table,
    cast,
    func,
    inspect,
    literal,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from services.chassis.database import Instant, JsonOf

T = TypeVar("T")


class SqlBatches:
    """Reads and writes batches on SQLite and PostgreSQL.

    Args:
        session: the open transaction.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.is_postgresql = session.get_bind().dialect.name == "postgresql"

    def all(self, kind: type[T], attribute: str, values: Collection[str], **equal: object) -> list[T]:
        """All entities whose attribute is one of many values, and which match besides."""
        if not values:
            return []
        others = (getattr(kind, name) == value for name, value in equal.items())
        return list(self.session.scalars(select(kind).where(self.among(getattr(kind, attribute), values), *others)))

    def keep(self, kind: type[object], rows: Sequence[Mapping[str, object]], *, replace: bool = False) -> None:
        """Keep many rows, given as attribute-to-value mappings with the same attributes each.

        Args:
            replace: a row of the same primary key gives way; otherwise there must be none.
        """
        table = inspect(kind).local_table
        assert isinstance(table, Table)
        self.keep_in(table, rows, replace=replace)

    def keep_in(self, table: Table, rows: Sequence[Mapping[str, object]], *, replace: bool = False) -> None:
        """The same for a table that no class is mapped to."""
        if not rows:
            return
        names = list(rows[0])
        statement = self.insert(table)
        if self.is_postgresql:
            columns = [table.c[name] for name in names]
            statement = statement.from_select(names, self.rows([tuple(row.values()) for row in rows], *columns))
        if replace:
            keys = [column.name for column in table.primary_key]
            changes = {name: statement.excluded[name] for name in names if name not in keys}
            statement = statement.on_conflict_do_update(index_elements=keys, set_=changes)
        self.session.execute(statement, None if self.is_postgresql else rows)

    def among(self, column: Any, values: Collection[str]) -> ColumnElement[bool]:
        """Whether a column holds one of many values."""
        text = json.dumps(list(values), ensure_ascii=False)
        if self.is_postgresql:
            given = func.jsonb_array_elements_text(cast(literal(text), JSONB)).table_valued("value")
        else:
            given = func.json_each(text).table_valued("value")
        condition: ColumnElement[bool] = column.in_(select(given.c.value))
        return condition

    def rows(self, rows: Sequence[Sequence[object]], *columns: Column[Any]) -> Select[Any]:
        """Rows as a table with the types of these columns (on SQLite: texts and whole numbers only)."""
        plain = [self._plain_as(column) for column in columns]
        text = json.dumps([[turn(v) for turn, v in zip(plain, row, strict=True)] for row in rows], ensure_ascii=False)
        if self.is_postgresql:
            given = func.jsonb_array_elements(cast(literal(text), JSONB)).table_valued("value")
        else:
            given = func.json_each(text).table_valued("value")
        values = (_cell(given.c.value, place, column) for place, column in enumerate(columns))
        return select(*values).where(true())

    def insert(self, table: Table) -> Any:
        """An insert in the dialect of the database."""
        return postgresql.insert(table) if self.is_postgresql else sqlite.insert(table)

    def _plain_as(self, column: Column[Any]) -> Callable[[Any], object]:
        """How a column's values are written in JSON."""
        kind = column.type
        if isinstance(kind, JsonOf):
            dialect = self.session.get_bind().dialect
            return lambda value: kind.process_bind_param(value, dialect)
        return _as_text if isinstance(kind, (Instant, Date)) else _as_it_is


def _cell(row: Any, place: int, column: Column[Any]) -> Any:
    """One value of a row, in the type of its column."""
    if isinstance(column.type, JsonOf):
        return row.op("->")(place).label(column.name)
    value = row.op("->>")(place)
    is_text = isinstance(column.type, String)
    return (value if is_text else cast(value, column.type)).label(column.name)


def _as_text(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _as_it_is(value: object) -> object:
    return value
