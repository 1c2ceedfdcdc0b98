"""The life of an industry model: drafted, approved by a second person, replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Protocol

from services.chassis.clock import today
from services.chassis.errors import NotFound, malformed
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.credit.model.backtest import Backtest, Crowd, backtest
from services.credit.model.industry_model import DomainChanged, IndustryModel, ModelState
from services.credit.model.rating import Rating
from services.credit.model.scoring import Score
from services.credit.use_cases.rating import read_histories

Rescore = Callable[[str, str, date], None]
"""Have every object with a result in a domain rated anew, for a model, from a day on."""


class Crowds(Protocol):
    """The objects of a model's domain, in crowds of those it scores alike."""

    def __call__(self, model: IndustryModel, day: date, *, is_past: bool) -> Iterable[Crowd]: ...


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


def backtest_industry_model(model: IndustryModel, crowds: Crowds, *, as_of: date | None, now: datetime) -> Backtest:
    """Rate the objects of a domain by a model, for today or for a past day, without changing anything."""
    day = as_of or today(now)
    if day > today(now):
        zh, en = f"回测日期 {day} 晚于今天", f"{day} is still to come: a model is tried on what has been"
        raise malformed("as_of", "FUTURE", zh, en)
    return backtest(model, crowds(model, day, is_past=as_of is not None), day, as_of)


def explain_score(work: Work, object_id: str, domain: str, *, now: datetime) -> tuple[IndustryModel, Score]:
    """The score of an object in a domain by its active model, term by term."""
    model = work.find(IndustryModel, domain=domain, state=ModelState.ACTIVE)
    if model is None:
        raise NoActiveModel(domain)
    rating = work.find(Rating, object_id=object_id) or Rating(object_id=object_id)
    return model, read_histories(work, [object_id], [model]).score(rating, domain, today(now))


def _own(work: Work, model_id: str, *, etag: str, by: Principal) -> IndustryModel:
    """A model of the caller's authority; an administrator may touch any."""
    model = work.get(IndustryModel, model_id, etag=etag, lock=True)
    if "administrator" not in by.roles:
        by.require(authority=model.authority_id)
    return model
