"""Facts on their way out: written with the change they tell of, read in order, marked when the bus has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import orjson
from google.protobuf.message import Message
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    Update,
    bindparam,
    column,
    func,
    select,
    update,
)
from sqlalchemy.orm import Session

from services.chassis import bulk, descriptors
from services.chassis.chain import Link, chain_end
from services.chassis.naming import snake_case
from services.chassis.proto_json import Renderers

BATCH = 1000

_RENDERERS = Renderers(print_empty=False)


def outbox_table(metadata: MetaData) -> Table:
    """Facts in the order they were written; `sent_at`, `position` and `hash` are filled when one is sent.

    `payload` is text, not a JSON type: what is hashed is, byte for byte, what was sent.
    """
    table = Table(
        "outbox",
        metadata,
        Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("id", String(36), nullable=False, unique=True),
        Column("aggregate_type", String(64), nullable=False),
        Column("aggregate_id", String(128), nullable=False),
        Column("type", String(64), nullable=False),
        Column("message", String(128), nullable=False),
        Column("payload", Text, nullable=False),
        Column("traceparent", String(64), nullable=False, default=""),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("sent_at", DateTime(timezone=True)),
        Column("position", BigInteger, unique=True),
        Column("hash", String(64)),
        sqlite_autoincrement=True,
    )
    unsent = table.c.sent_at.is_(None)
    Index("outbox_unsent", table.c.sequence, sqlite_where=unsent, postgresql_where=unsent)
    return table


@dataclass(frozen=True)
class Spelled:
    """A message that was never made: the JSON value it would be sent as, for facts of hundreds of parts.

    Args:
        kind: of message.
        value: proto3 JSON without what is empty.
    """

    kind: type[Message]
    value: Mapping[str, object]


def type_of(message: Message | type[Message]) -> str:
    """The routing key of an event message: its name in snake case."""
    return snake_case(message.DESCRIPTOR.name)


def _payload(message: Message | Spelled) -> str:
    """A message as proto3 JSON text without what is empty; equal messages are equal texts."""
    if isinstance(message, Spelled):
        return orjson.dumps(message.value).decode()
    return orjson.dumps(_RENDERERS.of(descriptors.type_of(message))(message)).decode()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A fact that is about to be written.

    Args:
        id: a fresh UUIDv7.
        message: what is announced.
        aggregate_type: kind of thing it is about, e.g. `plan`.
        aggregate_id: which one.
        occurred_at: instant of the change it tells of.
        traceparent: trace context of the request that caused it.
    """

    id: str
    message: Message | Spelled
    aggregate_type: str
    aggregate_id: str
    occurred_at: datetime
    traceparent: str = ""


def append_all(session: Session, table: Table, drafts: Iterable[Draft]) -> None:
    """Write facts in their order, in one statement."""
    rows = [_row(draft) for draft in drafts]
    if rows:
        bulk.insert_rows(session, table, rows)


def _row(draft: Draft) -> dict[str, object]:
    kind = draft.message.kind if isinstance(draft.message, Spelled) else type(draft.message)
    return {
        "id": draft.id,
        "aggregate_type": draft.aggregate_type,
        "aggregate_id": draft.aggregate_id,
        "type": type_of(kind),
        "message": kind.DESCRIPTOR.full_name,
        "payload": _payload(draft.message),
        "traceparent": draft.traceparent,
        "occurred_at": draft.occurred_at.astimezone(UTC),
    }


class Fact(NamedTuple):
    """One row of the outbox.

    Args:
        sequence: order in which facts were written.
        id: UUIDv7, the same in every copy and every repeat.
        type: routing key, e.g. `plan_approved`.
        message: full name of its protobuf message.
        payload: the message as proto3 JSON text.
        occurred_at: instant of the change it tells of.
        traceparent: W3C trace context of the request that caused it; may be empty.
    """

    sequence: int
    id: str
    aggregate_type: str
    aggregate_id: str
    type: str
    message: str
    payload: str
    traceparent: str
    occurred_at: datetime


def facts(session: Session, table: Table, *, limit: int = BATCH) -> list[Fact]:
    """The next facts to send, in order."""
    return [_fact(row) for row in session.execute(_unsent(table), {"limit": limit}).all()]


def history(session: Session, table: Table, type: str, *, after: int, limit: int = BATCH) -> list[Fact]:
    """Facts of one type, sent or not, that follow a sequence number."""
    found = table.c.type == type, table.c.sequence > after
    return [_fact(row) for row in session.execute(_in_order(table).where(*found).limit(limit)).all()]


@cache
def _unsent(table: Table) -> Select[Any]:
    return _in_order(table).where(table.c.sent_at.is_(None)).limit(bindparam("limit"))


def _in_order(table: Table) -> Select[Any]:
    return select(*(table.c[name] for name in Fact._fields)).order_by(table.c.sequence)


def _fact(row: Row[Any]) -> Fact:
    return Fact._make((*row[:-1], utc(row[-1])))


def utc(instant: datetime) -> datetime:
    """An instant read from a database; SQLite forgets that it is UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


class TwoLeaders(Exception):
    """Two replicas led for a moment and sent the same facts."""

    def __init__(self) -> None:
        super().__init__("another leader has marked some of these facts")


def mark_sent(session: Session, table: Table, sent: Sequence[Fact], *, at: datetime) -> Link:
    """Note that facts were sent, in this order, and lengthen the chain by them.

    Raises:
        IntegrityError: another leader is lengthening it at the same time; the transaction must be undone.
        TwoLeaders: another leader has marked some of them; the transaction must be undone.
    """
    end = chain_end(session, table)
    links: list[tuple[int, Link]] = []
    for fact in sent:
        end = end.then(fact)
        links.append((fact.sequence, end))
    mark = _mark_at_once if session.get_bind().dialect.name == "postgresql" else _mark_each
    if mark(session, table, links, at) != len(sent):
        raise TwoLeaders
    return end


def _mark_each(session: Session, table: Table, links: Sequence[tuple[int, Link]], at: datetime) -> int:
    unsent = table.c.sequence == bindparam("key"), table.c.sent_at.is_(None)
    values = [{"key": key, "sent_at": at, "position": link.position, "hash": link.hash} for key, link in links]
    return session.connection().execute(update(table).where(*unsent), values).rowcount


def _mark_at_once(session: Session, table: Table, links: Sequence[tuple[int, Link]], at: datetime) -> int:
    keys = [key for key, _ in links]
    positions, hashes = [link.position for _, link in links], [link.hash for _, link in links]
    marks = {"at": at, "keys": keys, "positions": positions, "hashes": hashes}
    return session.connection().execute(_marking(table), marks).rowcount


@cache
def _marking(table: Table) -> Update:
    columns = column("key", BigInteger), column("position", BigInteger), column("hash", Text)
    numbers, texts = ARRAY(BigInteger), ARRAY(Text)
    arrays = bindparam("keys", type_=numbers), bindparam("positions", type_=numbers), bindparam("hashes", type_=texts)
    links = func.unnest(*arrays).table_valued(*columns, name="links").render_derived()
    marks = {"sent_at": bindparam("at"), "position": links.c.position, "hash": links.c.hash}
    return update(table).where(table.c.sequence == links.c.key, table.c.sent_at.is_(None)).values(marks)
