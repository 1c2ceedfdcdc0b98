"""How a model makes a score: term by term, so that every point can be explained."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import fsum

from services.credit.model.industry_model import EACH, NONE, Indicator, IndicatorSource, IndustryModel
from services.credit.model.known import FINDINGS, KnownEvaluation, KnownOverdue, KnownResult
from services.credit.model.rating import Grade


@dataclass(frozen=True)
class Record:
    """What is known of one object in one domain.

    Args:
        results: its results in the domain.
        evaluations: those of the inspections behind these results.
        overdues: disposals of these results that were not closed in time, where the result still counts.
        tags: what the directory says of it (监管标签).
    """

    public_rating: Grade | None = None
    risk_class: Grade | None = None
    results: Sequence[KnownResult] = ()
    evaluations: Sequence[KnownEvaluation] = ()
    overdues: Sequence[KnownOverdue] = ()
    tags: Collection[str] = ()


@dataclass(frozen=True)
class Evidence:
    """What one result, evaluation, overdue disposal, tag, rating or class does to a term."""

    level: str
    effect: float
    note: str
    inspection_id: str = ""
    authority_id: str = ""
    happened_on: date | None = None


@dataclass(frozen=True)
class ScoreTerm:
    """One indicator's part of a score."""

    code: str
    name: str
    source: IndicatorSource
    weight: int
    value: float
    evidence: tuple[Evidence, ...]
    lapses_on: date | None = None

    @property
    def points(self) -> float:
        """What it earns of its weight."""
        return round(self.weight * self.value, 4)


@dataclass(frozen=True)
class Score:
    """What a model says of a record.

    Args:
        lapses_on: the first day on which something that counts now counts no longer; None: never.
    """

    terms: tuple[ScoreTerm, ...]
    score: float
    rating: Grade
    lapses_on: date | None


def score(model: IndustryModel, record: Record, today: date) -> Score:
    """The score of a record by a model on a day; the same record on the same day always gives the same."""
    terms = tuple(_term(indicator, record, today) for indicator in model.indicators)
    total = round(fsum(term.points for term in terms), 2)
    lapses = [term.lapses_on for term in terms if term.lapses_on]
    return Score(terms, total, model.thresholds.grade(total), min(lapses, default=None))


def _term(indicator: Indicator, record: Record, today: date) -> ScoreTerm:
    match indicator.source:
        case IndicatorSource.PUBLIC_RATING:
            return _of_grade(indicator, record.public_rating, "公共信用评价")
        case IndicatorSource.RISK_CLASS:
            return _of_grade(indicator, record.risk_class, "信用风险分类")
        case IndicatorSource.EVALUATION:
            return _of_evaluations(indicator, record.evaluations, today)
        case IndicatorSource.OVERDUE_DISPOSAL:
            return _of_overdues(indicator, record.overdues, today)
        case IndicatorSource.TAG:
            return _of_tags(indicator, record.tags)
        case _:
            return _of_findings(indicator, record.results, today)


def _of_grade(indicator: Indicator, grade: Grade | None, what: str) -> ScoreTerm:
    level = grade or NONE
    value = indicator.values[level]
    note = f"{what}为 {grade}" if grade else f"尚无{what}"
    return _made(indicator, value, [Evidence(level, value, note)])


def _of_findings(indicator: Indicator, results: Sequence[KnownResult], today: date) -> ScoreTerm:
    counted = [result for result in results if _counts(indicator, result.inspected_on, today)]
    evidence = [_finding(indicator, result) for result in sorted(counted, key=lambda r: (r.inspected_on, r.result_id))]
    return _taken_away(indicator, evidence)


def _of_overdues(indicator: Indicator, overdues: Sequence[KnownOverdue], today: date) -> ScoreTerm:
    counted = [item for item in overdues if _counts(indicator, item.due_on, today)]
    loss = indicator.values[EACH]
    text = f"到期的后续处理逾期未办结，扣 {round(loss * indicator.weight, 2):g} 分"
    evidence = [
        Evidence(EACH, -loss, f"{item.due_on} {text}", item.inspection_id, item.authority_id, item.due_on)
        for item in sorted(counted, key=lambda o: (o.due_on, o.overdue_id))
    ]
    return _taken_away(indicator, evidence)


def _of_tags(indicator: Indicator, tags: Collection[str]) -> ScoreTerm:
    """The tag that says the worst counts, so that a good one hides no risk."""
    named = sorted(tag for tag in {*tags} if tag in indicator.values and tag != NONE)
    values = {tag: indicator.values[tag] for tag in named or [NONE]}
    notes = {tag: f"标签“{tag}”，取值 {value:g}" if named else "无所列标签" for tag, value in values.items()}
    evidence = [Evidence(tag, value, notes[tag]) for tag, value in values.items()]
    return _made(indicator, min(values.values()), evidence)


def _taken_away(indicator: Indicator, evidence: Sequence[Evidence]) -> ScoreTerm:
    """What is left of the whole; the sum is exact, so that the order in which it is taken makes no difference."""
    value = max(0.0, fsum([1.0, *(item.effect for item in evidence)]))
    lapse = _lapse(indicator, (item.happened_on for item in evidence if item.effect and item.happened_on))
    return _made(indicator, value, evidence, lapse)


def _finding(indicator: Indicator, result: KnownResult) -> Evidence:
    loss = 0.0 if result.repaired else indicator.values.get(result.finding, 0.0)
    text = f"{result.inspected_on} {FINDINGS.get(result.finding, result.finding)}"
    note = f"{text}，已修复，不扣分" if result.repaired else f"{text}，扣 {round(loss * indicator.weight, 2):g} 分"
    return Evidence(
        level=result.finding,
        effect=-loss,
        note=note,
        inspection_id=result.inspection_id,
        authority_id=result.authority_id,
        happened_on=result.inspected_on,
    )


def _of_evaluations(indicator: Indicator, evaluations: Sequence[KnownEvaluation], today: date) -> ScoreTerm:
    counted = [item for item in evaluations if _counts(indicator, item.submitted_on, today)]
    each = indicator.values[EACH]
    evidence = [
        Evidence(
            EACH, each, f"{item.submitted_on} 参与检查评价", item.inspection_id, item.authority_id, item.submitted_on
        )
        for item in sorted(counted, key=lambda e: (e.submitted_on, e.evaluation_id))
    ]
    value = min(1.0, indicator.values[NONE] + each * len(counted))
    lapse = _lapse(indicator, (item.submitted_on for item in counted)) if each else None
    return _made(indicator, value, evidence, lapse)


def _counts(indicator: Indicator, day: date, today: date) -> bool:
    return today < day + timedelta(days=indicator.window)


def _lapse(indicator: Indicator, days: Iterable[date]) -> date | None:
    first = min(days, default=None)
    return first + timedelta(days=indicator.window) if first else None


def _made(indicator: Indicator, value: float, evidence: Sequence[Evidence], lapses_on: date | None = None) -> ScoreTerm:
    assert indicator.source is not None
    return ScoreTerm(
        code=indicator.code,
        name=indicator.name,
        source=indicator.source,
        weight=indicator.weight,
        value=round(value, 6),
        evidence=tuple(evidence),
        lapses_on=lapses_on,
    )
