"""Facts that have come in: each subscription notes what it has met, in the transaction in which it acts on it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Column, DateTime, MetaData, String, Table, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


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
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    noted = insert(table).on_conflict_do_nothing().returning(table.c.event_id)
    rows = [{"event_id": id, "subscription": subscription, "at": at} for id in sorted(set(event_ids))]
    return frozenset(session.execute(noted, rows).scalars()) if rows else frozenset()


def forget(session: Session, table: Table, event_id: str, subscription: str) -> None:
    """Let a fact be met again, because somebody asked for that."""
    session.execute(delete(table).where(table.c.event_id == event_id, table.c.subscription == subscription))
