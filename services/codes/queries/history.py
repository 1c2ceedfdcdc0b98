"""What was inspected at an object, newest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.codes import tables
from services.codes.model.code import CodeState
from services.codes.model.history import Finding, InspectionNote
from services.codes.model.visit import VisitState
from services.codes.queries.code import Sheet
from services.codes.queries.names import authority_names

notes, findings, codes, visits = tables.inspection_notes, tables.findings, tables.codes, tables.visits
LATEST = 20


@dataclass(frozen=True)
class FindingSeen:
    """What one authority found."""

    authority_id: str
    authority_name: str
    matter_ids: tuple[str, ...]
    finding: str
    summary: str
    disposal: str
    adverse: bool
    inspected_on: date | None
    version: int


@dataclass(frozen=True)
class Record:
    """One inspection of an object."""

    inspection_id: str
    code_id: str
    object_id: str
    task_number: str
    task_name: str
    task_kind: str
    method: str
    authority_ids: tuple[str, ...]
    starts_on: date | None
    ends_on: date | None
    state: str
    findings: tuple[FindingSeen, ...]
    evaluated: tuple[str, ...]
    created_at: datetime


def list_inspections(session: Session, object_id: str, sheet: Sheet) -> Page[Record]:
    """All inspections of an object, newest first, for its own people."""
    page = paginate(
        session,
        select(InspectionNote).where(notes.c.object_id == object_id),
        order=[notes.c.noted_at, notes.c.inspection_id],
        page_size=sheet.page_size,
        page_token=sheet.page_token,
        descending=True,
    )
    return Page(_records(session, page.items, _evaluated(session, object_id)), page.next_page_token)


def latest_inspections(session: Session, object_id: str) -> list[Record]:
    """The latest inspections of an object, for an inspector at its door."""
    newest_first = notes.c.noted_at.desc(), notes.c.inspection_id.desc()
    statement = select(InspectionNote).where(notes.c.object_id == object_id).order_by(*newest_first).limit(LATEST)
    return _records(session, session.scalars(statement).all(), lambda _: ())


def _records(
    session: Session, page: Sequence[InspectionNote], evaluated: Callable[[str], tuple[str, ...]]
) -> list[Record]:
    if not page:
        return []
    found = _findings(session, [note.inspection_id for note in page])
    states = _states(session, [note.code_id for note in page])
    return [
        Record(
            inspection_id=note.inspection_id,
            code_id=note.code_id,
            object_id=note.object_id,
            task_number=note.task_number,
            task_name=note.task_name,
            task_kind=note.task_kind,
            method=note.method,
            authority_ids=tuple(
                dict.fromkeys([*note.authority_ids, *(one.authority_id for one in found[note.inspection_id])])
            ),
            starts_on=note.starts_on,
            ends_on=note.ends_on,
            state="PUBLISHED" if found[note.inspection_id] else states.get(note.code_id, ""),
            findings=tuple(found[note.inspection_id]),
            evaluated=evaluated(note.code_id),
            created_at=note.noted_at,
        )
        for note in page
    ]


def _findings(session: Session, inspection_ids: Sequence[str]) -> defaultdict[str, list[FindingSeen]]:
    chosen = select(Finding).where(findings.c.inspection_id.in_(inspection_ids)).order_by(findings.c.authority_id)
    stored = session.scalars(chosen).all()
    names = authority_names(session, (one.authority_id for one in stored))
    seen: defaultdict[str, list[FindingSeen]] = defaultdict(list)
    for one in stored:
        seen[one.inspection_id].append(
            FindingSeen(
                one.authority_id,
                names.get(one.authority_id, ""),
                one.matter_ids,
                one.finding,
                one.summary,
                one.disposal,
                one.adverse,
                one.inspected_on,
                one.version,
            )
        )
    return seen


def _states(session: Session, code_ids: Sequence[str]) -> dict[str, str]:
    """How far the visit of each code is."""
    statement = (
        select(codes.c.code_id, codes.c.state, visits.c.state)
        .outerjoin(visits, (visits.c.code_id == codes.c.code_id) & (visits.c.object_id == codes.c.object_id))
        .where(codes.c.code_id.in_(code_ids))
    )
    return {code_id: _state(code, visit) for code_id, code, visit in session.execute(statement)}


def _state(code: CodeState, visit: VisitState | None) -> str:
    if visit in (VisitState.VERIFIED, VisitState.EXCEPTED):
        return str(visit)
    return "REVOKED" if code is CodeState.REVOKED else "CODED"


def _evaluated(session: Session, object_id: str) -> Callable[[str], tuple[str, ...]]:
    """Which authorities an object has judged, by code."""
    table = tables.evaluations
    statement = select(table.c.code_id, table.c.authority_id).where(table.c.object_id == object_id)
    judged: defaultdict[str, list[str]] = defaultdict(list)
    for code_id, authority_id in session.execute(statement):
        judged[code_id].append(authority_id)
    return lambda code_id: tuple(sorted(judged.get(code_id, ())))
