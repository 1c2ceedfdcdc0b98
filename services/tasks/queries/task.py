"""Lists and counters of tasks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, exists, false, func, not_, or_, select, type_coerce
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.tasks.model.draft import Selection, Staffing, TaskOrigin, TaskType
from services.tasks.model.drawing import Substitute
from services.tasks.model.task import Task, TaskState
from services.tasks.model.terms import TaskKind, TaskNature
from services.tasks.queries.ordering import chosen_order, contains
from services.tasks.tables import participants, substitutes, tasks
from services.tasks.use_cases.access import OVERSEERS

_UNFORMED = (TaskState.DRAFT, TaskState.AWAITING_PARTNERS, TaskState.AWAITING_FORMATION)
_AT_WORK = (TaskState.PENDING_EXECUTION, TaskState.EXECUTING)
_UNFINISHED = (*_UNFORMED, *_AT_WORK)
_ORDERS = {
    "create_time": [tasks.c.task_id],
    "starts_on": [tasks.c.starts_on, tasks.c.task_id],
    "number": [tasks.c.number, tasks.c.task_id],
}


@dataclass(frozen=True)
class TaskFilter:
    """What to list; empty fields do not filter."""

    year: int = 0
    state: TaskState | None = None
    kind: TaskKind | None = None
    nature: TaskNature | None = None
    type: TaskType | None = None
    origin: TaskOrigin | None = None
    tab: str = ""
    authority_id: str = ""
    participant_id: str = ""
    plan_id: str = ""
    number: str = ""
    name: str = ""
    created_by: str = ""
    window_id: str = ""
    objects: str = ""
    inspectors: str = ""
    selection: Selection | None = None
    staffing: Staffing | None = None
    object_type: str = ""


@dataclass(frozen=True)
class Counters:
    """今年共有 N 个任务, of one authority."""

    year: int
    total: int
    completed: int
    drafts: int
    awaiting: int
    pending: int
    executing: int
    left_over: int
    confirming: int
    selecting: int
    staffing: int
    open: int
    unselected: int
    unselected_left_over: int

    @property
    def text(self) -> str:
        """The line for people."""
        return (
            f"今年共有 {self.total} 个任务，其中已完成 {self.completed} 个，暂存 {self.drafts} 个，"
            f"待联合 {self.awaiting} 个，待执行 {self.pending} 个，执行中 {self.executing} 个，"
            f"历年剩余未完成任务 {self.left_over} 个（注：仅统计本部门情况，不随查询条件变更）"
        )

    @property
    def selection_text(self) -> str:
        """The line for people of the tab where objects are chosen."""
        return (
            f"今年共有 {self.total} 个任务，未抽取检查对象任务 {self.unselected} 个，"
            f"历年剩余 {self.unselected_left_over} 个任务未抽取对象（注：仅统计本部门情况，不随查询条件变更）"
        )


def list_tasks(
    session: Session, wanted: TaskFilter, by: Principal, *, page_size: int, page_token: str, order_by: str
) -> Page[Task]:
    """A page of the tasks the caller may see."""
    columns, descending = chosen_order(order_by, _ORDERS, ("create_time", True))
    return paginate(
        session,
        matching(wanted, by),
        order=columns,
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def matching(wanted: TaskFilter, by: Principal) -> Select[Task]:
    """The tasks a filter lets through, as far as the caller may see them."""
    return select(Task).where(tasks.c.deleted.is_(False), _visible(by), *_conditions(wanted))


def _conditions(wanted: TaskFilter) -> Iterator[ColumnElement[bool]]:
    for name in (
        "year",
        "state",
        "kind",
        "nature",
        "type",
        "origin",
        "authority_id",
        "plan_id",
        "created_by",
        "window_id",
        "selection",
        "staffing",
    ):
        value = getattr(wanted, name)
        if value:
            yield tasks.c[name] == value
    for name, is_settled in (("objects", tasks.c.objects_chosen), ("inspectors", tasks.c.staffed)):
        if getattr(wanted, name):
            yield is_settled.is_(getattr(wanted, name) == "SETTLED")
    if wanted.object_type:
        yield contains(type_coerce(tasks.c.object_types, Text), f"|{wanted.object_type}|")
    if wanted.tab:
        yield _TABS[wanted.tab]
    if wanted.participant_id:
        yield or_(tasks.c.authority_id == wanted.participant_id, _takes_part(wanted.participant_id))
    for name in ("number", "name"):
        if getattr(wanted, name):
            yield contains(tasks.c[name], getattr(wanted, name))


def _visible(by: Principal) -> ColumnElement[bool]:
    if by.roles & OVERSEERS:
        return not_(false())
    if not by.authority:
        return false()
    invited = and_(tasks.c.state != TaskState.DRAFT, _takes_part(by.authority))
    return or_(tasks.c.authority_id == by.authority, invited)


def _takes_part(authority_id: str) -> ColumnElement[bool]:
    return exists().where(participants.c.task_id == tasks.c.task_id, participants.c.authority_id == authority_id)


_TABS: dict[str, ColumnElement[bool]] = {
    "CONFIRMING": tasks.c.state.in_(_UNFORMED),
    "SELECTING": and_(tasks.c.state.in_(_AT_WORK), tasks.c.objects_chosen.is_(False)),
    "STAFFING": and_(tasks.c.state.in_(_AT_WORK), tasks.c.objects_chosen.is_(True), tasks.c.staffed.is_(False)),
    "OPEN": and_(tasks.c.state.in_(_AT_WORK), tasks.c.staffed.is_(True)),
}


def count_tasks(session: Session, by: Principal, year: int) -> Counters:
    """The counters of the caller's own authority; test tasks do not count."""
    counts = and_(tasks.c.deleted.is_(False), tasks.c.nature == TaskNature.FORMAL)
    led = and_(counts, tasks.c.authority_id == by.authority)
    unselected = and_(led, tasks.c.objects_chosen.is_(False), tasks.c.state.in_(_UNFINISHED))
    of_year = _by_state(session, and_(led, tasks.c.year == year))

    def among(*states: TaskState) -> int:
        return sum(of_year.get(state, 0) for state in states)

    def tab(name: str) -> int:
        return _count(session, and_(counts, _visible(Principal("", authority=by.authority)), _TABS[name]))

    return Counters(
        year=year,
        total=sum(of_year.values()),
        completed=among(TaskState.COMPLETED),
        drafts=among(TaskState.DRAFT),
        awaiting=among(TaskState.AWAITING_PARTNERS, TaskState.AWAITING_FORMATION),
        pending=among(TaskState.PENDING_EXECUTION),
        executing=among(TaskState.EXECUTING),
        left_over=_count(session, and_(led, tasks.c.year < year, tasks.c.state.in_(_UNFINISHED))),
        confirming=tab("CONFIRMING"),
        selecting=tab("SELECTING"),
        staffing=tab("STAFFING"),
        open=tab("OPEN"),
        unselected=_count(session, and_(unselected, tasks.c.year == year)),
        unselected_left_over=_count(session, and_(unselected, tasks.c.year < year)),
    )


def _by_state(session: Session, condition: ColumnElement[bool]) -> dict[TaskState, int]:
    rows: Any = session.execute(select(tasks.c.state, func.count()).where(condition).group_by(tasks.c.state))
    return {state: int(count) for state, count in rows}


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return int(session.execute(select(func.count()).select_from(tasks).where(condition)).scalar_one())


def list_substitutes(
    session: Session, task: Task, stratum: str, *, page_size: int, page_token: str
) -> Page[Substitute]:
    """The substitutes of a task's last round, in the order they are used."""
    statement = select(Substitute).where(substitutes.c.task_id == task.task_id, substitutes.c.round == task.draw_round)
    if stratum:
        statement = statement.where(substitutes.c.stratum == stratum)
    order = [substitutes.c.stratum, substitutes.c.rank, substitutes.c.substitute_id]
    return paginate(session, statement, order=order, page_size=page_size, page_token=page_token)
