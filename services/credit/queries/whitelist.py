"""Lists of whitelist entries, and those that have come to their last day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.chassis.errors import NoSuchThing
from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.credit.model.whitelist import Whitelist, WhitelistState
from services.credit.queries.filters import is_descending, narrowed, same
from services.credit.tables import whitelists

OVERSEERS = frozenset({"supervisor", "administrator"})
EXPIRED_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class WhitelistFilter:
    """What a list of entries shows."""

    authority_id: str = ""
    object_id: str = ""
    matter_id: str = ""
    state: WhitelistState | None = None


def get_whitelist(session: Session, whitelist_id: str, by: Principal) -> Whitelist:
    """An entry the caller may see.

    Raises:
        NoSuchThing: there is none, or it is another authority's.
    """
    entry = session.get(Whitelist, whitelist_id)
    if entry is None or not (by.roles & OVERSEERS or entry.authority_id == by.authority):
        raise NoSuchThing("Whitelist", whitelist_id)
    return entry


def shown_whitelists(chosen: WhitelistFilter, by: Principal) -> Select[Any]:
    """The entries a filter shows to a caller."""
    return narrowed(
        select(Whitelist),
        None if by.roles & OVERSEERS else whitelists.c.authority_id == by.authority,
        same(whitelists.c.authority_id, chosen.authority_id),
        same(whitelists.c.object_id, chosen.object_id),
        same(whitelists.c.matter_id, chosen.matter_id),
        same(whitelists.c.state, chosen.state),
    )


def list_whitelists(
    session: Session, chosen: WhitelistFilter, by: Principal, *, page_size: int, page_token: str, order_by: str
) -> Page[Whitelist]:
    """Entries the caller may see, by the time they were proposed."""
    return paginate(
        session,
        shown_whitelists(chosen, by),
        order=[whitelists.c.created_at, whitelists.c.whitelist_id],
        page_size=page_size,
        page_token=page_token,
        descending=is_descending(order_by, "create_time", default=True),
    )


@dataclass(frozen=True)
class Expired:
    """Looks for active entries whose last day lies before a day."""

    session: Session

    def __call__(self, day: date) -> Sequence[Whitelist]:
        passed = whitelists.c.state == WhitelistState.ACTIVE, whitelists.c.ends_on < day
        return list(self.session.scalars(select(Whitelist).where(*passed).limit(EXPIRED_AT_ONCE)))
