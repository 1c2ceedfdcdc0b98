"""The daily counts made anew from what is stored: a second way to the same figures, for repair and for proof."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, select, text
from sqlalchemy.orm import Session

from services.chassis.bulk import insert_rows
from services.tasks.model.effectiveness import COUNTS, KEYS, PRAISE, Counted
from services.tasks.model.part import PartState
from services.tasks.model.record import PROBLEMS
from services.tasks.model.terms import Method, TaskKind, TaskNature
from services.tasks.tables import daily_counts, evaluations, inspections, parts

_others = parts.alias("others")
_JOINT = (
    select(func.count()).where(_others.c.inspection_id == parts.c.inspection_id).correlate(parts).scalar_subquery() > 1
)
_ON_SITE = inspections.c.method == Method.ON_SITE
_OF_PARTS: dict[str, ColumnElement[bool]] = {
    "joint": _JOINT,
    "off_site": inspections.c.method != Method.ON_SITE,
    "problems": parts.c.finding.in_(PROBLEMS),
    "on_site": _ON_SITE,
    "scanned": and_(_ON_SITE, inspections.c.mutually_verified.is_(True)),
}


def rebuild(session: Session, *, dry_run: bool) -> tuple[int, int]:
    """Make the daily counts anew; how many rows there are, and how many had been wrong, missing or too many.

    Who publishes meanwhile waits for the end, and then counts on.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE daily_counts IN EXCLUSIVE MODE"))
    kept, right = kept_counts(session), true_counts(session)
    wrong = sum(kept.get(key) != right.get(key) for key in kept.keys() | right.keys())
    if wrong and not dry_run:
        session.execute(delete(daily_counts))
        insert_rows(session, daily_counts, [dict(zip(KEYS, key, strict=True)) | right[key] for key in right])
    return len(right), wrong


def kept_counts(session: Session) -> Counted:
    """What is kept up to date with every change, rows of nothing left out."""
    found = session.execute(select(daily_counts))
    counts = {_key(row): {name: getattr(row, name) for name in COUNTS} for row in found}
    return {key: values for key, values in counts.items() if any(values.values())}


def true_counts(session: Session) -> Counted:
    """What is stored of inspections and evaluations, counted."""
    counts: Counted = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    sums = [_sum(condition).label(name) for name, condition in _OF_PARTS.items()]
    for row in session.execute(_published(func.count().label("inspections"), *sums)):
        counts[_key(row)].update({name: int(getattr(row, name)) for name in ("inspections", *_OF_PARTS)})
    is_of_part = and_(
        evaluations.c.inspection_id == parts.c.inspection_id, evaluations.c.authority_id == parts.c.authority_id
    )
    judged = (func.count().label("evaluations"), _sum(evaluations.c.score >= PRAISE).label("praises"))
    for row in session.execute(_published(*judged).join(evaluations, is_of_part)):
        counts[_key(row)].update(evaluations=int(row.evaluations), praises=int(row.praises))
    return dict(counts)


def _key(row: Any) -> tuple[date, str, str, TaskKind]:
    day, authority_id, domain, kind, *_ = row
    return day, authority_id, domain, kind


def _published(*columns: Any) -> Select[Any]:
    """Published results of formal tasks, by day, authority, domain and kind of task."""
    key = (parts.c.inspected_on, parts.c.authority_id, parts.c.domain, inspections.c.kind)
    return (
        select(*key, *columns)
        .select_from(parts.join(inspections, parts.c.inspection_id == inspections.c.inspection_id))
        .where(parts.c.state == PartState.PUBLISHED, inspections.c.nature == TaskNature.FORMAL)
        .group_by(*key)
    )


def _sum(condition: ColumnElement[bool]) -> Any:
    return func.sum(case((condition, 1), else_=0))
