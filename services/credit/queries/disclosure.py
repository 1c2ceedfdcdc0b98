"""What the public finds, and the records behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from services.chassis.errors import NoSuchThing
from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.credit.model.disclosure import Disclosure, DisclosureKind, DisclosureRevision, DisclosureState
from services.credit.queries.filters import is_descending, narrowed, part, same
from services.credit.tables import disclosure_revisions as revisions
from services.credit.tables import disclosures, known_authorities

OVERSEERS = frozenset({"supervisor", "administrator"})


@dataclass(frozen=True, kw_only=True)
class Search:
    """What the public looks for."""

    query: str = ""
    kind: DisclosureKind | None = None
    authority_id: str = ""
    object_id: str = ""
    domain: str = ""
    adverse: bool = False
    happened_from: date | None = None
    happened_until: date | None = None
    subject_id: str = ""

    def conditions(self) -> list[ColumnElement[bool] | None]:
        """What is found: nothing withdrawn, and no natural person by name or id."""
        table = disclosures.c
        return [
            table.state == DisclosureState.DISCLOSED,
            self._words(),
            same(table.kind, self.kind),
            same(table.authority_id, self.authority_id),
            and_(table.object_id == self.object_id, ~table.personal) if self.object_id else None,
            same(table.domain, self.domain),
            table.adverse.is_(True) if self.adverse else None,
            table.happened_on >= self.happened_from if self.happened_from else None,
            table.happened_on <= self.happened_until if self.happened_until else None,
            same(table.subject_id, self.subject_id),
        ]

    def _words(self) -> ColumnElement[bool] | None:
        named = part(disclosures.c.object_name, self.query.strip())
        if named is None:
            return None
        anywhere = [part(column, self.query.strip()) for column in (disclosures.c.number, disclosures.c.title)]
        return or_(and_(named, ~disclosures.c.personal), *(found for found in anywhere if found is not None))


@dataclass(frozen=True, kw_only=True)
class RecordFilter:
    """What a list of records shows."""

    kind: DisclosureKind | None = None
    state: DisclosureState | None = None
    authority_id: str = ""
    object_id: str = ""
    subject_id: str = ""


def search(session: Session, wanted: Search, *, page_size: int, page_token: str, order_by: str) -> Page[Disclosure]:
    """What is disclosed now, by the time it was."""
    return _page(session, narrowed(select(Disclosure), *wanted.conditions()), page_size, page_token, order_by)


def get_disclosed(session: Session, disclosure_id: str) -> Disclosure:
    """What the public may see.

    Raises:
        NoSuchThing: there is none, or it is withdrawn: the public is not told which.
    """
    disclosure = session.get(Disclosure, disclosure_id)
    if disclosure is None or not disclosure.is_disclosed:
        raise NoSuchThing("Disclosure", disclosure_id)
    return disclosure


def shown_records(chosen: RecordFilter, by: Principal) -> Select[Any]:
    """The records a filter shows to a caller, the withdrawn ones too."""
    return narrowed(
        select(Disclosure),
        None if by.roles & OVERSEERS else disclosures.c.authority_id == by.authority,
        same(disclosures.c.kind, chosen.kind),
        same(disclosures.c.state, chosen.state),
        same(disclosures.c.authority_id, chosen.authority_id),
        same(disclosures.c.object_id, chosen.object_id),
        same(disclosures.c.subject_id, chosen.subject_id),
    )


def list_records(
    session: Session, chosen: RecordFilter, by: Principal, *, page_size: int, page_token: str, order_by: str
) -> Page[Disclosure]:
    """All disclosures the caller may see, by the time they were disclosed."""
    return _page(session, shown_records(chosen, by), page_size, page_token, order_by)


def history(session: Session, disclosure_id: str) -> list[DisclosureRevision]:
    """Every version of a disclosure and its withdrawal, oldest first."""
    statement = select(DisclosureRevision).where(revisions.c.disclosure_id == disclosure_id)
    ordered = statement.order_by(revisions.c.source_version, revisions.c.recorded_at, revisions.c.revision_id)
    return list(session.scalars(ordered))


def authority_names(session: Session, authority_ids: Iterable[str]) -> dict[str, str]:
    """Names of authorities, as far as they are known."""
    table = known_authorities.c
    rows = session.execute(select(table.authority_id, table.name).where(table.authority_id.in_(set(authority_ids))))
    return {row.authority_id: row.name for row in rows}


def _page(session: Session, statement: Select[Any], page_size: int, page_token: str, order_by: str) -> Page[Disclosure]:
    order = [disclosures.c.disclosed_at, disclosures.c.disclosure_id]
    descending = is_descending(order_by, "disclosed_at", default=True)
    return paginate(session, statement, order=order, page_size=page_size, page_token=page_token, descending=descending)
