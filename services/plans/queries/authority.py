"""Lists of authorities, and the report of what they lack (CQ 二(一))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.plans.model.authority import PAYMENT_WORDS, Authority, AuthorityLevel
from services.plans.model.values import region_prefix
from services.plans.queries.filters import either, holds, narrowed, ordering, part, same
from services.plans.tables import authorities

ORDERS = {"authority_id": authorities.c.authority_id, "name": authorities.c.name, "region": authorities.c.region}


@dataclass(frozen=True)
class IncompleteAuthority:
    """An authority that lacks something."""

    authority_id: str
    name: str
    region: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Completeness:
    """How complete the data of authorities are."""

    total: int
    complete: int
    missing_counts: Mapping[str, int]
    page: Page[IncompleteAuthority]


@dataclass(frozen=True, kw_only=True)
class AuthorityFilter:
    """What a list of authorities shows."""

    name: str = ""
    region: str = ""
    level: AuthorityLevel | None = None
    parent_id: str = ""
    domain: str = ""
    listed_on: date | None = None

    def applied(self) -> Select[Any]:
        return narrowed(
            select(Authority),
            either(part(authorities.c.name, self.name), part(authorities.c.short_name, self.name)),
            within(self.region),
            same(authorities.c.level, self.level),
            same(authorities.c.parent_id, self.parent_id),
            holds(authorities.c.domains, self.domain),
            _is_listed(self.listed_on) if self.listed_on else None,
        )


def list_authorities(
    session: Session, shown: AuthorityFilter, *, page_size: int, page_token: str, order_by: str
) -> Page[Authority]:
    """A page of authorities."""
    column, descending = ordering(order_by, ORDERS, "authority_id")
    return paginate(
        session,
        shown.applied(),
        order=list(dict.fromkeys([column, authorities.c.authority_id])),
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def completeness(
    session: Session, region: str, domain: str, today: date, *, below: str, page_size: int, page_token: str
) -> Completeness:
    """Which authority lacks what.

    Args:
        below: only this authority and those below it; empty: all.
    """
    lacking = _lacking(today)
    lacks_any = or_(*lacking.values())
    seen = [
        condition
        for condition in (
            within(region),
            holds(authorities.c.domains, domain),
            authorities.c.authority_id.in_(_below(below)) if below else None,
        )
        if condition is not None
    ]
    counted = [func.sum(case((condition, 1), else_=0)) for condition in lacking.values()]
    total, complete, *counts = session.execute(
        select(func.count(), func.sum(case((lacks_any, 0), else_=1)), *counted).select_from(authorities).where(*seen)
    ).one()
    found = paginate(
        session,
        select(Authority).where(*seen, lacks_any),
        order=[authorities.c.authority_id],
        page_size=page_size,
        page_token=page_token,
    )
    rows = [IncompleteAuthority(a.authority_id, a.name, a.region, a.missing(today)) for a in found.items]
    missing_counts = {word: int(count or 0) for word, count in zip(lacking, counts, strict=True)}
    return Completeness(total, int(complete or 0), missing_counts, Page(rows, found.next_page_token))


def within(region: str) -> ColumnElement[bool] | None:
    """In a region or below it, if one is given."""
    return authorities.c.region.startswith(region_prefix(region), autoescape=True) if region else None


def _is_listed(day: date) -> ColumnElement[bool]:
    until = authorities.c.listed_until
    return and_(authorities.c.listed_from <= day, or_(until.is_(None), until >= day))


def _lacking(today: date) -> dict[str, ColumnElement[bool]]:
    """For each word of `Authority.missing` the same rule over the table."""
    words = {
        word: _has_no_seal() if name == "seal" else authorities.c[name] == "" for word, name in PAYMENT_WORDS.items()
    }
    has_no_parent = and_(authorities.c.level != AuthorityLevel.CITY, authorities.c.parent_id == "")
    unlisted = or_(authorities.c.listed_from.is_(None), ~_is_listed(today))
    return words | {"上级机构": has_no_parent, "检查主体清单": unlisted}


def _has_no_seal() -> ColumnElement[bool]:
    """JSON knows a null of its own."""
    return or_(authorities.c.seal.is_(None), cast(authorities.c.seal, Text) == type_coerce("null", Text))


def _below(authority_id: str) -> Select[Any]:
    tree = (
        select(authorities.c.authority_id).where(authorities.c.authority_id == authority_id).cte("tree", recursive=True)
    )
    grown = tree.union(select(authorities.c.authority_id).where(authorities.c.parent_id == tree.c.authority_id))
    return select(grown.c.authority_id)
