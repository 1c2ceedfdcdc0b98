"""The figures of TJ 19, and the inspections behind each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, select
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.tasks.model.copies import Authority
from services.tasks.model.effectiveness import (
    COUNTS,
    PRAISE,
    AuthorityEffectiveness,
    CountedInspection,
    Effectiveness,
    Figure,
    WeeklyReport,
    WeeklyRow,
    figures,
)
from services.tasks.model.part import PartState
from services.tasks.model.record import PROBLEMS
from services.tasks.model.terms import Method, TaskKind, TaskNature, region_prefix
from services.tasks.tables import authorities, daily_counts, evaluations, inspections, parts

_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Scope:
    """Whose figures, and of when."""

    from_date: date
    to_date: date
    authority_id: str = ""
    region: str = ""
    domain: str = ""
    kind: TaskKind | None = None


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
    counted = {row.authority_id: row._mapping for row in _counted(session, scope, daily_counts.c.authority_id)}  # noqa: SLF001 (public in SQLAlchemy)
    rows = (_row(authority, counted.get(authority.authority_id, {})) for authority in _authorities(session, scope))
    return Effectiveness(scope.from_date, scope.to_date, tuple(rows))


def _row(authority: Authority, counts: Mapping[Any, int]) -> AuthorityEffectiveness:
    total = counts.get("inspections", 0)
    return AuthorityEffectiveness(authority.authority_id, authority.name, authority.region, total, figures(counts))


def _authorities(session: Session, scope: Scope) -> list[Authority]:
    """The authorities in scope, by region and name."""
    order = (authorities.c.region, authorities.c.name, authorities.c.authority_id)
    statement = select(Authority).where(*authority_conditions(scope, authorities.c.authority_id)).order_by(*order)
    return list(session.scalars(statement))


def _counted(session: Session, scope: Scope, *by: Any) -> Iterable[Row[Any]]:
    """What was counted, summed up by these columns."""
    sums = [func.sum(daily_counts.c[name]).label(name) for name in COUNTS]
    return session.execute(select(*by, *sums).where(*counted_in(scope)).group_by(*by))


def counted_in(scope: Scope) -> list[ColumnElement[bool]]:
    """Which of the daily counts are in scope."""
    conditions: list[ColumnElement[bool]] = [daily_counts.c.day.between(scope.from_date, scope.to_date)]
    if scope.domain:
        conditions.append(daily_counts.c.domain == scope.domain)
    if scope.kind:
        conditions.append(daily_counts.c.kind == scope.kind)
    return [*conditions, *authority_conditions(scope, daily_counts.c.authority_id)]


def weekly_report(session: Session, day: date, region: str) -> WeeklyReport:
    """The week a day lies in, by domain and authority; each authority appears in each of its domains (CQ 三)."""
    monday = day - timedelta(days=day.weekday())
    week, before = _week(session, monday, region), _week(session, monday - _WEEK, region)
    known = {
        authority.authority_id: authority for authority in _authorities(session, Scope(monday, monday, "", region))
    }
    own = {(domain, id) for id, authority in known.items() for domain in authority.domains or ("",)}
    keys = sorted(own | week.keys() | before.keys(), key=lambda key: (key[0], *_place(known.get(key[1])), key[1]))
    rows = tuple(_weekly_row(known, [key], key, week, before) for key in keys)
    domains = tuple(
        _weekly_row(known, [key for key in keys if key[0] == domain], (domain, ""), week, before)
        for domain in dict.fromkeys(key[0] for key in keys)
    )
    total = replace(_weekly_row(known, keys, ("", ""), week, before), authority_name="合计")
    return WeeklyReport(monday, monday + _WEEK - timedelta(days=1), rows, domains, total)


def _week(session: Session, monday: date, region: str) -> dict[tuple[str, str], Counter[str]]:
    """By domain and authority, what was counted in seven days."""
    scope = Scope(monday, monday + _WEEK - timedelta(days=1), "", region)
    found = _counted(session, scope, daily_counts.c.domain, daily_counts.c.authority_id)
    return {
        (row.domain, row.authority_id): Counter({name: row._mapping[name] for name in COUNTS})  # noqa: SLF001 (public in SQLAlchemy)
        for row in found
    }


def _place(authority: Authority | None) -> tuple[str, str]:
    return (authority.region, authority.name) if authority else ("", "")


def _weekly_row(
    known: Mapping[str, Authority],
    keys: Collection[tuple[str, str]],
    of: tuple[str, str],
    week: Mapping[tuple[str, str], Counter[str]],
    before: Mapping[tuple[str, str], Counter[str]],
) -> WeeklyRow:
    domain, id = of
    counts: Counter[str] = sum((week.get(key, Counter()) for key in keys), Counter())
    earlier = sum(before.get(key, Counter())["inspections"] for key in keys)
    region, name = _place(known.get(id))
    return WeeklyRow(domain, id, name, region, counts["inspections"], earlier, figures(counts))


def _base(scope: Scope, *columns: Any) -> Select[Any]:
    """Published results of formal tasks, by the day of the visit."""
    return (
        select(*columns)
        .select_from(parts.join(inspections, parts.c.inspection_id == inspections.c.inspection_id))
        .where(
            parts.c.state == PartState.PUBLISHED,
            inspections.c.nature == TaskNature.FORMAL,
            parts.c.inspected_on.between(scope.from_date, scope.to_date),
            *([parts.c.domain == scope.domain] if scope.domain else []),
            *([inspections.c.kind == scope.kind] if scope.kind else []),
            *authority_conditions(scope, parts.c.authority_id),
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


def authority_conditions(scope: Scope, column: Any) -> list[ColumnElement[bool]]:
    """Whether a column names an authority in scope."""
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
