"""The figures of TJ 19, and the inspections behind each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.tasks.model.effectiveness import (
    PRAISE,
    AuthorityEffectiveness,
    CountedInspection,
    Effectiveness,
    Figure,
    FigureValue,
)
from services.tasks.model.part import PartState
from services.tasks.model.record import PROBLEMS
from services.tasks.model.terms import Method, TaskNature, region_prefix
from services.tasks.tables import authorities, evaluations, inspections, parts


@dataclass(frozen=True)
class Scope:
    """Whose figures, and of when."""

    from_date: date
    to_date: date
    authority_id: str = ""
    region: str = ""


_others = parts.alias("others")
_participants = (
    select(func.count()).where(_others.c.inspection_id == parts.c.inspection_id).correlate(parts).scalar_subquery()
)
_ON_SITE = inspections.c.method == Method.ON_SITE
_COUNTED: dict[Figure, ColumnElement[bool]] = {
    Figure.JOINT_RATE: _participants > 1,
    Figure.OFF_SITE_RATE: inspections.c.method != Method.ON_SITE,
    Figure.PROBLEM_RATE: parts.c.finding.in_(PROBLEMS),
    Figure.SCAN_RATE: and_(_ON_SITE, inspections.c.mutually_verified.is_(True)),
    Figure.PRAISE_RATE: evaluations.c.score >= PRAISE,
}


def effectiveness(session: Session, scope: Scope) -> Effectiveness:
    """The five figures of every authority in scope, those with nothing too."""
    counted = _count_parts(session, scope)
    praised = _count_praise(session, scope)
    rows = session.execute(
        select(authorities.c.authority_id, authorities.c.name, authorities.c.region)
        .where(*_authority_conditions(scope, authorities.c.authority_id))
        .order_by(authorities.c.region, authorities.c.name, authorities.c.authority_id)
    )
    return Effectiveness(
        scope.from_date,
        scope.to_date,
        tuple(
            _row(row.authority_id, row.name, row.region, counted.get(row.authority_id), praised.get(row.authority_id))
            for row in rows
        ),
    )


def _row(authority_id: str, name: str, region: str, counted: Any, praised: Any) -> AuthorityEffectiveness:
    total, joint, off_site, problems, scanned, on_site = counted or (0, 0, 0, 0, 0, 0)
    praise, judged = praised or (0, 0)
    figures = (
        FigureValue(Figure.JOINT_RATE, joint, total),
        FigureValue(Figure.OFF_SITE_RATE, off_site, total),
        FigureValue(Figure.PROBLEM_RATE, problems, total),
        FigureValue(Figure.SCAN_RATE, scanned, on_site),
        FigureValue(Figure.PRAISE_RATE, praise, judged),
    )
    return AuthorityEffectiveness(authority_id, name, region, total, figures)


def _count_parts(session: Session, scope: Scope) -> dict[str, tuple[int, ...]]:
    """Of each authority: all, joint, off-site, with problems, scanned, on site."""
    sums = [_sum(_COUNTED[figure]) for figure in Figure if figure is not Figure.PRAISE_RATE]
    statement = _base(scope, parts.c.authority_id, func.count(), *sums, _sum(_ON_SITE)).group_by(parts.c.authority_id)
    return {row[0]: tuple(int(value) for value in row[1:]) for row in session.execute(statement)}


def _count_praise(session: Session, scope: Scope) -> dict[str, tuple[int, int]]:
    """Of each authority: praising evaluations, all evaluations."""
    statement = _with_evaluations(_base(scope, parts.c.authority_id, _sum(_COUNTED[Figure.PRAISE_RATE]), func.count()))
    rows = session.execute(statement.group_by(parts.c.authority_id))
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def _sum(condition: ColumnElement[bool]) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _base(scope: Scope, *columns: Any) -> Select[Any]:
    """Published results of formal tasks, by the day of the visit."""
    return (
        select(*columns)
        .select_from(parts.join(inspections, parts.c.inspection_id == inspections.c.inspection_id))
        .where(
            parts.c.state == PartState.PUBLISHED,
            inspections.c.nature == TaskNature.FORMAL,
            parts.c.inspected_on.between(scope.from_date, scope.to_date),
            *_authority_conditions(scope, parts.c.authority_id),
        )
    )


def _with_evaluations(statement: Select[Any]) -> Select[Any]:
    return statement.join(
        evaluations,
        and_(
            evaluations.c.inspection_id == parts.c.inspection_id,
            evaluations.c.authority_id == parts.c.authority_id,
        ),
    )


def _authority_conditions(scope: Scope, column: Any) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if scope.authority_id:
        conditions.append(column == scope.authority_id)
    if scope.region:
        within = select(authorities.c.authority_id).where(
            authorities.c.region.startswith(region_prefix(scope.region), autoescape=True)
        )
        conditions.append(column.in_(within))
    return conditions


def counted_inspections(
    session: Session, figure: Figure, scope: Scope, *, counted_only: bool, page_size: int, page_token: str
) -> Page[CountedInspection]:
    """What a figure counts, one by one: what its numerator counts, or all that its denominator does."""
    is_praise = figure is Figure.PRAISE_RATE
    counted = _COUNTED[figure]
    statement = _base(
        scope,
        parts.c.inspection_id,
        parts.c.authority_id,
        inspections.c.task_number,
        inspections.c.object_id,
        inspections.c.object_name,
        parts.c.inspected_on,
        inspections.c.method,
        parts.c.finding,
        case((counted, 1), else_=0).label("counted"),
        evaluations.c.score if is_praise else literal(0).label("score"),
        evaluations.c.evaluation_id if is_praise else literal("").label("evaluation_id"),
    )
    if is_praise:
        statement = _with_evaluations(statement)
    if figure is Figure.SCAN_RATE:
        statement = statement.where(_ON_SITE)
    if counted_only:
        statement = statement.where(counted)
    order = [parts.c.inspected_on, parts.c.inspection_id, parts.c.authority_id]
    if is_praise:
        order = [*order, evaluations.c.evaluation_id]
    page = paginate(session, statement, order=order, page_size=page_size, page_token=page_token)
    return Page([_item(row) for row in page.items], page.next_page_token)


def _item(row: Any) -> CountedInspection:
    return CountedInspection(
        row.inspection_id,
        row.authority_id,
        row.task_number,
        row.object_id,
        row.object_name,
        row.inspected_on,
        row.method,
        row.finding,
        bool(row.counted),
        row.score,
    )
