"""Lists of matters and of their versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from services.chassis.errors import NoSuchThing
from services.chassis.paging import Page, paginate
from services.plans.model.matter import Matter, MatterVersion
from services.plans.model.values import ContentLevel, Method
from services.plans.queries.completeness import Completeness, report
from services.plans.queries.filters import (
    has_entry_without,
    holds,
    is_empty,
    narrowed,
    newest_first,
    ordering,
    part,
    same,
)
from services.plans.tables import matter_versions, matters

ORDERS = {"matter_id": matters.c.matter_id, "name": matters.c.name, "domain": matters.c.domain}

# for each word of `Matter.missing` the same rule over the table
_LACKING: dict[str, ColumnElement[bool]] = {
    "检查项": is_empty(matters.c["items"]),
    "检查要点": has_entry_without(matters.c["items"], "check_points", "[]"),
    "检查标准": has_entry_without(matters.c["items"], "standard", '""'),
    "抽查比例": and_(matters.c.random_eligible.is_(True), matters.c.ratio == ""),
    "抽查频次": and_(matters.c.random_eligible.is_(True), matters.c.frequency == ""),
    "认领机构": is_empty(matters.c.claimed_by),
}
REPORT_WORDS = tuple(_LACKING)


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
    session: Session, shown: Select[Any], *, page_size: int, page_token: str, order_by: str
) -> Page[Matter]:
    """A page of matters."""
    column, descending = ordering(order_by, ORDERS, "matter_id")
    return paginate(
        session,
        shown,
        order=list(dict.fromkeys([column, matters.c.matter_id])),
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def completeness(
    session: Session, looked_at: Sequence[ColumnElement[bool]], *, page_size: int, page_token: str
) -> Completeness[Matter]:
    """Which of these matters lack what."""
    shown = incomplete(looked_at)
    page = paginate(session, shown, order=[matters.c.matter_id], page_size=page_size, page_token=page_token)
    return report(session, matters, looked_at, _LACKING, page)


def scope_of_report(domain: str, *, random_eligible: bool) -> list[ColumnElement[bool]]:
    """Which matters a report looks at: those on the list, of a domain if one is given, or only what may be drawn."""
    conditions = (
        matters.c.retired.is_(False),
        same(matters.c.domain, domain),
        matters.c.random_eligible.is_(True) if random_eligible else None,
    )
    return [condition for condition in conditions if condition is not None]


def incomplete(looked_at: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Those of these matters that lack something."""
    return select(Matter).where(*looked_at, or_(*_LACKING.values()))


def versions(matter_id: str) -> Select[Any]:
    """The versions of a matter."""
    return select(MatterVersion).where(matter_versions.c.matter_id == matter_id)


def list_versions(session: Session, matter_id: str, *, page_size: int, page_token: str) -> Page[MatterVersion]:
    """The versions of a matter, newest first."""
    shown = versions(matter_id)
    return newest_first(session, shown, matter_versions.c.version, page_size=page_size, page_token=page_token)


def version(session: Session, matter_id: str, number: int) -> MatterVersion:
    """A matter as it was.

    Raises:
        NoSuchThing: it never had this version.
    """
    found = session.get(MatterVersion, (matter_id, number))
    if found is None:
        raise NoSuchThing(MatterVersion.__name__, f"{matter_id}@{number}")
    return found
