"""The figures of TJ 19, broken down by authority, region, domain, kind of task and period.

Grouped where they are stored, so that a page of the whole country brings no more than it shows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Dialect, Select, Text, exists, func, literal, literal_column, select, type_coerce, union_all
from sqlalchemy.orm import Session

from services.chassis.paging import paginate
from services.tasks.model.effectiveness import COUNTS, PERIODS, Breakdown, Dimension, EffectivenessRow, figures
from services.tasks.model.terms import TaskKind
from services.tasks.queries.effectiveness import Scope, authority_conditions, counted_in
from services.tasks.tables import authorities, daily_counts

_CELL = ("region", "authority_id", "domain", "kind", "period")
_DAY = "daily_counts.day"
_THURSDAY = f"date({_DAY}, '-3 days', 'weekday 4')"
"""The Thursday of the week: its year is the week's."""
_PERIODS: Mapping[str, Mapping[Dimension, str]] = {
    "postgresql": {
        Dimension.WEEK: f"to_char({_DAY}, 'IYYY-\"W\"IW')",
        Dimension.MONTH: f"to_char({_DAY}, 'YYYY-MM')",
        Dimension.QUARTER: f"to_char({_DAY}, 'YYYY-\"Q\"Q')",
        Dimension.YEAR: f"to_char({_DAY}, 'YYYY')",
    },
    "sqlite": {
        Dimension.WEEK: f"strftime('%Y', {_THURSDAY}) || printf('-W%02d', (strftime('%j', {_THURSDAY}) + 6) / 7)",
        Dimension.MONTH: f"strftime('%Y-%m', {_DAY})",
        Dimension.QUARTER: f"strftime('%Y', {_DAY}) || '-Q' || ((strftime('%m', {_DAY}) + 2) / 3)",
        Dimension.YEAR: f"strftime('%Y', {_DAY})",
    },
}


def breakdown(
    session: Session, scope: Scope, dimensions: Collection[Dimension], *, page_size: int = 0, page_token: str = ""
) -> Breakdown:
    """The five figures by any of the dimensions; by authority, those with nothing appear, too.

    Args:
        page_size: rows at most; 0 without a token: all of them.
    """
    cells = _cells(session.get_bind().dialect, scope, frozenset(dimensions))
    order = [cells.c[name] for name in _CELL]
    if page_size or page_token:
        page = paginate(session, select(cells), order=order, page_size=page_size, page_token=page_token)
        rows, token = page.items, page.next_page_token
    else:
        rows, token = list(session.execute(select(cells).order_by(*order))), ""
    return Breakdown(scope.from_date, scope.to_date, tuple(map(_row, rows)), *_total(session, cells), token)


def _total(session: Session, cells: Any) -> tuple[EffectivenessRow, int]:
    """All rows together, and how many there are."""
    sums = [func.coalesce(func.sum(cells.c[name]), 0).label(name) for name in COUNTS]
    row = session.execute(select(func.count().label("rows"), *sums)).one()
    counts = {name: int(getattr(row, name)) for name in COUNTS}
    return EffectivenessRow("", "合计", "", "", None, "", counts["inspections"], figures(counts)), int(row.rows)


def _row(row: Any) -> EffectivenessRow:
    kind = TaskKind(row.kind) if row.kind else None
    counts = {name: int(getattr(row, name)) for name in COUNTS}
    return EffectivenessRow(
        row.authority_id, row.name, row.region, row.domain, kind, row.period, counts["inspections"], figures(counts)
    )


def _cells(dialect: Dialect, scope: Scope, dimensions: frozenset[Dimension]) -> Any:
    """A row for each cell: what it is of, the name of its authority, and what was counted."""
    counted = _counted(dialect, scope, dimensions)
    found = union_all(counted, _idle(scope)) if Dimension.AUTHORITY in dimensions else counted
    cells = found.subquery()
    # the same order everywhere: a page token must not depend on the locale of a database
    ordered = [_bytewise(cells.c[name], dialect).label(name) for name in _CELL]
    return select(*ordered, cells.c.name, *(cells.c[name] for name in COUNTS)).subquery()


def _bytewise(column: Any, dialect: Dialect) -> Any:
    return column.collate("C") if dialect.name == "postgresql" else column


def _counted(dialect: Dialect, scope: Scope, dimensions: frozenset[Dimension]) -> Select[Any]:
    by_authority = Dimension.AUTHORITY in dimensions
    period = next(iter(dimensions & PERIODS), None)
    columns: dict[str, Any] = {
        "region": func.coalesce(authorities.c.region, literal_column("''"))
        if by_authority or Dimension.REGION in dimensions
        else None,
        "authority_id": daily_counts.c.authority_id if by_authority else None,
        "domain": daily_counts.c.domain if Dimension.DOMAIN in dimensions else None,
        "kind": type_coerce(daily_counts.c.kind, Text) if Dimension.KIND in dimensions else None,
        "period": literal_column(_PERIODS[dialect.name][period], Text) if period else None,
        "name": func.coalesce(authorities.c.name, literal_column("''")) if by_authority else None,
    }
    cell = [_NOTHING.label(name) if value is None else value.label(name) for name, value in columns.items()]
    sums = [func.sum(daily_counts.c[name]).label(name) for name in COUNTS]
    known = daily_counts.outerjoin(authorities, authorities.c.authority_id == daily_counts.c.authority_id)
    by = [value for value in columns.values() if value is not None]
    return select(*cell, *sums).select_from(known).where(*counted_in(scope)).group_by(*by)


_NOTHING = literal_column("''", Text)


def _idle(scope: Scope) -> Select[Any]:
    """Authorities in scope of which nothing was counted."""
    is_counted = exists().where(daily_counts.c.authority_id == authorities.c.authority_id, *counted_in(scope))
    cell = (authorities.c.region, authorities.c.authority_id, _NOTHING, _NOTHING, _NOTHING, authorities.c.name)
    nothing = (literal(0) for _ in COUNTS)
    return select(*cell, *nothing).where(*authority_conditions(scope, authorities.c.authority_id), ~is_counted)
