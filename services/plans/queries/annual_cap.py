"""Lists of yearly limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.plans.model.annual_cap import AnnualCap, AnnualCapVersion
from services.plans.queries.filters import narrowed, newest_first, ordering, same
from services.plans.tables import annual_cap_versions, annual_caps

ORDERS = {"annual_cap_id": annual_caps.c.annual_cap_id, "year": annual_caps.c.year}


@dataclass(frozen=True, kw_only=True)
class AnnualCapFilter:
    """What a list of limits shows."""

    year: int = 0
    authority_id: str = ""
    region: str = ""
    matter_id: str = ""
    include_lifted: bool = False

    def applied(self) -> Select[Any]:
        return narrowed(
            select(AnnualCap),
            same(annual_caps.c.year, self.year),
            same(annual_caps.c.authority_id, self.authority_id),
            same(annual_caps.c.region, self.region),
            same(annual_caps.c.matter_id, self.matter_id),
            None if self.include_lifted else annual_caps.c.lifted.is_(False),
        )


def list_annual_caps(
    session: Session, shown: Select[Any], *, page_size: int, page_token: str, order_by: str
) -> Page[AnnualCap]:
    """A page of limits."""
    column, descending = ordering(order_by, ORDERS, "annual_cap_id")
    return paginate(
        session,
        shown,
        order=list(dict.fromkeys([column, annual_caps.c.annual_cap_id])),
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def versions(annual_cap_id: str) -> Select[Any]:
    """The versions of a limit."""
    return select(AnnualCapVersion).where(annual_cap_versions.c.annual_cap_id == annual_cap_id)


def list_versions(session: Session, annual_cap_id: str, *, page_size: int, page_token: str) -> Page[AnnualCapVersion]:
    """The versions of a limit, newest first."""
    shown = versions(annual_cap_id)
    return newest_first(session, shown, annual_cap_versions.c.version, page_size=page_size, page_token=page_token)
