"""What is due, and what is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    Date,
    Select,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from services.chassis.identity import Principal
from services.chassis.paging import Page
from services.tasks.model.desk import DeadlineKind, Waiting
from services.tasks.model.task import TaskState
from services.tasks.model.terms import TaskNature
from services.tasks.queries.waiting import (
    AT_WORK,
    as_waiting,
    has_joined,
    page_of,
    waiting_invitations,
    waiting_parts,
    waiting_tasks,
)
from services.tasks.tables import participants, parts, tasks

AT_ONCE = 200
"""How many overdue things a timer raises at one strike."""


class _CivilDate(FunctionElement[date]):
    """The day of an instant in Shanghai."""

    type = Date()
    inherit_cache = True


@compiles(_CivilDate, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} AT TIME ZONE 'Asia/Shanghai')::date"


@compiles(_CivilDate, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, '+8 hours')"


@dataclass(frozen=True)
class DueFilter:
    """Which deadlines: of an authority (empty: of all), due by a day."""

    authority_id: str
    until: date
    kind: DeadlineKind | None = None


def list_deadlines(session: Session, wanted: DueFilter, *, page_size: int, page_token: str) -> Page[Waiting]:
    """What is due by a day or over already; what is due first comes first."""
    rows = _due(wanted)
    statement = select(*rows.c)
    return page_of(session, statement, rows, page_size, page_token)


def all_deadlines(session: Session, wanted: DueFilter, most: int) -> Iterator[Waiting]:
    """The same, without pages."""
    rows = _due(wanted)
    return map(as_waiting, session.execute(select(*rows.c).order_by(rows.c.due_on, rows.c.number).limit(most)))


def _due(wanted: DueFilter) -> Any:
    kinds = [wanted.kind] if wanted.kind else list(DeadlineKind)
    return union_all(*(_DEADLINES[kind](wanted) for kind in kinds)).subquery()


def _invitations_due(wanted: DueFilter) -> Select[Any]:
    concerned = or_(participants.c.authority_id == wanted.authority_id, tasks.c.authority_id == wanted.authority_id)
    return waiting_invitations(
        DeadlineKind.INVITATION,
        concerned if wanted.authority_id else true(),
        tasks.c.invitation_deadline <= wanted.until,
    )


def _tasks_due(wanted: DueFilter) -> Select[Any]:
    concerned = has_joined(Principal("", authority=wanted.authority_id)) if wanted.authority_id else true()
    return waiting_tasks(DeadlineKind.TASK_END, tasks.c.state.in_(AT_WORK), concerned, tasks.c.ends_on <= wanted.until)


def _disposals_due(wanted: DueFilter) -> Select[Any]:
    concerned = parts.c.authority_id == wanted.authority_id if wanted.authority_id else true()
    is_due = (parts.c.open_disposal.is_(True), parts.c.disposal_due <= wanted.until)
    return waiting_parts(DeadlineKind.DISPOSAL, concerned, *is_due, due=parts.c.disposal_due)


def _purges_due(wanted: DueFilter) -> Select[Any]:
    concerned = tasks.c.authority_id == wanted.authority_id if wanted.authority_id else true()
    day = _CivilDate(tasks.c.expires_at)
    return waiting_tasks(DeadlineKind.PURGE, tasks.c.nature == TaskNature.TEST, concerned, day <= wanted.until, due=day)


_DEADLINES: dict[DeadlineKind, Callable[[DueFilter], Select[Any]]] = {
    DeadlineKind.INVITATION: _invitations_due,
    DeadlineKind.TASK_END: _tasks_due,
    DeadlineKind.DISPOSAL: _disposals_due,
    DeadlineKind.PURGE: _purges_due,
}


def tasks_over(session: Session, today: date) -> list[str]:
    """The tasks that are over longest, in the order in which their rows are held."""
    is_over = (tasks.c.state.in_(AT_WORK), tasks.c.ends_on < today, tasks.c.overdue.is_(False))
    found = select(tasks.c.task_id).where(*is_over, tasks.c.deleted.is_(False)).order_by(tasks.c.ends_on)
    return sorted(session.scalars(found.limit(AT_ONCE)))


def invitations_over(session: Session, today: date) -> list[str]:
    """The tasks whose invitations are over longest, in the order in which their rows are held."""
    is_over = (tasks.c.state == TaskState.AWAITING_PARTNERS, tasks.c.invitation_deadline < today)
    found = select(tasks.c.task_id).where(*is_over, tasks.c.deleted.is_(False)).order_by(tasks.c.invitation_deadline)
    return sorted(session.scalars(found.limit(AT_ONCE)))


def disposals_over(session: Session, today: date) -> list[tuple[str, str]]:
    """Inspection and authority of the disposals that are over longest, in the order in which their rows are held."""
    is_over = (
        parts.c.open_disposal.is_(True),
        parts.c.disposal_overdue.is_(False),
        parts.c.disposal_due < today,
    )
    columns = (parts.c.task_id, parts.c.inspection_id, parts.c.authority_id)
    found = session.execute(select(*columns).where(*is_over).order_by(parts.c.disposal_due).limit(AT_ONCE))
    return [(inspection_id, authority_id) for _, inspection_id, authority_id in sorted(map(tuple, found))]
