"""How often authorities inspect an object (TJ 6).

Objects do not add up: one that two authorities inspect is one object of each and one of both. So this is counted from
the inspections themselves and not from the daily counts, whose sums it agrees with.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from services.tasks.model.frequency import Frequencies, FrequencyRow
from services.tasks.model.part import PartState
from services.tasks.model.terms import TaskNature, region_prefix
from services.tasks.queries.effectiveness import Scope
from services.tasks.tables import authorities, inspections, parts


def frequencies(session: Session, scope: Scope) -> Frequencies:
    """Of every authority in scope, those with nothing too, and of all."""
    by_authority = _per_object(scope, parts.c.authority_id)
    found = session.execute(select(by_authority.c.authority_id, *_figures(by_authority)).group_by("authority_id"))
    counted = {row.authority_id: tuple(row)[1:] for row in found}
    known = session.execute(_authorities(scope)).all()
    rows = (FrequencyRow(*authority, *map(int, counted.get(authority[0], _NOTHING))) for authority in known)
    return Frequencies(scope.from_date, scope.to_date, tuple(rows), _total(session, scope))


_NOTHING = (0, 0, 0, 0)


def _total(session: Session, scope: Scope) -> FrequencyRow:
    figures = session.execute(select(*_figures(_per_object(scope)))).one()
    return FrequencyRow("", "合计", scope.region, *(int(figure or 0) for figure in figures))


def _per_object(scope: Scope, *by: Any) -> Any:
    """How often each object was inspected."""
    joined = parts.join(inspections, inspections.c.inspection_id == parts.c.inspection_id)
    counted = [
        parts.c.state == PartState.PUBLISHED,
        parts.c.inspected_on.between(scope.from_date, scope.to_date),
        parts.c.authority_id.in_(_authorities(scope).with_only_columns(authorities.c.authority_id)),
        inspections.c.nature == TaskNature.FORMAL,
        inspections.c.object_id != "",
    ]
    if scope.domain:
        counted.append(parts.c.domain == scope.domain)
    if scope.kind:
        counted.append(inspections.c.kind == scope.kind)
    times = func.count().label("times")
    statement = select(*by, times).select_from(joined).where(*counted).group_by(*by, inspections.c.object_id)
    return statement.subquery()


def _figures(per_object: Any) -> tuple[Any, ...]:
    times = per_object.c.times
    repeated = func.sum(case((times > 1, 1), else_=0))
    return func.sum(times), func.count(), repeated, func.max(times)


def _authorities(scope: Scope) -> Select[Any]:
    """The authorities in scope, by region and name."""
    columns = authorities.c
    statement = select(columns.authority_id, columns.name, columns.region)
    if scope.authority_id:
        statement = statement.where(columns.authority_id == scope.authority_id)
    if scope.region:
        statement = statement.where(columns.region.startswith(region_prefix(scope.region), autoescape=True))
    return statement.order_by(columns.region, columns.name, columns.authority_id)
