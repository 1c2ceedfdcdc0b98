"""Databases: engines that behave alike on SQLite and PostgreSQL, and the column types all tables share."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    MetaData,
    String,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, sessionmaker

from services.chassis import counters, dead_letters, idempotency, inbox, outbox


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite, which has none, keeps it naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonOf(TypeDecorator[Any]):
    """Values of any dataclass, enum or tuple type, kept as JSON.

    Args:
        kind: the Python type, e.g. `tuple[CheckItem, ...]`. Values are immutable: change one by assigning a new one.
    """

    impl = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self._adapter.validate_python(value)


def EnumOf(kind: type[StrEnum]) -> Enum:  # a type like the two above
    """A StrEnum kept as its text, so that a new member needs no migration."""
    return Enum(kind, native_enum=False, length=40, values_callable=lambda e: [member.value for member in e])


def id_column(name: str) -> Column[str]:
    """The primary key: an UUIDv7, a social credit code, a certificate number …"""
    return Column(name, String(64), primary_key=True)


def version_column() -> Column[int]:
    """Counts the changes of a row; its text is the etag."""
    return Column("version", BigInteger, nullable=False)


def stamps() -> tuple[Column[Any], ...]:
    """Who entered and who last changed a row, and when; the unit of work fills them."""
    return (
        Column("created_at", Instant()),
        Column("created_by", String(128), nullable=False, default=""),
        Column("updated_at", Instant()),
        Column("updated_by", String(128), nullable=False, default=""),
    )


def chassis_tables(metadata: MetaData) -> None:
    """Add the tables that every service has: outbox, inbox, dead letters, idempotency, numbers."""
    outbox.outbox_table(metadata)
    inbox.inbox_table(metadata)
    dead_letters.dead_letters_table(metadata)
    idempotency.idempotency_table(metadata)
    counters.numbers_table(metadata)


class Database:
    """One service's database.

    On SQLite a process has one writer at a time: it waits here, fairly and without spinning, and not in the file.

    Args:
        url: `sqlite:///path` or `postgresql://…`.
        pool_size: connections kept open; twice as many under load.
    """

    def __init__(self, url: str, *, pool_size: int = 16) -> None:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = create_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=not self.is_sqlite,
            json_serializer=_dump_json,
            hide_parameters=True,  # they may be personal, and errors are logged
        )
        if self.is_sqlite:
            _tame_sqlite(self.engine)
        self._reader = self.engine.execution_options(**_READ_ONLY[self.is_sqlite])
        self._writing = threading.Lock() if self.is_sqlite else nullcontext()
        self._session = sessionmaker(expire_on_commit=False)

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Session]:
        """A session that commits at the end, or undoes everything if the body raises."""
        waiting = nullcontext() if read_only else self._writing
        bind = self._reader if read_only else self.engine
        with waiting, self._session(bind=bind) as session, session.begin():
            yield session

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


_READ_ONLY: dict[bool, dict[str, Any]] = {True: {"read_only": True}, False: {"postgresql_readonly": True}}


def _dump_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _tame_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; `begin` below does
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
