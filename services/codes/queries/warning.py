"""Warnings and complaints as supervisors see them: those about authorities of their region."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, select
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.codes.model import warning
from services.codes.model.complaint import Complaint, ComplaintKind, ComplaintState
from services.codes.model.directory import region_prefix
from services.codes.model.warning import WarningKind, WarningState
from services.codes.queries.code import Sheet
from services.codes.queries.names import is_newest_first
from services.codes.tables import complaints, known_authorities, warnings


@dataclass(frozen=True)
class WarningFilter:
    """Which warnings; what is empty filters nothing."""

    kind: WarningKind | None = None
    state: WarningState | None = None
    authority_id: str = ""
    object_id: str = ""
    inspection_id: str = ""


@dataclass(frozen=True)
class ComplaintFilter:
    """Which complaints; what is empty filters nothing."""

    authority_id: str = ""
    kind: ComplaintKind | None = None
    state: ComplaintState | None = None


def list_warnings(session: Session, filter: WarningFilter, sheet: Sheet, *, by: Principal) -> Page[warning.Warning]:
    """The warnings a supervisor watches."""
    conditions = [warnings.c[name] == value for name, value in vars(filter).items() if value]
    return paginate(
        session,
        select(warning.Warning).where(*conditions, *supervised(by, warnings.c.authority_id)),
        order=[warnings.c.warning_id],
        page_size=sheet.page_size,
        page_token=sheet.page_token,
        descending=is_newest_first(sheet.order_by),
    )


def list_complaints(
    session: Session, filter: ComplaintFilter, sheet: Sheet, *, by: Principal, objects: Collection[str]
) -> Page[Complaint]:
    """Complaints a supervisor watches, or those of an enterprise's objects."""
    conditions = [complaints.c[name] == value for name, value in vars(filter).items() if value]
    if "supervisor" in by.roles:
        conditions += supervised(by, complaints.c.authority_id)
    else:
        conditions.append(complaints.c.object_id.in_(objects))
    return paginate(
        session,
        select(Complaint).where(*conditions),
        order=[complaints.c.complaint_id],
        page_size=sheet.page_size,
        page_token=sheet.page_token,
        descending=is_newest_first(sheet.order_by),
    )


def supervised(by: Principal, authority_id: Column[str]) -> list[ColumnElement[bool]]:
    """Only what is about authorities of a supervisor's region; one without a region watches all."""
    if not by.region:
        return []
    in_region = known_authorities.c.region.startswith(region_prefix(by.region), autoescape=True)
    return [authority_id.in_(select(known_authorities.c.authority_id).where(in_region))]
