"""Which inspections papers are printed of, and in how many parts: a file has so many pages and no more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from services.chassis.errors import InvalidArgument, malformed
from services.tasks.model.inspection import LIVE, Inspection, InspectionState
from services.tasks.model.terms import Method
from services.tasks.tables import inspections, parts

MOST_PAPERS = 200
"""How many papers one file holds: a city's task has thousands, and a file of all of them would never be opened."""


def notice_inspections(session: Session, task_id: str, ids: Sequence[str], part: int) -> list[Inspection]:
    """The inspections of a task whose notices are asked for: these, or all that have a notice."""
    has_notice = or_(inspections.c.code.is_not(None), inspections.c.method != Method.ON_SITE)
    return _paper_inspections(session, task_id, ids, part, has_notice)


def form_inspections(
    session: Session, task_id: str, authority_id: str, ids: Sequence[str], part: int
) -> list[Inspection]:
    """The inspections of a task whose record forms are asked for: these, or all in which the authority has a part."""
    mine = (parts.c.inspection_id == inspections.c.inspection_id, parts.c.authority_id == authority_id)
    return _paper_inspections(session, task_id, ids, part, exists().where(*mine))


def _paper_inspections(
    session: Session, task_id: str, ids: Sequence[str], part: int, has_paper: ColumnElement[bool]
) -> list[Inspection]:
    """Those that went out and may take place, or the named ones."""
    may_take_place = inspections.c.state.in_(LIVE - {InspectionState.INTERCEPTED})
    chosen = [inspections.c.inspection_id.in_(ids)] if ids else [may_take_place, has_paper]
    where = (inspections.c.task_id == task_id, inspections.c.dispatched_at.is_not(None), *chosen)
    count = session.scalar(select(func.count()).select_from(inspections).where(*where)) or 0
    _check_part(part, count)
    in_order = select(Inspection).where(*where).order_by(inspections.c.inspection_id)
    return list(session.scalars(in_order.offset(MOST_PAPERS * max(part - 1, 0)).limit(MOST_PAPERS)))


def _check_part(part: int, count: int) -> None:
    """Refuse to leave papers out in silence.

    Raises:
        InvalidArgument: there are too many for one file, or not so many parts.
    """
    needed = -(-count // MOST_PAPERS)
    if part == 0 and needed > 1:
        raise _refused("TOO_MANY", count, needed)
    if not 0 <= part <= max(needed, 1):
        raise _refused("RANGE", count, needed)


def _refused(rule: str, count: int, needed: int) -> InvalidArgument:
    zh = f"共有 {count} 份文书，每个文件最多 {MOST_PAPERS} 份，请分 {needed} 次下载：part 依次填 1 至 {needed}"
    en = f"there are {count} papers and a file holds {MOST_PAPERS}: ask for part 1 to {needed}, one after the other"
    return malformed("part", rule, zh, en)
