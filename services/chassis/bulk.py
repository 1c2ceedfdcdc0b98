"""Many rows at once: a statement makes its way to the database and back once, not once for each row.

To PostgreSQL many new rows are copied, and others travel as one JSON text, which it unfolds: several times faster than
rows of parameters. SQLite is in the process, and takes them one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Dialect,
    LargeBinary,
    Select,
    String,
    Table,
    Text,
    TypeDecorator,
    any_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Row = Mapping[str, object]
Rows = Sequence[Row]
WORTH_COPYING = 4  # rows; fewer are there sooner by a statement

Turning = Callable[[Column[Any], Dialect], Callable[[Any], Any] | None]


def insert_rows(session: Session, table: Table, rows: Rows, alike: Row | None = None) -> None:
    """Write new rows; all have the same names, and besides what is `alike` in all of them."""
    connection = session.connection()
    if _is_postgresql(connection.dialect) and len(rows) >= WORTH_COPYING:
        _copy(connection, table, rows, alike or {})
    else:
        _write(connection, table, rows, alike or {}, replace=False)


def upsert_rows(session: Session, table: Table, rows: Rows) -> None:
    """Write rows by primary key; with a `version` among the names, only over a smaller one. All have the same names.

    Of rows with the same key the last one counts, or the one with the greatest version.
    """
    _write(session.connection(), table, _one_each(rows, _keys(table)), {}, replace=True)


def increase_rows(session: Session, table: Table, rows: Rows) -> None:
    """Add to the numbers of rows by primary key; a row that is not there begins with them.

    The database adds, so what others add at the same time is not lost. Rows are taken in the order of their keys, so
    that of two who add to the same ones none waits for the other in a circle.
    """
    keys = _keys(table)
    for row in sorted(rows, key=lambda row: [str(row[key]) for key in keys]):
        statement = insert_into(session, table).values(dict(row))
        sums = {name: table.c[name] + statement.excluded[name] for name in row if name not in keys}
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=sums))


def insert_into(session: Session, table: Table) -> Any:
    """An insert in the dialect of the database: it can say what happens on a conflict."""
    return _insert(table, session.get_bind().dialect)


def as_table(session: Session, columns: Sequence[Column[Any]], rows: Sequence[Sequence[object]]) -> Select[Any]:
    """Rows as a table with the types of these columns (on SQLite: texts and whole numbers only)."""
    dialect = session.get_bind().dialect
    by_column = [[row[place] for row in rows] for place in range(len(columns))]
    cells = [_turned(values, _for_json(column, dialect)) for column, values in zip(columns, by_column, strict=True)]
    return _unfolded(columns, literal(_json_of(list(zip(*cells, strict=True))), Text), dialect)


def among(session: Session, column: Any, values: Collection[str]) -> ColumnElement[bool]:
    """Whether a column holds one of many texts: one parameter, as thousands would cost more to read than to find."""
    given = literal(_json_of(list(values)), Text)
    if _is_postgresql(session.get_bind().dialect):
        texts = func.jsonb_array_elements_text(cast(given, JSONB)).table_valued("value")
        return column == any_(func.array(select(texts.c.value).scalar_subquery()))  # type: ignore[no-any-return]
    return column.in_(select(func.json_each(given).table_valued("value").c.value))  # type: ignore[no-any-return]


def with_appended(session: Session, column: Column[Any], item: object) -> ColumnElement[Any]:
    """What a column that holds a tuple as JSON would hold with one more at its end."""
    dialect = session.get_bind().dialect
    turn = _for_json(column, dialect)
    one = turn((item,)) if turn else [item]
    if _is_postgresql(dialect):
        held = func.coalesce(type_coerce(column, JSONB), cast(literal("[]", Text), JSONB), type_=JSONB)
        return held.op("||", return_type=JSONB())(cast(literal(_json_of(one), Text), JSONB))
    held = func.coalesce(type_coerce(column, Text), "[]", type_=Text)
    return func.json_insert(held, "$[#]", func.json(literal(_json_of(one[0]), Text)), type_=Text)


def _copy(connection: Connection, table: Table, rows: Rows, alike: Row) -> None:
    quoted = connection.dialect.identifier_preparer
    names = ", ".join(map(quoted.format_column, _columns(table, (*rows[0], *alike))))
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {quoted.format_table(table)} ({names}) FROM STDIN") as copy:
            for row in _ready(table, rows, alike, connection.dialect, _for_driver):
                copy.write_row(row)
    except driver.Error as error:
        raise DBAPIError.instance("COPY", None, error, driver.Error) from error  # as of any other statement


def _write(connection: Connection, table: Table, rows: Rows, alike: Row, *, replace: bool) -> None:
    dialect = connection.dialect
    statement = _statement(table, (*rows[0], *alike), replace, dialect)
    if _is_postgresql(dialect):
        connection.exec_driver_sql(statement, {"rows": _json_of(_ready(table, rows, alike, dialect, _for_json))})
    else:
        connection.exec_driver_sql(statement, _ready(table, rows, alike, dialect, _for_driver))


@lru_cache(maxsize=1024)
def _statement(table: Table, given: tuple[str, ...], replace: bool, dialect: Dialect) -> str:
    columns = _columns(table, given)
    names = [column.name for column in columns]
    statement = _insert(table, dialect)
    if _is_postgresql(dialect):
        rows = _unfolded(columns, bindparam("rows", type_=Text), dialect)
        statement = statement.from_select(names, rows, include_defaults=False)
    if replace:
        statement = _replacing(statement, table, given)
    return str(statement.compile(dialect=dialect, column_keys=names))


def _replacing(statement: Any, table: Table, given: Sequence[str]) -> Any:
    keys = _keys(table)
    changes = {name: statement.excluded[name] for name in given if name not in keys}
    if not changes:
        return statement.on_conflict_do_nothing(index_elements=keys)
    newer = statement.excluded["version"] > table.c.version if "version" in changes else None
    return statement.on_conflict_do_update(index_elements=keys, set_=changes, where=newer)


def _is_postgresql(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"


def _insert(table: Table, dialect: Dialect) -> Any:
    return postgresql.insert(table) if _is_postgresql(dialect) else sqlite.insert(table)


def _keys(table: Table) -> list[str]:
    return [column.name for column in table.primary_key]


def _one_each(rows: Rows, keys: Sequence[str]) -> Rows:
    ordered = sorted(rows, key=lambda row: row["version"]) if "version" in rows[0] else rows  # type: ignore[arg-type, return-value]
    return list({tuple(row[key] for key in keys): row for row in ordered}.values())


def _columns(table: Table, given: Container[str]) -> list[Column[Any]]:
    """The columns that are given, and those that have a default."""
    return [column for column in table.columns if column.name in given or _has_default(column)]


def _has_default(column: Column[Any]) -> bool:
    return column.default is not None and column.default.is_scalar


def _ready(table: Table, rows: Rows, alike: Row, dialect: Dialect, turning: Turning) -> list[tuple[Any, ...]]:
    """The rows as they travel: the values of all columns that are given or have a default."""
    pick = itemgetter(*rows[0], next(iter(rows[0])))  # one more, as a single one would come bare
    given = dict(zip(rows[0], zip(*map(pick, rows), strict=True), strict=False))
    cells: list[Iterable[Any]] = []
    for column in _columns(table, (*rows[0], *alike)):
        turn = turning(column, dialect)
        if column.name in given:
            cells.append(_turned(given[column.name], turn))
        else:
            value = alike[column.name] if column.name in alike else _default(column)
            cells.append(repeat(turn(value) if turn else value, len(rows)))
    return list(zip(*cells, strict=True))


def _default(column: Column[Any]) -> Any:
    return column.default.arg  # type: ignore[union-attr]  # one that is not given has it


def _turned(values: Sequence[Any], turn: Callable[[Any], Any] | None) -> Sequence[Any]:
    """The values of a column as they travel; what it says again and again is worked out once."""
    if turn is None:
        return values
    try:
        known = {value: turn(value) for value in set(values)}
    except TypeError:  # not everything can be looked up
        return list(map(turn, values))
    return [known[value] for value in values]


def _for_driver(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What turns a column's value into one that the driver takes; None: it is one."""
    kind, in_json = _kept_as(column), _for_json(column, dialect)
    if isinstance(kind, LargeBinary):
        return None
    if in_json and isinstance(kind, JSON) and _is_postgresql(dialect):
        return lambda value: None if value is None else _json_of(in_json(value))
    if isinstance(kind, (Date, DateTime)) and _is_postgresql(dialect):
        return lambda value: value and value.isoformat()
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def _for_json(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What turns a column's value into one that JSON knows; None: it is one."""
    kind = column.type
    return (lambda value: kind.process_bind_param(value, dialect)) if isinstance(kind, TypeDecorator) else None


def _json_of(value: Any) -> str:
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: object) -> str:
    """As PostgreSQL reads it from text."""
    return "\\x" + bytes(value).hex() if isinstance(value, (bytes, memoryview)) else str(value)


def _unfolded(columns: Sequence[Column[Any]], rows: ColumnElement[str], dialect: Dialect) -> Select[Any]:
    """The rows in a JSON text as a table."""
    if _is_postgresql(dialect):
        given = func.jsonb_array_elements(cast(rows, JSONB)).table_valued("value")
    else:
        given = func.json_each(rows).table_valued("value")
    cells = (_cell(given.c.value, place, column) for place, column in enumerate(columns))
    return select(*cells).where(true())


def _cell(row: Any, place: int, column: Column[Any]) -> ColumnElement[Any]:
    """One value of a row, in the type of its column."""
    at: ColumnElement[Any] = literal_column(str(place))
    if isinstance(_kept_as(column), JSON):
        return func.nullif(row.op("->")(at), cast(literal_column("'null'"), JSONB)).label(column.name)
    value = row.op("->>")(at)
    is_text = isinstance(_kept_as(column), String)
    return (value if is_text else cast(value, column.type)).label(column.name)


def _kept_as(column: Column[Any]) -> Any:
    return column.type.impl if isinstance(column.type, TypeDecorator) else column.type
