"""Lists of authorities, and the report of what they lack (CQ 二(一))."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, or_, select, type_coerce
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.plans.model.authority import PAYMENT_WORDS, Authority, AuthorityLevel, AuthorityVersion
from services.plans.model.values import region_prefix
from services.plans.queries.completeness import Completeness, report
from services.plans.queries.filters import either, holds, narrowed, newest_first, ordering, part, same
from services.plans.tables import authorities, authority_versions

REPORT_WORDS = (*PAYMENT_WORDS, "上级机构", "检查主体清单")
ORDERS = {"authority_id": authorities.c.authority_id, "name": authorities.c.name, "region": authorities.c.region}


@dataclass(frozen=True)
class IncompleteAuthority:
    """An authority that lacks something."""

    authority_id: str
    name: str
    region: str
    missing: tuple[str, ...]


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
    session: Session, shown: Select[Any], *, page_size: int, page_token: str, order_by: str
) -> Page[Authority]:
    """A page of authorities."""
    column, descending = ordering(order_by, ORDERS, "authority_id")
    return paginate(
        session,
        shown,
        order=list(dict.fromkeys([column, authorities.c.authority_id])),
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def versions(authority_id: str) -> Select[Any]:
    """The versions of an authority."""
    return select(AuthorityVersion).where(authority_versions.c.authority_id == authority_id)


def list_versions(session: Session, authority_id: str, *, page_size: int, page_token: str) -> Page[AuthorityVersion]:
    """The versions of an authority, newest first."""
    shown = versions(authority_id)
    return newest_first(session, shown, authority_versions.c.version, page_size=page_size, page_token=page_token)


def completeness(
    session: Session, looked_at: Sequence[ColumnElement[bool]], today: date, *, page_size: int, page_token: str
) -> Completeness[IncompleteAuthority]:
    """Which of these authorities lacks what."""
    found = paginate(
        session,
        incomplete(looked_at, today),
        order=[authorities.c.authority_id],
        page_size=page_size,
        page_token=page_token,
    )
    rows = [lack(authority, today) for authority in found.items]
    return report(session, authorities, looked_at, _lacking(today), Page(rows, found.next_page_token))


def scope_of_report(region: str, domain: str, *, below: str) -> list[ColumnElement[bool]]:
    """Which authorities a report looks at.

    Args:
        below: only this authority and those below it; empty: all.
    """
    conditions = (
        within(region),
        holds(authorities.c.domains, domain),
        authorities.c.authority_id.in_(_below(below)) if below else None,
    )
    return [condition for condition in conditions if condition is not None]


def incomplete(looked_at: Sequence[ColumnElement[bool]], today: date) -> Select[Any]:
    """Those of these authorities that lack something."""
    return select(Authority).where(*looked_at, or_(*_lacking(today).values()))


def lack(authority: Authority, today: date) -> IncompleteAuthority:
    """What an authority lacks."""
    return IncompleteAuthority(authority.authority_id, authority.name, authority.region, authority.missing(today))


def names_of(session: Session, authority_ids: Collection[str]) -> dict[str, str]:
    """Names of authorities, by code."""
    chosen = select(authorities.c.authority_id, authorities.c.name).where(authorities.c.authority_id.in_(authority_ids))
    return {id: name for id, name in session.execute(chosen)}  # noqa: C416 (a Row is no pair to a type checker)


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
