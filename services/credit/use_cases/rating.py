"""How ratings change: by an import, a result, a repair, by time. All ways end in `rate`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import TypeVar

from services.chassis.clock import today
from services.chassis.work import Work
from services.credit.events import IndustryRating, ObjectRating, RatingChanged
from services.credit.model.industry_model import IndicatorSource, IndustryModel, ModelState
from services.credit.model.known import KnownEvaluation, KnownObject, KnownOverdue, KnownResult
from services.credit.model.rating import DomainRating, IndustryScore, Rating, RatingCause, RatingChange, RatingDue
from services.credit.model.scoring import Record, Score, score

FACT_SIZE = 500

T = TypeVar("T")
DueRatings = Callable[[date, int], Sequence[RatingDue]]
"""Ratings whose day has come, at most so many."""


@dataclass(frozen=True)
class Cause:
    """What makes ratings change: an import's source, an inspection, a repair, a model."""

    kind: RatingCause
    id: str = ""


@dataclass
class Histories:
    """What is on record of some objects, by (object, domain); tags by object."""

    models: dict[str, IndustryModel] = field(default_factory=dict)
    results: dict[tuple[str, str], list[KnownResult]] = field(default_factory=dict)
    evaluations: dict[tuple[str, str], list[KnownEvaluation]] = field(default_factory=dict)
    overdues: dict[tuple[str, str], list[KnownOverdue]] = field(default_factory=dict)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def scores(self, rating: Rating, day: date) -> dict[str, Score]:
        """The scores of an object, by domain: one wherever it was ever inspected and a model is active."""
        keys = [(rating.object_id, domain) for domain in self.models if (rating.object_id, domain) in self.results]
        return {domain: self.score(rating, domain, day) for _, domain in keys}

    def score(self, rating: Rating, domain: str, day: date) -> Score:
        """The score of an object in one domain that has a model."""
        key = (rating.object_id, domain)
        record = Record(
            rating.public_rating,
            rating.risk_class,
            self.results.get(key, []),
            self.evaluations.get(key, []),
            self.overdues.get(key, []),
            self.tags.get(rating.object_id, ()),
        )
        return score(self.models[domain], record, day)


def rate(
    work: Work,
    object_ids: Collection[str],
    cause: Cause,
    *,
    now: datetime,
    change: Callable[[Rating], None] = lambda _: None,
) -> set[str]:
    """Apply a change to ratings, compute the scores that follow, announce what differs; which objects do.

    Batches of changes pass one after the other, since the number they take is held until the end of the transaction:
    so versions grow, and what is read here is what stands.
    """
    version, day = work.next_number("ratings"), today(now)
    standing = {rating.object_id: rating for rating in work.all(Rating, object_id=list(object_ids))}
    histories = read_histories(work, object_ids)
    changed, dues = [], {}
    for object_id in dict.fromkeys(object_ids):
        rating = standing.get(object_id) or Rating(object_id=object_id)
        before = rating.said()
        change(rating)
        dues[object_id] = _bring_up_to_date(rating, histories, now, day)
        if rating.said() != before:
            rating.version, rating.changed_at = version, now
            changed.append(rating)
    work.insert(Rating, [_row(rating) for rating in changed if rating.object_id not in standing])
    _note_dues(work, dues)
    _record(work, changed, cause, now)
    return {rating.object_id for rating in changed}


def renew_due_ratings(work: Work, due: DueRatings, limit: int, *, now: datetime) -> int:
    """Look again at ratings whose day has come; how many."""
    found = sorted(due(today(now), limit), key=_cause_of)
    for (kind, id), group in groupby(found, key=_cause_of):
        rate(work, [item.object_id for item in group], Cause(RatingCause(kind), id), now=now)
    return len(found)


def read_histories(work: Work, object_ids: Collection[str], models: Sequence[IndustryModel] | None = None) -> Histories:
    """All that the active models (or these) look at of some objects, in three queries whatever their number."""
    active = work.all(IndustryModel, state=ModelState.ACTIVE) if models is None else models
    if not active:
        return Histories()
    histories = Histories({model.domain: model for model in active})
    results = work.all(KnownResult, object_id=list(object_ids), domain=list(histories.models))
    for result in results:
        histories.results.setdefault((result.object_id, result.domain), []).append(result)
    sources = {indicator.source for model in active for indicator in model.indicators}
    if IndicatorSource.EVALUATION in sources:
        _add_evaluations(work, histories, results)
    if IndicatorSource.OVERDUE_DISPOSAL in sources:
        _add_overdues(work, histories, results)
    if IndicatorSource.TAG in sources:
        known = work.rows(KnownObject, ["object_id", "tags"], object_id=list(object_ids))
        histories.tags = {row.object_id: row.tags for row in known}
    return histories


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Slices of at most this size."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _add_evaluations(work: Work, histories: Histories, results: Sequence[KnownResult]) -> None:
    of = {(result.inspection_id, result.authority_id): result for result in results}
    inspections = sorted({result.inspection_id for result in results})
    for evaluation in work.all(KnownEvaluation, inspection_id=inspections):
        result = of.get((evaluation.inspection_id, evaluation.authority_id))
        if result:
            histories.evaluations.setdefault((result.object_id, result.domain), []).append(evaluation)


def _add_overdues(work: Work, histories: Histories, results: Sequence[KnownResult]) -> None:
    """Of results that still count against the object: what was repaired or corrected takes its overdues with it."""
    of = {(each.inspection_id, each.authority_id): each for each in results if each.adverse and not each.repaired}
    inspections = sorted({inspection_id for inspection_id, _ in of})
    for overdue in work.all(KnownOverdue, inspection_id=inspections):
        result = of.get((overdue.inspection_id, overdue.authority_id))
        if result:
            histories.overdues.setdefault((result.object_id, result.domain), []).append(overdue)


def _bring_up_to_date(rating: Rating, histories: Histories, now: datetime, day: date) -> date | None:
    """Let fall what has expired and score anew; the next day something changes by itself."""
    rating.drop_expired(day)
    scores = histories.scores(rating, day)
    rating.score(
        [
            IndustryScore(domain, made.rating, made.score, histories.models[domain].model_id, now)
            for domain, made in scores.items()
        ]
    )
    days = [rating.expires_on(), *(made.lapses_on for made in scores.values())]
    return min((day for day in days if day), default=None)


def _note_dues(work: Work, dues: dict[str, date | None]) -> None:
    noted = {due.object_id: due for due in work.all(RatingDue, object_id=list(dues))}
    for due in noted.values():
        due.due_on, due.cause, due.cause_id = dues[due.object_id], RatingCause.EXPIRY, ""
    new = [(object_id, day) for object_id, day in dues.items() if day and object_id not in noted]
    expiry = {"cause": RatingCause.EXPIRY, "cause_id": ""}
    work.insert(RatingDue, [{"object_id": object_id, "due_on": day, **expiry} for object_id, day in new])


def _record(work: Work, changed: Sequence[Rating], cause: Cause, now: datetime) -> None:
    work.upsert(DomainRating, [row for rating in changed for row in _domain_rows(rating)])
    work.insert(RatingChange, [_history_row(work.new_id(), rating, cause, now) for rating in changed])
    for part in chunks(changed, FACT_SIZE):
        work.emit(RatingChanged(work.new_id(), tuple(_announced(rating) for rating in part)))


def _row(rating: Rating) -> dict[str, object]:
    return {name: getattr(rating, name) for name in Rating.__dataclass_fields__}


def _history_row(change_id: str, rating: Rating, cause: Cause, now: datetime) -> dict[str, object]:
    return {
        "change_id": change_id,
        "object_id": rating.object_id,
        "version": rating.version,
        "changed_at": now,
        "cause": cause.kind,
        "cause_id": cause.id,
        "public_rating": rating.public_rating,
        "risk_class": rating.risk_class,
        "industry": rating.industry,
    }


def _domain_rows(rating: Rating) -> Iterator[dict[str, object]]:
    for made in rating.industry:
        place = {"object_id": rating.object_id, "domain": made.domain}
        yield {**place, "rating": made.rating, "score": made.score}


def _announced(rating: Rating) -> ObjectRating:
    industry = tuple(IndustryRating(score.domain, score.rating, score.score) for score in rating.industry)
    return ObjectRating(rating.object_id, rating.version, rating.public_rating, rating.risk_class, industry)


def _cause_of(due: RatingDue) -> tuple[str, str]:
    return due.cause.value, due.cause_id
