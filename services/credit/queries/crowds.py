"""All objects of a domain as crowds whose records say the same to a model: one statement, whatever their number.

A score looks at no more of an object than its grades, its tags and how many findings, evaluations and overdue disposals
of each kind lie in each window. The database counts these and groups by them; some hundred records stand for millions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, FromClause, and_, case, func, select
from sqlalchemy.orm import Session

from services.chassis.clock import SHANGHAI
from services.credit.model.backtest import Crowd
from services.credit.model.industry_model import IndicatorSource, IndustryModel
from services.credit.model.known import KnownEvaluation, KnownOverdue, KnownResult
from services.credit.model.scoring import Record
from services.credit.tables import (
    domain_ratings,
    known_evaluations,
    known_objects,
    known_overdues,
    known_results,
    rating_changes,
    ratings,
)

T = TypeVar("T")


@dataclass(frozen=True)
class Crowds:
    """Finds the crowds of a model's domain.

    Called with the model, the day it scores for, and whether that day is past: then nothing that came later is in the
    records, the public ratings are those of that evening, and the hits are of what came later.
    """

    session: Session

    def __call__(self, model: IndustryModel, day: date, *, is_past: bool) -> Iterator[Crowd]:
        signature = _Signature(model, day, is_past)
        for row in self.session.execute(signature.statement()):
            yield signature.crowd(row)


@dataclass(frozen=True)
class _Tally:
    """How many of one kind lie between two ages."""

    name: str
    source: IndicatorSource
    level: str
    younger_than: int
    not_younger_than: int


class _Signature:
    """What a model looks at, as columns."""

    def __init__(self, model: IndustryModel, day: date, is_past: bool) -> None:
        self._model, self._day, self._is_past = model, day, is_past
        self._tallies = [
            *self._tallied(IndicatorSource.FINDING, self._findings()),
            *self._tallied(IndicatorSource.EVALUATION, [""]),
            *self._tallied(IndicatorSource.OVERDUE_DISPOSAL, [""]),
        ]

    def statement(self) -> Any:
        """One row for each crowd."""
        results, ratings_then = self._results(), self._ratings()
        beside = self._sides()
        sides = {IndicatorSource.FINDING: results, **beside}
        is_of_domain = domain_ratings.c.domain == self._model.domain
        joined: FromClause = results.outerjoin(
            domain_ratings, and_(domain_ratings.c.object_id == results.c.object_id, is_of_domain)
        )
        for other in (ratings_then, known_objects, *beside.values()):
            joined = joined.outerjoin(other, other.c.object_id == results.c.object_id)
        columns = [
            domain_ratings.c.rating.label("before"),
            *self._where_asked(IndicatorSource.PUBLIC_RATING, ratings_then.c.public_rating),
            *self._where_asked(IndicatorSource.RISK_CLASS, ratings_then.c.risk_class),
            *self._where_asked(IndicatorSource.TAG, known_objects.c.tags),
            *(func.coalesce(sides[tally.source].c[tally.name], 0).label(tally.name) for tally in self._tallies),
        ]
        figures = (
            func.count().label("objects"),
            func.sum(case((results.c.inspected > 0, 1), else_=0)).label("inspected"),
            func.sum(case((results.c.found > 0, 1), else_=0)).label("found"),
        )
        return select(*columns, *figures).select_from(joined).group_by(*columns)

    def crowd(self, row: Any) -> Crowd:
        """A row as a record that a model scores like each of those behind it."""
        record = Record(
            public_rating=getattr(row, "public_rating", None),
            risk_class=getattr(row, "risk_class", None),
            results=self._of_row(row, IndicatorSource.FINDING, self._result),
            evaluations=self._of_row(row, IndicatorSource.EVALUATION, self._evaluation),
            overdues=self._of_row(row, IndicatorSource.OVERDUE_DISPOSAL, self._overdue),
            tags=getattr(row, "tags", None) or (),
        )
        return Crowd(record, row.before, row.objects, int(row.inspected), int(row.found))

    def _results(self) -> Any:
        """Each object of the domain: its findings, and what the hit rates look at."""
        looked_at = (
            known_results.c.inspected_on > self._day if self._is_past else known_results.c.inspected_on.is_not(None)
        )
        sums = [
            _times(
                known_results.c.finding == tally.level,
                ~known_results.c.repaired,
                self._within(known_results.c.inspected_on, tally),
            ).label(tally.name)
            for tally in self._of(IndicatorSource.FINDING)
        ]
        hits = [
            _times(looked_at).label("inspected"),
            _times(looked_at, known_results.c.adverse.is_(True)).label("found"),
        ]
        chosen = and_(known_results.c.domain == self._model.domain, known_results.c.object_id != "")
        return (
            select(known_results.c.object_id, *sums, *hits)
            .where(chosen)
            .group_by(known_results.c.object_id)
            .subquery("results")
        )

    def _sides(self) -> dict[IndicatorSource, Any]:
        """What came of the results, where the model looks at it."""
        tables = {
            IndicatorSource.EVALUATION: (known_evaluations, known_evaluations.c.submitted_on),
            IndicatorSource.OVERDUE_DISPOSAL: (known_overdues, known_overdues.c.due_on),
        }
        return {source: self._beside(source, *place) for source, place in tables.items() if self._of(source)}

    def _beside(self, source: IndicatorSource, table: Any, on: ColumnElement[date]) -> Any:
        """What came of the results, by object."""
        of_result = and_(
            table.c.inspection_id == known_results.c.inspection_id, table.c.authority_id == known_results.c.authority_id
        )
        chosen = [known_results.c.domain == self._model.domain]
        if source is IndicatorSource.OVERDUE_DISPOSAL:
            chosen += [known_results.c.adverse.is_(True), ~known_results.c.repaired]
        sums = [_times(self._within(on, tally)).label(tally.name) for tally in self._of(source)]
        joined = table.join(known_results, of_result)
        counted = select(known_results.c.object_id, *sums).select_from(joined).where(*chosen)
        return counted.group_by(known_results.c.object_id).subquery(source.lower())

    def _ratings(self) -> Any:
        """The public ratings as they are, or as they were in the evening of that day."""
        if not self._is_past:
            return ratings
        evening = datetime.combine(self._day + timedelta(days=1), time(), SHANGHAI)
        newest = func.row_number().over(
            partition_by=rating_changes.c.object_id, order_by=rating_changes.c.version.desc()
        )
        columns: list[Any] = [rating_changes.c[name] for name in ("object_id", "public_rating", "risk_class")]
        until = select(*columns, newest.label("place")).where(rating_changes.c.changed_at < evening).subquery()
        kept: list[Any] = [until.c[column.name] for column in columns]
        return select(*kept).where(until.c.place == 1).subquery("ratings_then")

    def _findings(self) -> list[str]:
        chosen = [each for each in self._model.indicators if each.source is IndicatorSource.FINDING]
        return sorted({finding for each in chosen for finding, loss in each.values.items() if loss})

    def _tallied(self, source: IndicatorSource, levels: Sequence[str]) -> Iterator[_Tally]:
        windows = sorted({each.window for each in self._model.indicators if each.source is source})
        for younger_than, not_younger_than in zip(windows, [0, *windows], strict=False):
            for level in levels:
                name = f"{source.lower()}_{younger_than}_{level.lower()}"
                yield _Tally(name, source, level, younger_than, not_younger_than)

    def _of(self, source: IndicatorSource) -> list[_Tally]:
        return [tally for tally in self._tallies if tally.source is source]

    def _of_row(self, row: Any, source: IndicatorSource, made: Callable[[_Tally], T]) -> list[T]:
        return [one for tally in self._of(source) for one in [made(tally)] * int(getattr(row, tally.name))]

    def _where_asked(self, source: IndicatorSource, column: Any) -> list[Any]:
        return [column] if self._model.listens_to(source) else []

    def _within(self, on: ColumnElement[date], tally: _Tally) -> ColumnElement[bool]:
        is_young = on > self._day - timedelta(days=tally.younger_than)
        if not (tally.not_younger_than or self._is_past):
            return is_young
        return and_(is_young, on <= self._day - timedelta(days=tally.not_younger_than))

    def _on(self, tally: _Tally) -> date:
        """A day that lies in the same windows as all that were counted."""
        return self._day - timedelta(days=tally.younger_than - 1)

    def _result(self, tally: _Tally) -> KnownResult:
        return KnownResult(
            result_id="",
            version=0,
            inspection_id="",
            authority_id="",
            object_id="",
            domain=self._model.domain,
            finding=tally.level,
            adverse=True,
            inspected_on=self._on(tally),
        )

    def _evaluation(self, tally: _Tally) -> KnownEvaluation:
        return KnownEvaluation(evaluation_id="", inspection_id="", authority_id="", submitted_on=self._on(tally))

    def _overdue(self, tally: _Tally) -> KnownOverdue:
        return KnownOverdue(overdue_id="", inspection_id="", authority_id="", disposal="", due_on=self._on(tally))


def _times(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((and_(*conditions), 1), else_=0))
