"""The life of an industry model: drafted, approved by a second person, replaced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

from services.chassis.clock import today
from services.chassis.errors import NotFound
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.credit.model.figures import Backtest, GradeCount, RatingMove
from services.credit.model.industry_model import DomainChanged, IndustryModel, ModelState
from services.credit.model.rating import Grade, Rating
from services.credit.model.scoring import Score
from services.credit.use_cases.rating import chunks, read_histories

PAGE = 1000

Rescore = Callable[[str, str, date], None]
"""Have every object with a result in a domain rated anew, for a model, from a day on."""


class NoActiveModel(NotFound):
    """Nothing rates this domain."""

    def __init__(self, domain: str) -> None:
        super().__init__(
            f"领域“{domain}”没有启用的行业信用评价模型", f"domain {domain!r} has no active model", domain=domain
        )


def create_industry_model(work: Work, model: IndustryModel, *, by: Principal) -> IndustryModel:
    """Draft the next version of a domain's model."""
    model.check()
    model.model_id, model.authority_id = work.new_id(), by.authority
    model.model_version = work.next_number(f"model/{model.domain}")
    work.add(model)
    return model


def update_industry_model(
    work: Work, model_id: str, wanted: IndustryModel, *, etag: str = "", by: Principal
) -> IndustryModel:
    """Replace what a draft says."""
    model = _own(work, model_id, etag=etag, by=by)
    if wanted.domain != model.domain:
        raise DomainChanged(model.domain)
    model.revise(wanted.name, wanted.indicators, wanted.thresholds)
    return model


def delete_industry_model(work: Work, model_id: str, *, etag: str = "", by: Principal) -> None:
    """Drop a draft."""
    model = _own(work, model_id, etag=etag, by=by)
    model.require_draft()
    work.delete(model)


def approve_industry_model(
    work: Work, model_id: str, rescore: Rescore, *, etag: str = "", by: Principal, now: datetime
) -> IndustryModel:
    """DRAFT → ACTIVE; the version that rated until now is retired, and the domain is scored anew."""
    model = _own(work, model_id, etag=etag, by=by)
    model.approve(by.subject, now)
    work.next_number("ratings")  # no score is computed by the old version once the new one is active
    for former in work.all(IndustryModel, domain=model.domain, state=ModelState.ACTIVE):
        if former is not model:
            former.retire()
    rescore(model.domain, model.model_id, today(now))
    return model


def backtest_industry_model(work: Work, model: IndustryModel, object_ids: Sequence[str], *, now: datetime) -> Backtest:
    """Rate objects by a model without changing anything."""
    moves: Counter[tuple[Grade | None, Grade]] = Counter()
    total = 0.0
    for before, score in _score_all(work, model, object_ids, today(now)):
        moves[before, score.rating] += 1
        total += score.score
    after = Counter({grade: sum(n for (_, to), n in moves.items() if to == grade) for grade in Grade})
    return Backtest(
        objects=moves.total(),
        distribution=tuple(GradeCount(grade, after[grade]) for grade in Grade),
        moves=tuple(RatingMove(*move, count) for move, count in sorted(moves.items(), key=str)),
        mean_score=round(total / moves.total(), 2) if moves else 0.0,
    )


def explain_score(work: Work, object_id: str, domain: str, *, now: datetime) -> tuple[IndustryModel, Score]:
    """The score of an object in a domain by its active model, term by term."""
    model = work.find(IndustryModel, domain=domain, state=ModelState.ACTIVE)
    if model is None:
        raise NoActiveModel(domain)
    rating = work.find(Rating, object_id=object_id) or Rating(object_id=object_id)
    return model, read_histories(work, [object_id], [model]).score(rating, domain, today(now))


def _score_all(
    work: Work, model: IndustryModel, object_ids: Sequence[str], day: date
) -> Iterator[tuple[Grade | None, Score]]:
    for part in chunks(object_ids, PAGE):
        histories = read_histories(work, part, [model])
        standing = {rating.object_id: rating for rating in work.all(Rating, object_id=list(part))}
        for object_id in part:
            rating = standing.get(object_id) or Rating(object_id=object_id)
            before = next((score.rating for score in rating.industry if score.domain == model.domain), None)
            yield before, histories.score(rating, model.domain, day)


def _own(work: Work, model_id: str, *, etag: str, by: Principal) -> IndustryModel:
    """A model of the caller's authority; an administrator may touch any."""
    model = work.get(IndustryModel, model_id, etag=etag, lock=True)
    if "administrator" not in by.roles:
        by.require(authority=model.authority_id)
    return model
