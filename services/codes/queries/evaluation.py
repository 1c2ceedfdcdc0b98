"""Evaluations: to supervisors in full, to the authority in figures that tell no author."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.codes.model.evaluation import ANONYMITY, PRAISE, Evaluation
from services.codes.queries.code import Sheet
from services.codes.queries.names import is_newest_first
from services.codes.queries.warning import supervised
from services.codes.tables import evaluations


@dataclass(frozen=True)
class EvaluationFilter:
    """Which evaluations; what is empty filters nothing."""

    authority_id: str = ""
    inspection_id: str = ""
    max_score: int = 0


@dataclass(frozen=True)
class ScoreCount:
    """How many evaluations gave a score."""

    score: int
    count: int


@dataclass(frozen=True)
class Summary:
    """What an authority may know of its evaluations."""

    authority_id: str
    count: int
    scores: list[ScoreCount]
    praise_rate: float
    comments: list[str]


def list_evaluations(
    session: Session, filter: EvaluationFilter, sheet: Sheet, *, by: Principal, objects: Collection[str]
) -> Page[Evaluation]:
    """Evaluations a supervisor watches, or those of an enterprise's objects."""
    conditions: list[ColumnElement[bool]] = []
    if "supervisor" in by.roles:
        conditions += supervised(by, evaluations.c.authority_id)
    else:
        conditions.append(evaluations.c.object_id.in_(objects))
    if filter.authority_id:
        conditions.append(evaluations.c.authority_id == filter.authority_id)
    if filter.inspection_id:
        conditions.append(evaluations.c.inspection_id == filter.inspection_id)
    if filter.max_score:
        conditions.append(evaluations.c.score <= filter.max_score)
    return paginate(
        session,
        select(Evaluation).where(*conditions),
        order=[evaluations.c.evaluation_id],
        page_size=sheet.page_size,
        page_token=sheet.page_token,
        descending=is_newest_first(sheet.order_by),
    )


def summarize(session: Session, authority_id: str, since: datetime, until: datetime) -> Summary:
    """The figures of an authority's evaluations in a period.

    Args:
        until: the first instant after the period.
    """
    table = evaluations.c
    chosen = table.authority_id == authority_id, table.created_at >= since, table.created_at < until
    by_score = select(table.score, func.count()).where(*chosen).group_by(table.score)
    counted: dict[int, int] = dict(session.execute(by_score).all())
    total = sum(counted.values())
    praise = sum(number for score, number in counted.items() if score >= PRAISE)
    comments = list(session.scalars(select(table.comment).where(*chosen, table.comment != "")))
    return Summary(
        authority_id,
        total,
        [ScoreCount(score, counted.get(score, 0)) for score in range(1, 6)],
        praise / total if total else 0.0,
        sorted(comments) if len(comments) >= ANONYMITY else [],
    )
