"""Reading what was announced, and finding what is due."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.sampling.model.announcement import Announcement
from services.sampling.queries.draws import Where
from services.sampling.tables import announcements, draws

AT_ONCE = 20
"""Overdue draws finished in one transaction; the rest have their turn at the next strike."""


def list_announcements(session: Session, equal: dict[str, object], where: Where) -> Page[Any]:
    """A page of announcements, the newest first.

    Args:
        equal: values columns must have; empty ones are left out.
    """
    return paginate(
        session,
        select(Announcement).where(*(announcements.c[name] == value for name, value in equal.items() if value)),
        order=(announcements.c.announced_at, announcements.c.announcement_id),
        page_size=where.page_size,
        page_token=where.page_token,
        descending=True,
    )


def overdue(session: Session, now: datetime) -> list[str]:
    """Draws that the platform has to go on with, the longest waiting first."""
    due = select(draws.c.draw_id).where(draws.c.due_at <= now).order_by(draws.c.due_at, draws.c.draw_id)
    return list(session.scalars(due.limit(AT_ONCE)))
