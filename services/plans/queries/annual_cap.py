"""Lists of yearly limits."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.plans.model.annual_cap import AnnualCap
from services.plans.queries.filters import narrowed, ordering, same
from services.plans.tables import annual_caps

ORDERS = {"annual_cap_id": annual_caps.c.annual_cap_id, "year": annual_caps.c.year}


def list_annual_caps(
    session: Session,
    *,
    year: int,
    authority_id: str,
    region: str,
    matter_id: str,
    page_size: int,
    page_token: str,
    order_by: str,
) -> Page[AnnualCap]:
    """A page of limits."""
    column, descending = ordering(order_by, ORDERS, "annual_cap_id")
    shown = narrowed(
        select(AnnualCap),
        same(annual_caps.c.year, year),
        same(annual_caps.c.authority_id, authority_id),
        same(annual_caps.c.region, region),
        same(annual_caps.c.matter_id, matter_id),
    )
    return paginate(
        session,
        shown,
        order=list(dict.fromkeys([column, annual_caps.c.annual_cap_id])),
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )
