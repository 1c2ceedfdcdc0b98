"""The history of who inspects and of what is inspected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, false, not_, or_, select
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.tasks.model.change import Change, ChangeKind
from services.tasks.queries.ordering import chosen_order
from services.tasks.tables import changes, participants
from services.tasks.use_cases.access import OVERSEERS

_ORDERS = {"change_time": [changes.c.change_id]}


@dataclass(frozen=True)
class ChangeFilter:
    """What to list; empty fields do not filter."""

    task_id: str = ""
    inspection_id: str = ""
    object_id: str = ""
    authority_id: str = ""
    kind: ChangeKind | None = None


def list_changes(
    session: Session, wanted: ChangeFilter, by: Principal, *, page_size: int, page_token: str, order_by: str
) -> Page[Change]:
    """A page of the changes the caller may see, newest first."""
    columns, descending = chosen_order(order_by, _ORDERS, ("change_time", True))
    return paginate(
        session,
        changes_matching(wanted, by),
        order=columns,
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def changes_matching(wanted: ChangeFilter, by: Principal) -> Select[Change]:
    """The changes a filter lets through, as far as the caller may see them."""
    return select(Change).where(_visible(by), *_conditions(wanted))


def _conditions(wanted: ChangeFilter) -> Iterator[ColumnElement[bool]]:
    for name in ("task_id", "inspection_id", "object_id", "authority_id", "kind"):
        value = getattr(wanted, name)
        if value:
            yield changes.c[name] == value


def _visible(by: Principal) -> ColumnElement[bool]:
    """To those who take part in the task, and to who oversees; an enterprise is not shown how it was worked on."""
    if by.roles & OVERSEERS:
        return not_(false())
    if not by.authority:
        return false()
    takes_part = exists().where(
        participants.c.task_id == changes.c.task_id, participants.c.authority_id == by.authority
    )
    return or_(changes.c.authority_id == by.authority, takes_part)
