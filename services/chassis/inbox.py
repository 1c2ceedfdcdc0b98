"""Facts that have come in: each subscription notes what it has met, in the transaction in which it acts on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, DateTime, MetaData, String, Table
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
    """Whether this subscription meets this fact for the first time; it has met it if the transaction commits.

    A twin that is being handled elsewhere is waited for, so only one of them ever acts.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    noted = insert(table).values(event_id=event_id, subscription=subscription, at=at).on_conflict_do_nothing()
    return session.execute(noted.returning(table.c.event_id)).first() is not None
