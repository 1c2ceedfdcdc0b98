"""What can wait or fall due: plans, tasks, invitations and parts of inspections, as rows of one shape."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Text,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from services.chassis.database import EnumOf
from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.tasks.model.desk import Waiting
from services.tasks.model.inspection import GONE
from services.tasks.model.participant import Answer
from services.tasks.model.task import TaskState
from services.tasks.model.terms import TaskNature
from services.tasks.tables import inspections, participants, parts, plans, tasks

AT_WORK = (TaskState.PENDING_EXECUTION, TaskState.EXECUTING)
_NEVER = date.max


def _row(kind: str, due: Any, **columns: Any) -> list[Any]:
    values = {"plan_id": "", "inspection_id": "", "object_id": "", "object_name": "", "authority_name": "", **columns}
    named = [_as_column(values[name], name) for name in _NAMES]
    return [literal(kind, Text).label("kind"), *named, func.coalesce(due, literal(_NEVER, Date)).label("due_on")]


_NAMES = (
    "plan_id",
    "task_id",
    "inspection_id",
    "number",
    "name",
    "nature",
    "object_id",
    "object_name",
    "authority_id",
    "authority_name",
)


def _as_column(value: Any, name: str) -> Any:
    return (literal(value, Text) if isinstance(value, str) else value).label(name)


def waiting_plans(kind: str, *where: ColumnElement[bool]) -> Select[Any]:
    """Plans, each due when it ends."""
    nature = literal(TaskNature.FORMAL, EnumOf(TaskNature))
    row = _row(
        kind,
        plans.c.ends_on,
        plan_id=plans.c.plan_id,
        task_id="",
        number=plans.c.number,
        name=plans.c.name,
        nature=nature,
        authority_id=plans.c.authority_id,
    )
    return select(*row).where(*where)


def _task_row(kind: str, due: Any, authority_id: Any, authority_name: Any) -> list[Any]:
    return _row(
        kind,
        due,
        plan_id=tasks.c.plan_id,
        task_id=tasks.c.task_id,
        number=tasks.c.number,
        name=tasks.c.name,
        nature=tasks.c.nature,
        authority_id=authority_id,
        authority_name=authority_name,
    )


def waiting_tasks(kind: str, *where: ColumnElement[bool], due: Any = tasks.c.ends_on) -> Select[Any]:
    """Tasks, each due when it ends unless said otherwise."""
    row = _task_row(kind, due, tasks.c.authority_id, tasks.c.authority_name)
    return select(*row).where(tasks.c.deleted.is_(False), *where)


def waiting_invitations(kind: str, *where: ColumnElement[bool]) -> Select[Any]:
    """Invitations that are not answered yet."""
    row = _task_row(kind, tasks.c.invitation_deadline, participants.c.authority_id, participants.c.authority_name)
    open_one = (tasks.c.state == TaskState.AWAITING_PARTNERS, participants.c.answer == Answer.INVITED)
    joined = tasks.join(participants, participants.c.task_id == tasks.c.task_id)
    return select(*row).select_from(joined).where(tasks.c.deleted.is_(False), *open_one, *where)


def waiting_parts(kind: str, *where: ColumnElement[bool], due: Any = inspections.c.ends_on) -> Select[Any]:
    """Parts of inspections that still are to take place or did, each due when its task ends unless said otherwise."""
    row = _row(
        kind,
        due,
        task_id=inspections.c.task_id,
        inspection_id=inspections.c.inspection_id,
        number=inspections.c.task_number,
        name=inspections.c.task_name,
        nature=inspections.c.nature,
        object_id=inspections.c.object_id,
        object_name=inspections.c.object_name,
        authority_id=parts.c.authority_id,
        authority_name=parts.c.authority_name,
    )
    joined = parts.join(inspections, inspections.c.inspection_id == parts.c.inspection_id)
    return select(*row).select_from(joined).where(inspections.c.state.not_in(GONE), *where)


def has_joined(by: Principal) -> ColumnElement[bool]:
    """Whether the caller's authority takes part in the task."""
    takes_part = or_(participants.c.lead.is_(True), participants.c.answer == Answer.ACCEPTED)
    mine = (participants.c.task_id == tasks.c.task_id, participants.c.authority_id == by.authority)
    return exists().where(*mine, takes_part)


def page_of(session: Session, statement: Select[Any], rows: Any, page_size: int, page_token: str) -> Page[Waiting]:
    """A page of rows; what is due first comes first."""
    order = [rows.c.due_on, rows.c.kind, rows.c.plan_id, rows.c.task_id, rows.c.inspection_id, rows.c.authority_id]
    page = paginate(session, statement, order=order, page_size=page_size, page_token=page_token)
    return Page([as_waiting(row) for row in page.items], page.next_page_token)


def as_waiting(row: Any) -> Waiting:
    """What a row says."""
    values = row._asdict()
    return Waiting(**(values | {"due_on": None if row.due_on == _NEVER else row.due_on}))
