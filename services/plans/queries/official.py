"""Lists of officials, and whom a plan can be submitted to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.plans.model.official import Official, OfficialRole, OfficialVersion
from services.plans.queries.filters import holds, narrowed, newest_first, ordering, part, same
from services.plans.tables import official_versions, officials

ORDERS = {"official_id": officials.c.official_id, "name": officials.c.name, "subject": officials.c.subject}


@dataclass(frozen=True, kw_only=True)
class OfficialFilter:
    """What a list of officials shows."""

    name: str = ""
    subject: str = ""
    authority_id: str = ""
    role: OfficialRole | None = None
    active_on: date | None = None
    include_retired: bool = False

    def applied(self) -> Select[Any]:
        return narrowed(
            select(Official),
            part(officials.c.name, self.name),
            same(officials.c.subject, self.subject),
            same(officials.c.authority_id, self.authority_id),
            holds(officials.c.roles, self.role or ""),
            _is_in_post(self.active_on) if self.active_on else None,
            None if self.include_retired else officials.c.retired.is_(False),
        )


def reviewers(authority_id: str, name: str, day: date, *, without: Collection[str]) -> Select[Any]:
    """Those of an authority who may review on a day, but for some accounts (CQ 附件1 1.1.1)."""
    wanted = OfficialFilter(name=name, authority_id=authority_id, role=OfficialRole.REVIEWER, active_on=day)
    return wanted.applied().where(officials.c.subject.not_in(without))


def list_officials(
    session: Session, shown: Select[Any], *, page_size: int, page_token: str, order_by: str
) -> Page[Official]:
    """A page of officials."""
    column, descending = ordering(order_by, ORDERS, "official_id")
    return paginate(
        session,
        shown,
        order=list(dict.fromkeys([column, officials.c.official_id])),
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def versions(official_id: str) -> Select[Any]:
    """The versions of an entry."""
    return select(OfficialVersion).where(official_versions.c.official_id == official_id)


def list_versions(session: Session, official_id: str, *, page_size: int, page_token: str) -> Page[OfficialVersion]:
    """The versions of an entry, newest first."""
    shown, version = versions(official_id), official_versions.c.version
    return newest_first(session, shown, version, page_size=page_size, page_token=page_token)


def _is_in_post(day: date) -> ColumnElement[bool]:
    until = officials.c.active_until
    return and_(officials.c.active_from <= day, or_(until.is_(None), until >= day))
