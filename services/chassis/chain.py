"""The chain of what was sent: each fact's hash covers the one before it, so nobody edits the log unseen.

The hash of a fact is SHA-256 over the hash before it, as 32 bytes, and the fact's row as RFC 8785 canonical JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

GENESIS = "0" * 64


@dataclass(frozen=True)
class Link:
    """The end of a chain: how many facts were sent, and the hash over all of them."""

    position: int = 0
    hash: str = GENESIS

    def then(self, fact: Any) -> Link:
        """The end after one more fact."""
        return Link(self.position + 1, sha256(bytes.fromhex(self.hash) + canonical(fact)).hexdigest())


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


def canonical(fact: Any) -> bytes:
    """A fact, or its row, as the chain covers it: keys in order, no space, nothing escaped that need not be."""
    return orjson.dumps(
        {
            "aggregate_id": fact.aggregate_id,
            "aggregate_type": fact.aggregate_type,
            "id": fact.id,
            "message": fact.message,
            "occurred_at": rfc3339(fact.occurred_at),
            "payload": fact.payload,
            "sequence": fact.sequence,
            "traceparent": fact.traceparent,
            "type": fact.type,
        }
    )


def rfc3339(instant: datetime) -> str:
    """An instant as text, in UTC, always with six digits: `2025-03-01T02:03:04.000000Z`. One without a zone is UTC."""
    aware = instant.astimezone(UTC) if instant.tzinfo else instant
    return aware.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def chain_end(session: Session, table: Table) -> Link:
    """Where the chain stands. Noted elsewhere (each batch is logged with it), it shows later if any was cut off."""
    last = select(table.c.position, table.c.hash).where(table.c.position.is_not(None))
    row = session.execute(last.order_by(table.c.position.desc()).limit(1)).first()
    return Link(row.position, row.hash) if row else Link()


def verify_chain(session: Session, table: Table, *, end: Link | None = None) -> list[Fault]:
    """Compute the chain again and name every fact that was altered, removed or slipped in; none: the log is whole.

    Args:
        end: an end of the chain that was noted earlier, to see whether facts were cut off or all rewritten since.
    """
    found: list[Fault] = []
    previous = Link()
    sent = select(table).where(table.c.position.is_not(None)).order_by(table.c.position)
    for row in session.execute(sent.execution_options(yield_per=1000)):
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
    if row.position != previous.position + 1:
        zh, en = "此处记录已被删除", f"facts before position {row.position} were removed"
        return [Fault(previous.position + 1, "", zh, en)]
    try:
        is_whole = row.hash == previous.then(row).hash
    except (TypeError, ValueError):  # the hash before it is none, or the row holds what no fact can
        is_whole = False
    return [] if is_whole else [Fault(row.position, row.id, "内容已被改动", "was altered after it was sent")]
