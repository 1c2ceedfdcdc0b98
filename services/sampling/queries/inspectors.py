"""Reading the inspector directory and its recusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from services.chassis.errors import NoSuchThing
from services.chassis.paging import Page, paginate
from services.sampling.model.inspector import WARNED_BEFORE, CertificateStanding, Inspector, InspectorRevision
from services.sampling.model.recusal import Recusal
from services.sampling.queries.objects import EXPORTED
from services.sampling.queries.ordering import order_of
from services.sampling.queries.searching import has_word, within
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
        day: on which certificates stand as follows.
        standing: how the certificate stands; those off the directory are left out.
        expiring_within: days within which it expires; those off the directory are left out.
    """

    query: str = ""
    authority_id: str = ""
    region: str = ""
    domain: str = ""
    drawable_on: date | None = None
    qualification: str = ""
    experts_only: bool = False
    day: date = date.max
    standing: str = ""
    expiring_within: int = 0

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """As SQL."""
        if self.query:
            yield inspectors.c.name.contains(self.query, autoescape=True)
        if self.authority_id:
            yield inspectors.c.authority_id == self.authority_id
        if self.region:
            yield within(inspectors.c.region, self.region)
        words = {"domains": self.domain, "qualifications": self.qualification}
        yield from (has_word(inspectors.c[name], word) for name, word in words.items() if word)
        if self.drawable_on:
            yield inspectors.c.valid_until >= self.drawable_on
            yield inspectors.c.retired.is_(False)
            yield inspectors.c.expert.is_(False)
        if self.experts_only:
            yield inspectors.c.expert.is_(True)
        yield from self._by_certificate()

    def _by_certificate(self) -> Iterator[ColumnElement[bool]]:
        if self.standing or self.expiring_within:
            yield inspectors.c.retired.is_(False)
        if self.standing:
            yield inspectors.c.valid_until.between(*days_of(CertificateStanding(self.standing), self.day))
        if self.expiring_within:
            yield inspectors.c.valid_until.between(self.day, self.day + timedelta(days=self.expiring_within))


def days_of(standing: CertificateStanding, day: date) -> tuple[date, date]:
    """The first and the last day on which a certificate ends that stands so on a day."""
    warned = day + timedelta(days=WARNED_BEFORE)
    return {
        CertificateStanding.VALID: (warned + timedelta(days=1), date.max),
        CertificateStanding.EXPIRING: (day, warned),
        CertificateStanding.EXPIRED: (date.min, day - timedelta(days=1)),
    }[standing]


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
    origin: str = "",
    page_size: int,
    page_token: str,
    order_by: str,
) -> Page[Any]:
    """A page of recusals.

    Args:
        authority: only of this one; None: of all.
    """
    order, descending = order_of(order_by or "create_time desc", RECUSAL_ORDERS)
    wanted = {"certificate": certificate, "object_id": object_id, "state": state, "origin": origin}
    return paginate(
        session,
        recusals_matching(authority, wanted),
        order=order,
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def recusals_matching(authority: str | None, wanted: Mapping[str, str]) -> Select[Any]:
    """The recusals of an authority, or of all, with these values."""
    conditions = [recusals.c[name] == value for name, value in wanted.items() if value]
    if authority is not None:
        conditions.append(recusals.c.authority_id == authority)
    return select(Recusal).where(*conditions)


def all_recusals(session: Session, authority: str | None, wanted: Mapping[str, str]) -> Iterator[Recusal]:
    """All of them, newest first, up to what a workbook takes."""
    statement = recusals_matching(authority, wanted).order_by(recusals.c.created_at.desc(), recusals.c.recusal_id)
    return iter(session.scalars(statement.limit(EXPORTED).execution_options(yield_per=1000)))


def _found(filters: Filters) -> Select[Any]:
    return select(Inspector).where(*filters.conditions())
