"""A tiny service without business, to test the chassis with: books on a shelf."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from liangma.tasks.v1 import events_pb2
from sqlalchemy import Column, MetaData, String, Table
from sqlalchemy.orm import registry

from services.chassis.convert import to_proto
from services.chassis.database import Database, JsonOf, chassis_tables, id_column, stamps, version_column
from services.chassis.unit_of_work import UnitOfWork, unit_of_work
from tests.support.databases import STOCK

NOON = datetime(2025, 6, 9, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Note:
    """Something written into a book."""

    text: str
    at: datetime | None


metadata = MetaData()
chassis_tables(metadata)
books = Table(
    "books",
    metadata,
    id_column("id"),
    Column("title", String(200)),
    Column("notes", JsonOf(tuple[Note, ...])),
    version_column(),
    *stamps(),
)
copies = Table("copies", metadata, id_column("id"), Column("title", String(200)), version_column())


@dataclass(eq=False, kw_only=True)
class Book:
    """Something that people edit."""

    id: str
    title: str
    notes: tuple[Note, ...] = ()
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""


@dataclass(eq=False, kw_only=True)
class Copy:
    """Something that another service told."""

    id: str
    title: str
    version: int = 0


@dataclass(frozen=True)
class TaskCompleted:
    """A fact: any event message of the contract serves here."""

    task_id: str
    plan_id: str = ""


_registry = registry(metadata=metadata)
_registry.map_imperatively(Book, books, version_id_col=books.c.version)
_registry.map_imperatively(Copy, copies)


def encode(event: Any) -> Message:
    """The message of an event."""
    return to_proto(event, events_pb2.TaskCompleted)


@contextmanager
def shelf(kind: str) -> Iterator[Database]:
    """An empty database with the tables above."""
    with STOCK.lent(metadata, kind) as database:
        yield database


@contextmanager
def working(database: Database, *, subject: str = "li", now: datetime = NOON) -> Iterator[UnitOfWork]:
    """A unit of work on the shelf."""
    with unit_of_work(database, metadata, encode, subject=subject, now=now) as work:
        yield work
