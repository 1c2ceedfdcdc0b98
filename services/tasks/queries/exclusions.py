"""Rules of exclusion as they were applied to the list of a task."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.tasks.model.exclusion import Exclusion
from services.tasks.tables import exclusions


def list_exclusions(session: Session, task_id: str, *, page_size: int, page_token: str) -> Page[Exclusion]:
    """A page of them, newest first."""
    statement = select(Exclusion).where(exclusions.c.task_id == task_id)
    order = [exclusions.c.exclusion_id]
    return paginate(session, statement, order=order, page_size=page_size, page_token=page_token, descending=True)
