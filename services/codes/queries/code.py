"""Codes, interceptions and visits, looked up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select, union_all
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.codes import tables
from services.codes.model.code import CodeKind, CodeState, InspectionCode
from services.codes.model.issue import Interception
from services.codes.model.visit import Visit
from services.codes.queries.names import is_newest_first
from services.codes.status_list import BITS
from services.codes.use_cases.code import OVERSEERS

codes, parties, interceptions, visits = tables.codes, tables.code_parties, tables.interceptions, tables.visits


@dataclass(frozen=True)
class CodeFilter:
    """Which codes; what is empty filters nothing."""

    task_id: str = ""
    inspection_id: str = ""
    object_id: str = ""
    authority_id: str = ""
    certificate: str = ""
    kind: CodeKind | None = None
    state: CodeState | None = None
    valid_on: date | None = None


@dataclass(frozen=True)
class InterceptionFilter:
    """Which interceptions; what is empty filters nothing."""

    task_id: str = ""
    object_id: str = ""
    authority_id: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Sheet:
    """Which page of a list."""

    page_size: int = 0
    page_token: str = ""
    order_by: str = ""


def list_codes(
    session: Session, filter: CodeFilter, sheet: Sheet, *, by: Principal, objects: Collection[str]
) -> Page[InspectionCode]:
    """The codes a caller may read.

    Args:
        objects: that the caller speaks for.
    """
    conditions = [*readable(by, objects), *_chosen(filter)]
    return paginate(
        session,
        select(InspectionCode).where(*conditions),
        order=[codes.c.code_id],
        page_size=sheet.page_size,
        page_token=sheet.page_token,
        descending=is_newest_first(sheet.order_by),
    )


def open_codes(session: Session, object_id: str, certificate: str, day: date) -> Sequence[InspectionCode]:
    """An inspector's codes for an object that are good that day, newest first."""
    filter = CodeFilter(object_id=object_id, certificate=certificate, state=CodeState.ISSUED, valid_on=day)
    statement = select(InspectionCode).where(*_chosen(filter)).order_by(codes.c.code_id.desc()).limit(20)
    return session.scalars(statement).all()


def visits_of(session: Session, chosen: Collection[InspectionCode]) -> dict[str, Visit]:
    """The visit of each code that is for one object."""
    ids = [code.code_id for code in chosen if code.object_id]
    if not ids:
        return {}
    return {visit.code_id: visit for visit in session.scalars(select(Visit).where(visits.c.code_id.in_(ids)))}


def list_visits(session: Session, code_id: str, sheet: Sheet) -> Page[Visit]:
    """The visits of a code."""
    statement = select(Visit).where(visits.c.code_id == code_id)
    order = [visits.c.visit_id]
    return paginate(session, statement, order=order, page_size=sheet.page_size, page_token=sheet.page_token)


def list_interceptions(
    session: Session, filter: InterceptionFilter, sheet: Sheet, *, by: Principal
) -> Page[Interception]:
    """The refused codes a caller may see."""
    conditions = [interceptions.c[name] == value for name, value in vars(filter).items() if value]
    if not by.roles & OVERSEERS:
        conditions.append(or_(interceptions.c.authority_id == by.authority, interceptions.c.lead_id == by.authority))
    return paginate(
        session,
        select(Interception).where(*conditions),
        order=[interceptions.c.interception_id],
        page_size=sheet.page_size,
        page_token=sheet.page_token,
        descending=is_newest_first(sheet.order_by),
    )


def revoked_on(session: Session, number: int) -> list[int]:
    """The status indexes of one list whose codes were taken back."""
    on_list = [
        select(table.c.status_index).where(
            table.c.status_index.between(number * BITS, (number + 1) * BITS - 1), table.c.state == CodeState.REVOKED
        )
        for table in (codes, tables.enterprise_codes)
    ]
    return list(session.scalars(union_all(*on_list)))


def status_lists(session: Session) -> int:
    """How many status lists there are."""
    numbers = tables.metadata.tables["numbers"]
    last = session.scalar(select(numbers.c.last).where(numbers.c.series == "status-index")) or 0
    return -(-last // BITS)


def readable(by: Principal, objects: Collection[str]) -> list[ColumnElement[bool]]:
    """What a caller may read, who speaks for these objects."""
    return [codes.c.purged.is_(False), *_mine(by, objects)]


def _mine(by: Principal, objects: Collection[str]) -> list[ColumnElement[bool]]:
    """What a caller may read at all."""
    if by.roles & OVERSEERS:
        return []
    mine: list[ColumnElement[bool]] = [codes.c.object_id.in_(objects), codes.c.created_by == by.subject]
    if by.authority:
        mine.append(_takes_part(by.authority))
    return [or_(*mine)]


def _chosen(filter: CodeFilter) -> list[ColumnElement[bool]]:
    plain = ("task_id", "inspection_id", "object_id", "kind", "state")
    conditions: list[ColumnElement[bool]] = [
        codes.c[name] == getattr(filter, name) for name in plain if getattr(filter, name)
    ]
    conditions += [_takes_part(party) for party in (filter.authority_id, filter.certificate) if party]
    if filter.valid_on:
        conditions += [codes.c.starts_on <= filter.valid_on, codes.c.ends_on >= filter.valid_on]
    return conditions


def _takes_part(party: str) -> ColumnElement[bool]:
    return codes.c.code_id.in_(select(parties.c.code_id).where(parties.c.party == party))
