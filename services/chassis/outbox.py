"""Facts on their way out: written with the change they tell of, sent in order, kept as a log nobody quietly edits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    column,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

BATCH = 500
GENESIS = "0" * 64

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


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


def type_of(message: Message | type[Message]) -> str:
    """The routing key of an event message: its name in snake case."""
    return _snake_case(message.DESCRIPTOR.name)


@cache
def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


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
    message: Message
    aggregate_type: str
    aggregate_id: str
    occurred_at: datetime
    traceparent: str = ""


def append(
    session: Session,
    table: Table,
    *,
    id: str,
    message: Message,
    aggregate_type: str,
    aggregate_id: str,
    occurred_at: datetime,
    traceparent: str = "",
) -> None:
    """Write one fact; it is announced if and only if the session's transaction commits."""
    draft = Draft(
        id=id,
        message=message,
        aggregate_type=aggregate_type,
        aggregate_id=aggregate_id,
        occurred_at=occurred_at,
        traceparent=traceparent,
    )
    append_all(session, table, [draft])


def append_all(session: Session, table: Table, drafts: Iterable[Draft]) -> None:
    """Write facts in their order, in one statement."""
    rows = [
        {
            "id": draft.id,
            "aggregate_type": draft.aggregate_type,
            "aggregate_id": draft.aggregate_id,
            "type": type_of(draft.message),
            "message": draft.message.DESCRIPTOR.full_name,
            "payload": _encode(MessageToDict(draft.message)),
            "traceparent": draft.traceparent,
            "occurred_at": draft.occurred_at.astimezone(UTC),
        }
        for draft in drafts
    ]
    if rows:
        session.connection().execute(insert(table), rows)


@dataclass(frozen=True)
class Fact:
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

    @classmethod
    def of_row(cls, row: Any) -> Fact:
        """The fact a row of the outbox holds."""
        values = {name: getattr(row, name) for name in cls.__dataclass_fields__}
        return cls(**values | {"occurred_at": utc(values["occurred_at"])})

    def canonical(self) -> bytes:
        """The row as RFC 8785 canonical JSON: what the hash chain covers."""
        return _encode(
            {
                "aggregate_id": self.aggregate_id,
                "aggregate_type": self.aggregate_type,
                "id": self.id,
                "message": self.message,
                "occurred_at": rfc3339(self.occurred_at),
                "payload": self.payload,
                "sequence": self.sequence,
                "traceparent": self.traceparent,
                "type": self.type,
            }
        ).encode()


def facts(session: Session, table: Table, *, unsent_only: bool = True, limit: int = BATCH) -> list[Fact]:
    """The next facts to send, in order (or the first ones there are, sent or not)."""
    statement = select(*_columns(table)).order_by(table.c.sequence).limit(limit)
    if unsent_only:
        statement = statement.where(table.c.sent_at.is_(None))
    return [_fact(row) for row in session.execute(statement)]


def history(session: Session, table: Table, type: str, *, after: int, limit: int = BATCH) -> list[Fact]:
    """Facts of one type, sent or not, that follow a sequence number."""
    found = table.c.type == type, table.c.sequence > after
    statement = select(*_columns(table)).where(*found).order_by(table.c.sequence).limit(limit)
    return [_fact(row) for row in session.execute(statement)]


def _fact(row: Sequence[Any]) -> Fact:
    return Fact(*[*row[:-1], utc(row[-1])])  # in the order of the fields, as rows come by the ten thousand


def rfc3339(instant: datetime) -> str:
    """An instant as text, in UTC, always with six digits: `2025-03-01T02:03:04.000000Z`."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _columns(table: Table) -> list[Column[Any]]:
    return [table.c[name] for name in Fact.__dataclass_fields__]


def utc(instant: datetime) -> datetime:
    """An instant read from a database; SQLite forgets that it is UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


@dataclass(frozen=True)
class Link:
    """The end of a chain: how many facts were sent, and the hash over all of them."""

    position: int = 0
    hash: str = GENESIS


def chain_end(session: Session, table: Table) -> Link:
    """Where the chain stands. Noted elsewhere (each batch is logged with it), it shows later if any was cut off."""
    last = select(table.c.position, table.c.hash).where(table.c.position.is_not(None))
    row = session.execute(last.order_by(table.c.position.desc()).limit(1)).first()
    return Link(row.position, row.hash) if row else Link()


def next_hash(previous: str, fact: Fact) -> str:
    """The hash of a fact that follows another: SHA-256 over the previous hash, as 32 bytes, and the canonical row."""
    return sha256(bytes.fromhex(previous) + fact.canonical()).hexdigest()


def mark_sent(session: Session, table: Table, sent: Sequence[Fact], *, at: datetime) -> Link:
    """Note that facts were sent, in this order, and lengthen the chain by them.

    Raises:
        IntegrityError: another leader has lengthened it at the same time; nothing is changed.
    """
    end = chain_end(session, table)
    rows: list[tuple[int, int, str]] = []
    for fact in sent:
        end = Link(end.position + 1, next_hash(end.hash, fact))
        rows.append((fact.sequence, end.position, end.hash))
    if session.get_bind().dialect.name == "postgresql":
        _mark_at_once(session, table, rows, at)
    else:
        _mark_each(session, table, rows, at)
    return end


def _mark_each(session: Session, table: Table, rows: Sequence[tuple[int, int, str]], at: datetime) -> None:
    unsent = table.c.sequence == bindparam("key"), table.c.sent_at.is_(None)
    values = [{"key": key, "sent_at": at, "position": position, "hash": hash} for key, position, hash in rows]
    session.connection().execute(update(table).where(*unsent), values)


def _mark_at_once(session: Session, table: Table, rows: Sequence[tuple[int, int, str]], at: datetime) -> None:
    keys, positions, hashes = ([row[n] for row in rows] for n in range(3))
    columns = column("key", BigInteger), column("position", BigInteger), column("hash", Text)
    arrays = (literal(keys, ARRAY(BigInteger)), literal(positions, ARRAY(BigInteger)), literal(hashes, ARRAY(Text)))
    links = func.unnest(*arrays).table_valued(*columns, name="links").render_derived()
    unsent = table.c.sequence == links.c.key, table.c.sent_at.is_(None)
    session.execute(update(table).where(*unsent).values(sent_at=at, position=links.c.position, hash=links.c.hash))


@dataclass(frozen=True)
class Fault:
    """One place where the log is not what was sent.

    Args:
        position: place in the chain.
        id: the fact there; empty where one is missing.
        zh: what is wrong, in Chinese.
        en: the same in English.
    """

    position: int
    id: str
    zh: str
    en: str


def verify_chain(session: Session, table: Table, *, end: Link | None = None) -> list[Fault]:
    """Compute the chain again and name every fact that was altered, removed or slipped in; none: the log is whole.

    Args:
        end: an end of the chain that was noted earlier, to see whether facts were cut off or all rewritten since.
    """
    found: list[Fault] = []
    previous = Link()
    sent = select(*_columns(table), table.c.position, table.c.hash).where(table.c.position.is_not(None))
    for row in session.execute(sent.order_by(table.c.position).execution_options(yield_per=1000)):
        found += _faults(previous, row)
        previous = Link(row.position, row.hash)
        if end and end.position == row.position and end.hash != row.hash:
            found.append(
                Fault(row.position, row.id, "哈希链与先前记录的链尾不符", "the chain is not the one noted earlier")
            )
    if end and end.position > previous.position:
        found.append(Fault(end.position, "", "链尾已被截断", "the end of the chain was cut off"))
    unchained = select(table.c.id).where(table.c.sent_at.is_not(None), table.c.position.is_(None))
    for id in session.scalars(unchained):
        found.append(Fault(0, id, "已发送但未入链", "is marked as sent and is not in the chain"))
    return found


def _faults(previous: Link, row: Any) -> list[Fault]:
    found = []
    if row.position != previous.position + 1:
        found.append(
            Fault(previous.position + 1, "", "此处记录已被删除", f"facts before position {row.position} were removed")
        )
    elif row.hash != next_hash(previous.hash, Fact.of_row(row)):
        found.append(Fault(row.position, row.id, "内容已被改动", "was altered after it was sent"))
    return found
