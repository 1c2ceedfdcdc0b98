"""Facts that have come in: each subscription notes what it has met, in the transaction in which it acts on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import ARRAY, Column, DateTime, MetaData, String, Table, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert


def inbox_table(metadata: MetaData) -> Table:
    """What each subscription has handled."""
    return Table(
        "inbox",
        metadata,
        Column("event_id", String(64), primary_key=True),
        Column("subscription", String(128), primary_key=True),
        Column("at", DateTime(timezone=True), nullable=False),
    )


def first_time(session: Session, table: Table, event_id: str, subscription: str, at: datetime) -> bool:
    """Whether this subscription meets this fact for the first time; it has met it if the transaction commits."""
    return event_id in first_times(session, table, [event_id], subscription, at)


def first_times(
    session: Session, table: Table, event_ids: Iterable[str], subscription: str, at: datetime
) -> frozenset[str]:
    """Which of some facts this subscription meets for the first time; it has met them all if the transaction commits.

    A twin that is being handled elsewhere is waited for, so only one of them ever acts. All processes take their rows
    in the same order, so none waits for one that waits for it.
    """
    ids = sorted(set(event_ids))
    if not ids:
        return frozenset()
    note = _note_at_once if session.get_bind().dialect.name == "postgresql" else _note_each
    return frozenset(note(session, table, ids, subscription, at))


def _note_each(session: Session, table: Table, ids: Sequence[str], subscription: str, at: datetime) -> Iterable[str]:
    noted = sqlite.insert(table).on_conflict_do_nothing().returning(table.c.event_id)
    return session.scalars(noted, [{"event_id": id, "subscription": subscription, "at": at} for id in ids])


def _note_at_once(session: Session, table: Table, ids: Sequence[str], subscription: str, at: datetime) -> Iterable[str]:
    return session.scalars(_noting(table), {"ids": ids, "subscription": subscription, "at": at})


@cache
def _noting(table: Table) -> ReturningInsert[tuple[str]]:
    ids = func.unnest(bindparam("ids", type_=ARRAY(String))).column_valued("id")
    rows = select(ids, bindparam("subscription", type_=String), bindparam("at", type_=DateTime(timezone=True)))
    noted = postgresql.insert(table).from_select(["event_id", "subscription", "at"], rows)
    return noted.on_conflict_do_nothing().returning(table.c.event_id)


def forget(session: Session, table: Table, event_id: str, subscription: str) -> None:
    """Let a fact be met again, because somebody asked for that."""
    session.execute(delete(table).where(table.c.event_id == event_id, table.c.subscription == subscription))
