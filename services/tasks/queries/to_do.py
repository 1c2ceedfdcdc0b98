"""What waits for a person: one statement says what each kind is, for counts and lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page
from services.tasks.model.desk import ToDo, ToDoGroup, ToDoKind, Waiting
from services.tasks.model.inspection import GONE, InspectionState
from services.tasks.model.paper import SchemeState
from services.tasks.model.part import PartState
from services.tasks.model.record import DisposalKind
from services.tasks.model.task import TaskState
from services.tasks.model.terms import Method, TaskKind
from services.tasks.queries.waiting import (
    AT_WORK,
    has_joined,
    page_of,
    waiting_invitations,
    waiting_parts,
    waiting_plans,
    waiting_tasks,
)
from services.tasks.tables import inspections, members, participants, parts, plans, tasks

Conditions = tuple[ColumnElement[bool], ...]


def _scheme(*states: SchemeState) -> ColumnElement[bool]:
    state = type_coerce(tasks.c.scheme, JSON)["state"].as_string()
    return and_(tasks.c.scheme.is_not(None), state.in_([each.value for each in states]))


def _has_task(by: Principal) -> ColumnElement[bool]:
    ours = (tasks.c.plan_id == plans.c.plan_id, tasks.c.authority_id == by.authority)
    return exists().where(*ours, tasks.c.deleted.is_(False), tasks.c.state != TaskState.CANCELLED)


def _lacks_team(by: Principal) -> ColumnElement[bool]:
    """Whether an object of the task has fewer than two inspectors of the caller's authority."""
    team = select(func.count()).where(*_own_member(parts.c.authority_id, true())).correlate(parts).scalar_subquery()
    joined = parts.join(inspections, inspections.c.inspection_id == parts.c.inspection_id)
    return exists(
        select(1)
        .select_from(joined)
        .where(
            inspections.c.task_id == tasks.c.task_id,
            inspections.c.state.not_in(GONE),
            inspections.c.excluded.is_(False),
            inspections.c.staffed.is_(False),
            parts.c.authority_id == by.authority,
            team < 2,
        )
        .correlate(tasks)
    )


def _own_member(authority: Any, of_whom: ColumnElement[bool]) -> Conditions:
    """Members of a part that sign."""
    return (
        members.c.inspection_id == parts.c.inspection_id,
        members.c.authority_id == authority,
        members.c.expert.is_(False),
        of_whom,
    )


def _on_team(by: Principal, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    if not by.certificate:
        return false()
    mine = and_(members.c.certificate == by.certificate, *more)
    return exists().where(*_own_member(by.authority, mine))


def _disposals(kind: ToDoKind, by: Principal, is_kind: ColumnElement[bool]) -> Select[Any]:
    """Of the whole authority for who manages or heads it, of the own teams for an inspector."""
    whole = bool(by.roles & (kind.roles - {"inspector"}))
    whose = true() if whole else _on_team(by)
    return waiting_parts(kind, _of(by), parts.c.open_disposal.is_(True), is_kind, whose, due=parts.c.disposal_due)


def _of(by: Principal) -> ColumnElement[bool]:
    return parts.c.authority_id == by.authority


_LIVE = not_(inspections.c.excluded)
_OUT = inspections.c.dispatched_at.is_not(None)
_ON_SITE = inspections.c.method == Method.ON_SITE
_VISITED = or_(not_(_ON_SITE), inspections.c.visit.is_not(None))
_IS_SURVEY = inspections.c.object_id == ""
_ALL_SIGNED = not_(exists().where(*_own_member(parts.c.authority_id, members.c.signed.is_(False))))
_NEEDS_SCHEME = tasks.c.kind != TaskKind.INSTANT
_IS_ORDER = type_coerce(parts.c.record, JSON)[("disposal", "kind")].as_string() == DisposalKind.ORDER_CORRECTION.value


def _led(by: Principal, *states: TaskState) -> ColumnElement[bool]:
    return and_(tasks.c.authority_id == by.authority, tasks.c.state.in_(states))


def _plans_of(by: Principal) -> Select[Any]:
    in_scope = cast(plans.c.scope, Text).contains(f'"{by.authority}"', autoescape=True)
    return waiting_plans(ToDoKind.PLAN_TO_EXECUTE, in_scope, not_(_has_task(by)))


_K, _T, _P = ToDoKind, TaskState, PartState
_TO_DO: dict[ToDoKind, Callable[[Principal], Select[Any]]] = {
    _K.PLAN_TO_EXECUTE: _plans_of,
    _K.TASK_TO_START: lambda by: waiting_tasks(_K.TASK_TO_START, _led(by, _T.DRAFT)),
    _K.INVITATION_TO_ANSWER: lambda by: waiting_invitations(
        _K.INVITATION_TO_ANSWER, participants.c.authority_id == by.authority
    ),
    _K.TASK_TO_FORM: lambda by: waiting_tasks(_K.TASK_TO_FORM, _led(by, _T.AWAITING_FORMATION)),
    _K.TASK_TO_FILE: lambda by: waiting_tasks(
        _K.TASK_TO_FILE,
        _led(by, _T.PENDING_EXECUTION),
        tasks.c.kind == TaskKind.SPECIAL,
        tasks.c.filing.is_(None),
    ),
    _K.SCHEME_TO_SUBMIT: lambda by: waiting_tasks(
        _K.SCHEME_TO_SUBMIT, _led(by, _T.PENDING_EXECUTION), _NEEDS_SCHEME, tasks.c.scheme.is_(None)
    ),
    _K.SCHEME_RETURNED: lambda by: waiting_tasks(
        _K.SCHEME_RETURNED, _led(by, _T.PENDING_EXECUTION), _scheme(SchemeState.REJECTED)
    ),
    _K.SCHEME_TO_APPROVE: lambda by: waiting_tasks(
        _K.SCHEME_TO_APPROVE, _led(by, _T.PENDING_EXECUTION), _scheme(SchemeState.SUBMITTED)
    ),
    _K.EXTENSION_TO_APPROVE: lambda by: waiting_tasks(
        _K.EXTENSION_TO_APPROVE, _led(by, *AT_WORK), tasks.c.extension_waits.is_(True)
    ),
    _K.OBJECTS_TO_CHOOSE: lambda by: waiting_tasks(
        _K.OBJECTS_TO_CHOOSE, _led(by, *AT_WORK), tasks.c.objects_chosen.is_(False)
    ),
    _K.INSPECTORS_TO_ASSIGN: lambda by: waiting_tasks(
        _K.INSPECTORS_TO_ASSIGN,
        tasks.c.state.in_(AT_WORK),
        tasks.c.objects_chosen.is_(True),
        tasks.c.staffed.is_(False),
        has_joined(by),
        _lacks_team(by),
    ),
    _K.TASK_TO_DISPATCH: lambda by: waiting_tasks(
        _K.TASK_TO_DISPATCH,
        _led(by, _T.PENDING_EXECUTION),
        tasks.c.staffed.is_(True),
        or_(not_(_NEEDS_SCHEME), _scheme(SchemeState.APPROVED)),
        or_(tasks.c.kind != TaskKind.SPECIAL, tasks.c.filing.is_not(None)),
    ),
    _K.CODE_INTERCEPTED: lambda by: waiting_parts(
        _K.CODE_INTERCEPTED,
        inspections.c.authority_id == by.authority,
        _of(by),
        inspections.c.state == InspectionState.INTERCEPTED,
    ),
    _K.TASK_TO_COMPLETE: lambda by: waiting_tasks(_K.TASK_TO_COMPLETE, _led(by, _T.EXECUTING)),
    _K.OBJECT_TO_VISIT: lambda by: waiting_parts(
        _K.OBJECT_TO_VISIT,
        _of(by),
        parts.c.state == _P.OPEN,
        _LIVE,
        _OUT,
        _ON_SITE,
        inspections.c.state != InspectionState.INTERCEPTED,
        or_(_IS_SURVEY, inspections.c.visit.is_(None)),
        _on_team(by),
    ),
    _K.INSPECTION_TO_RECORD: lambda by: waiting_parts(
        _K.INSPECTION_TO_RECORD,
        _of(by),
        parts.c.state == _P.OPEN,
        _LIVE,
        _OUT,
        _VISITED,
        not_(_IS_SURVEY),
        _on_team(by),
    ),
    _K.RECORD_RETURNED: lambda by: waiting_parts(
        _K.RECORD_RETURNED, _of(by), parts.c.state == _P.RETURNED, _on_team(by)
    ),
    _K.RECORD_TO_SIGN: lambda by: waiting_parts(
        _K.RECORD_TO_SIGN, _of(by), parts.c.state == _P.RECORDED, _on_team(by, members.c.signed.is_(False))
    ),
    _K.OBJECT_TO_SIGN: lambda by: waiting_parts(
        _K.OBJECT_TO_SIGN,
        _of(by),
        parts.c.state == _P.RECORDED,
        parts.c.object_signature.is_(None),
        _ALL_SIGNED,
        _on_team(by),
    ),
    _K.RECORD_TO_REVIEW: lambda by: waiting_parts(
        _K.RECORD_TO_REVIEW, _of(by), parts.c.state == _P.SIGNED, not_(_on_team(by))
    ),
    _K.RESULT_TO_PUBLISH: lambda by: waiting_parts(_K.RESULT_TO_PUBLISH, _of(by), parts.c.state == _P.REVIEWED),
    _K.ORDER_TO_RECHECK: lambda by: _disposals(_K.ORDER_TO_RECHECK, by, _IS_ORDER),
    _K.DISPOSAL_TO_CLOSE: lambda by: _disposals(_K.DISPOSAL_TO_CLOSE, by, not_(_IS_ORDER)),
}


def to_do(session: Session, by: Principal, today: date, soon: date) -> ToDo:
    """What waits for somebody, counted by kind.

    Args:
        soon: what is due by this day is due soon.
    """
    counts = [_count(kind, _TO_DO[kind](by), today, soon) for kind in ToDoKind if by.roles & kind.roles]
    if not counts or not by.authority:
        return ToDo(())
    found = {row.kind: row for row in session.execute(union_all(*counts)) if row.waiting}
    return ToDo(
        tuple(
            ToDoGroup(kind, int(row.waiting), int(row.due_soon), int(row.overdue))
            for kind in ToDoKind
            if (row := found.get(kind))
        )
    )


def _count(kind: ToDoKind, statement: Select[Any], today: date, soon: date) -> Select[Any]:
    rows = statement.subquery()
    return select(
        literal(kind, Text).label("kind"),
        func.count().label("waiting"),
        _sum(rows.c.due_on.between(today, soon)).label("due_soon"),
        _sum(rows.c.due_on < today).label("overdue"),
    ).select_from(rows)


def _sum(condition: ColumnElement[bool]) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def list_to_do(
    session: Session, kind: ToDoKind, by: Principal, today: date, *, overdue_only: bool, page_size: int, page_token: str
) -> Page[Waiting]:
    """What waits for somebody, one by one; what is due first comes first."""
    rows = _TO_DO[kind](by).subquery()
    statement = select(*rows.c)
    if not by.roles & kind.roles or not by.authority:
        statement = statement.where(false())
    if overdue_only:
        statement = statement.where(rows.c.due_on < today)
    return page_of(session, statement, rows, page_size, page_token)
