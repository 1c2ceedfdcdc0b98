"""Repairs the caller may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from services.chassis.errors import NoSuchThing
from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.credit.model.repair import Repair
from services.credit.model.repair_parts import RepairChannel
from services.credit.model.repair_state import OPEN, RepairState
from services.credit.queries.filters import among, is_descending, narrowed, same
from services.credit.tables import repairs

OVERSEERS = frozenset({"supervisor", "administrator"})
OFFICERS = frozenset({"repair_officer", "authority_head"})


@dataclass(frozen=True, kw_only=True)
class RepairFilter:
    """What a list of repairs shows."""

    states: tuple[RepairState, ...] = ()
    authority_id: str = ""
    object_id: str = ""
    disclosure_id: str = ""
    external_number: str = ""
    overdue: bool = False
    due_until: date | None = None
    updated_from: datetime | None = None


def get_repair(session: Session, repair_id: str, by: Principal) -> Repair:
    """A repair the caller may see.

    Raises:
        NoSuchThing: there is none, or it is none of the caller's business.
    """
    statement = narrowed(select(Repair).where(repairs.c.repair_id == repair_id), _seen_by(by))
    repair: Repair | None = session.scalars(statement).one_or_none()
    if repair is None:
        raise NoSuchThing("Repair", repair_id)
    return repair


def shown_repairs(chosen: RepairFilter, by: Principal, today: date) -> Select[Any]:
    """The repairs a filter shows to a caller."""
    table = repairs.c
    return narrowed(
        select(Repair),
        _seen_by(by),
        among(table.state, chosen.states),
        same(table.authority_id, chosen.authority_id),
        same(table.object_id, chosen.object_id),
        same(table.disclosure_id, chosen.disclosure_id),
        same(table.external_number, chosen.external_number),
        and_(table.state.in_(OPEN), table.due_on < today) if chosen.overdue else None,
        table.due_on <= chosen.due_until if chosen.due_until else None,
        table.updated_at >= chosen.updated_from if chosen.updated_from else None,
    )


def list_repairs(
    session: Session,
    chosen: RepairFilter,
    by: Principal,
    today: date,
    *,
    page_size: int,
    page_token: str,
    order_by: str,
) -> Page[Repair]:
    """Repairs the caller may see, by the time they came in or last changed."""
    is_by_change = order_by.strip().startswith("update_time")
    first = repairs.c.updated_at if is_by_change else repairs.c.created_at
    name = "update_time" if is_by_change else "create_time"
    return paginate(
        session,
        shown_repairs(chosen, by, today),
        order=[first, repairs.c.repair_id],
        page_size=page_size,
        page_token=page_token,
        descending=is_descending(order_by, name, default=True),
    )


def _seen_by(by: Principal) -> ColumnElement[bool] | None:
    """None: all of them."""
    if by.roles & OVERSEERS:
        return None
    table = repairs.c
    mine = [repairs.c.repair_id == ""]
    if by.roles & OFFICERS and by.authority:
        mine.append(table.authority_id == by.authority)
    if "enterprise" in by.roles and by.object:
        mine.append(table.object_id == by.object)
    if "system" in by.roles:
        mine.append(and_(table.channel == RepairChannel.ONE_STOP, table.applied_by == by.subject))
    return or_(*mine)
