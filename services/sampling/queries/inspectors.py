"""Reading the inspector directory and its recusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from services.chassis.errors import NoSuchThing
from services.chassis.paging import Page, paginate
from services.sampling.model.inspector import Inspector, InspectorRevision
from services.sampling.model.recusal import Recusal
from services.sampling.model.region import prefix
from services.sampling.queries.objects import EXPORTED, has_word
from services.sampling.queries.ordering import order_of
from services.sampling.tables import inspector_revisions, inspectors, recusals

ORDERS = {
    "": (inspectors.c.certificate,),
    "certificate": (inspectors.c.certificate,),
    "name": (inspectors.c.name, inspectors.c.certificate),
    "valid_until": (inspectors.c.valid_until, inspectors.c.certificate),
}
RECUSAL_ORDERS = {"create_time": (recusals.c.created_at, recusals.c.recusal_id)}


@dataclass(frozen=True)
class Filters:
    """What a list of inspectors is narrowed to; empty: no limit.

    Args:
        drawable_on: only those a draw may take on this day.
    """

    query: str = ""
    authority_id: str = ""
    region: str = ""
    domain: str = ""
    drawable_on: date | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """As SQL."""
        if self.query:
            yield inspectors.c.name.contains(self.query, autoescape=True)
        if self.authority_id:
            yield inspectors.c.authority_id == self.authority_id
        if self.region:
            yield inspectors.c.region.startswith(prefix(self.region), autoescape=True)
        if self.domain:
            yield has_word(inspectors.c.domains, self.domain)
        if self.drawable_on:
            yield inspectors.c.valid_until >= self.drawable_on
            yield inspectors.c.retired.is_(False)
            yield inspectors.c.expert.is_(False)


def list_inspectors(session: Session, filters: Filters, *, page_size: int, page_token: str, order_by: str) -> Page[Any]:
    """A page of inspectors."""
    order, descending = order_of(order_by, ORDERS)
    return paginate(
        session,
        _found(filters),
        order=order,
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def all_inspectors(session: Session, filters: Filters) -> Iterator[Inspector]:
    """Everything the filters show, up to what a workbook takes."""
    statement = _found(filters).order_by(inspectors.c.certificate).limit(EXPORTED)
    return iter(session.scalars(statement.execution_options(yield_per=1000)))


def list_revisions(session: Session, certificate: str, *, page_size: int, page_token: str) -> Page[Any]:
    """Earlier states of an inspector, newest first."""
    return paginate(
        session,
        select(InspectorRevision).where(inspector_revisions.c.certificate == certificate),
        order=(inspector_revisions.c.replaced_at, inspector_revisions.c.revision_id),
        page_size=page_size,
        page_token=page_token,
        descending=True,
    )


def get_recusal(session: Session, recusal_id: str, *, authority: str | None) -> Recusal:
    """One recusal.

    Args:
        authority: the caller's own, or None for who sees all.

    Raises:
        NoSuchThing: there is none, or not for this authority.
    """
    found = session.get(Recusal, recusal_id)
    if found is None or authority not in (None, found.authority_id):
        raise NoSuchThing("Recusal", recusal_id)
    return found


def list_recusals(
    session: Session,
    *,
    authority: str | None,
    certificate: str,
    object_id: str,
    state: str,
    page_size: int,
    page_token: str,
    order_by: str,
) -> Page[Any]:
    """A page of recusals.

    Args:
        authority: only of this one; None: of all.
    """
    order, descending = order_of(order_by or "create_time desc", RECUSAL_ORDERS)
    wanted = {"certificate": certificate, "object_id": object_id, "state": state}
    conditions = [recusals.c[name] == value for name, value in wanted.items() if value]
    if authority is not None:
        conditions.append(recusals.c.authority_id == authority)
    return paginate(
        session,
        select(Recusal).where(*conditions),
        order=order,
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def _found(filters: Filters) -> Select[Any]:
    return select(Inspector).where(*filters.conditions())
