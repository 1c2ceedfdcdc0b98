"""Lists of inspections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, false, not_, or_, select
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.tasks.model.inspection import Inspection, InspectionState
from services.tasks.model.part import PartState
from services.tasks.queries.ordering import chosen_order, contains
from services.tasks.tables import inspections, members, parts
from services.tasks.use_cases.access import OVERSEERS

_ORDERS = {
    "create_time": [inspections.c.inspection_id],
    "object_name": [inspections.c.object_name, inspections.c.inspection_id],
    "rank": [inspections.c.stratum, inspections.c.rank, inspections.c.inspection_id],
}


@dataclass(frozen=True)
class InspectionFilter:
    """What to list; empty fields do not filter."""

    task_id: str = ""
    state: InspectionState | None = None
    authority_id: str = ""
    object_id: str = ""
    certificate: str = ""
    part_state: PartState | None = None
    object_name: str = ""
    year: int = 0
    open_disposal: bool = False


def list_inspections(
    session: Session, wanted: InspectionFilter, by: Principal, *, page_size: int, page_token: str, order_by: str
) -> Page[Inspection]:
    """A page of the inspections the caller may see."""
    columns, descending = chosen_order(order_by, _ORDERS, ("create_time", False))
    return paginate(
        session,
        matching(wanted, by),
        order=columns,
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def matching(wanted: InspectionFilter, by: Principal) -> Select[Inspection]:
    """The inspections a filter lets through, as far as the caller may see them."""
    return select(Inspection).where(_visible(by, wanted.task_id), *_conditions(wanted, by))


def _conditions(wanted: InspectionFilter, by: Principal) -> Iterator[ColumnElement[bool]]:
    for name in ("task_id", "state", "object_id", "year"):
        value = getattr(wanted, name)
        if value:
            yield inspections.c[name] == value
    if wanted.object_name:
        yield contains(inspections.c.object_name, wanted.object_name)
    if wanted.authority_id or wanted.part_state or wanted.open_disposal:
        yield _has_part(*_part_conditions(wanted))
    if wanted.certificate:
        certificate = by.certificate if wanted.certificate == "me" else wanted.certificate
        is_member = members.c.inspection_id == inspections.c.inspection_id
        yield exists().where(is_member, members.c.certificate == certificate)


def _part_conditions(wanted: InspectionFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.authority_id:
        yield parts.c.authority_id == wanted.authority_id
    if wanted.part_state:
        yield parts.c.state == wanted.part_state
    if wanted.open_disposal:
        yield parts.c.open_disposal.is_(True)


def _visible(by: Principal, task_id: str) -> ColumnElement[bool]:
    if by.roles & OVERSEERS:
        return not_(false())
    if by.object:
        return and_(inspections.c.object_id == by.object, inspections.c.dispatched_at.is_not(None))
    if not by.authority:
        return false()
    has_part = _has_part(parts.c.authority_id == by.authority)
    if not task_id:
        return has_part  # who leads has one, too: all are found by the index of the parts
    # in its own task the lead sees all, and no part need be looked at: the page is found by the index of the task
    return or_(inspections.c.authority_id == by.authority, has_part)


def _has_part(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    # one of a list, and no `exists`: SQLite begins with the list, and with `exists` it would try every inspection
    return inspections.c.inspection_id.in_(select(parts.c.inspection_id).where(*conditions))
