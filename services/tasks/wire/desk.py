"""What waits and what is due → protobuf."""

from __future__ import annotations

from datetime import date, timedelta

from liangma.tasks.v1 import desk_pb2 as pb

from services.chassis.convert import enum_name, to_proto
from services.chassis.errors import malformed
from services.chassis.identity import Principal
from services.chassis.paging import Page
from services.chassis.workdays import Workdays
from services.tasks.model.desk import SOON_WORKDAYS, DeadlineKind, ToDo, ToDoKind, Waiting, term
from services.tasks.queries.deadlines import DueFilter
from services.tasks.use_cases.access import OVERSEERS
from services.tasks.wire.task import page_info

_USUAL_DAYS, _MOST_DAYS, _MOST_SOON = 14, 3660, 60


def soon_workdays(request: pb.GetToDoRequest) -> int:
    return _up_to(request.soon_workdays, _MOST_SOON, "soon_workdays") or SOON_WORKDAYS


def kind(request: pb.ListToDoRequest) -> ToDoKind:
    return ToDoKind(enum_name(pb.ToDoKind.DESCRIPTOR, request.kind))


def to_do(waiting: ToDo) -> pb.ToDo:
    return to_proto(waiting, pb.ToDo)


def items(page: Page[Waiting], today: date, workdays: Workdays) -> pb.ListToDoResponse:
    rows = [to_proto(item, pb.ToDoItem, term=_term(item, today, workdays)) for item in page.items]
    return pb.ListToDoResponse(items=rows, page=page_info(page))


def due_filter(request: pb.ListDeadlinesRequest, by: Principal, today: date) -> DueFilter:
    """Which deadlines are asked for.

    Raises:
        NotYours: they are another authority's, and the caller oversees nobody.
    """
    within = _up_to(request.within_days, _MOST_DAYS, "within_days") or _USUAL_DAYS
    authority_id = request.authority_id
    if not by.roles & OVERSEERS:
        authority_id = authority_id or by.authority
        by.require(authority=authority_id)
    until = today + timedelta(days=-1 if request.overdue_only else within)
    name = enum_name(pb.DeadlineKind.DESCRIPTOR, request.kind)
    return DueFilter(authority_id, until, DeadlineKind(name) if name else None)


def _up_to(days: int, most: int, field: str) -> int:
    if not 0 <= days <= most:
        raise malformed(field, "RANGE", f"{field} 应在 0 至 {most} 之间", f"{field} must lie between 0 and {most}")
    return days


def deadlines(page: Page[Waiting], today: date, workdays: Workdays) -> pb.ListDeadlinesResponse:
    rows = [_deadline(item, today, workdays) for item in page.items]
    return pb.ListDeadlinesResponse(deadlines=rows, page=page_info(page))


def _deadline(item: Waiting, today: date, workdays: Workdays) -> pb.Deadline:
    kind = DeadlineKind(item.kind)
    return to_proto(
        item,
        pb.Deadline,
        name=kind.zh,
        consequence=kind.consequence,
        task_name=item.name,
        term=_term(item, today, workdays),
    )


def _term(item: Waiting, today: date, workdays: Workdays) -> pb.Term | None:
    return to_proto(term(item.due_on, today, workdays), pb.Term) if item.due_on else None
