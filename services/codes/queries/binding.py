"""Accounts that speak for an object."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.codes.model.enterprise_code import Binding
from services.codes.queries.code import Sheet
from services.codes.tables import bindings


def list_bindings(session: Session, object_id: str, sheet: Sheet, *, include_ended: bool) -> Page[Binding]:
    """The bindings of an object."""
    statement = select(Binding).where(bindings.c.object_id == object_id)
    if not include_ended:
        statement = statement.where(bindings.c.ended_at.is_(None))
    order = [bindings.c.binding_id]
    return paginate(session, statement, order=order, page_size=sheet.page_size, page_token=sheet.page_token)
