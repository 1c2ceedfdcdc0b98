"""Lists of matters and of their versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.chassis.errors import NoSuchThing
from services.chassis.paging import Page, paginate
from services.plans.model.matter import Matter, MatterVersion
from services.plans.model.values import ContentLevel, Method
from services.plans.queries.filters import holds, narrowed, ordering, part, same
from services.plans.tables import matter_versions, matters

ORDERS = {"matter_id": matters.c.matter_id, "name": matters.c.name, "domain": matters.c.domain}


@dataclass(frozen=True, kw_only=True)
class MatterFilter:
    """What a list of matters shows."""

    name: str = ""
    domain: str = ""
    content_level: ContentLevel | None = None
    method: Method | None = None
    claimed_by: str = ""
    random_eligible: bool = False
    include_retired: bool = False

    def applied(self) -> Select[Any]:
        return narrowed(
            select(Matter),
            part(matters.c.name, self.name),
            same(matters.c.domain, self.domain),
            same(matters.c.content_level, self.content_level),
            holds(matters.c.methods, self.method or ""),
            holds(matters.c.claimed_by, self.claimed_by),
            matters.c.random_eligible.is_(True) if self.random_eligible else None,
            None if self.include_retired else matters.c.retired.is_(False),
        )


def list_matters(
    session: Session, shown: MatterFilter, *, page_size: int, page_token: str, order_by: str
) -> Page[Matter]:
    """A page of matters."""
    column, descending = ordering(order_by, ORDERS, "matter_id")
    return paginate(
        session,
        shown.applied(),
        order=list(dict.fromkeys([column, matters.c.matter_id])),
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def list_versions(session: Session, matter_id: str, *, page_size: int, page_token: str) -> Page[MatterVersion]:
    """The versions of a matter, newest first."""
    return paginate(
        session,
        select(MatterVersion).where(matter_versions.c.matter_id == matter_id),
        order=[matter_versions.c.version],
        page_size=page_size,
        page_token=page_token,
        descending=True,
    )


def version(session: Session, matter_id: str, number: int) -> MatterVersion:
    """A matter as it was.

    Raises:
        NoSuchThing: it never had this version.
    """
    found = session.get(MatterVersion, (matter_id, number))
    if found is None:
        raise NoSuchThing(MatterVersion.__name__, f"{matter_id}@{number}")
    return found
