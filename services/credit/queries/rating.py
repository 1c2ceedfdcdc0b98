"""Ratings: lists, history, and what is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.chassis.paging import Page, paginate
from services.credit.model.known import KnownObject
from services.credit.model.rating import Grade, Rating, RatingCause, RatingChange, RatingDue
from services.credit.queries.filters import among, is_descending, narrowed, same
from services.credit.tables import domain_ratings, known_objects, known_results, rating_changes, rating_dues, ratings

GREATEST_HISTORY = 100


@dataclass(frozen=True, kw_only=True)
class RatingFilter:
    """What a list of ratings shows."""

    public_ratings: tuple[Grade, ...] = ()
    risk_classes: tuple[Grade, ...] = ()
    domain: str = ""
    industry_ratings: tuple[Grade, ...] = ()
    region: str = ""


def shown_ratings(chosen: RatingFilter) -> Select[Any]:
    """The ratings a filter shows."""
    statement: Select[Any] = narrowed(
        select(Rating),
        among(ratings.c.public_rating, chosen.public_ratings),
        among(ratings.c.risk_class, chosen.risk_classes),
    )
    if chosen.region:
        here = known_objects.c.region.startswith(chosen.region, autoescape=True)
        statement = statement.where(ratings.c.object_id.in_(select(known_objects.c.object_id).where(here)))
    if chosen.domain or chosen.industry_ratings:
        rated = narrowed(
            select(domain_ratings.c.object_id),
            same(domain_ratings.c.domain, chosen.domain),
            among(domain_ratings.c.rating, chosen.industry_ratings),
        )
        statement = statement.where(ratings.c.object_id.in_(rated))
    return statement


def list_ratings(
    session: Session, chosen: RatingFilter, *, page_size: int, page_token: str, order_by: str
) -> Page[Rating]:
    """Ratings by object."""
    descending = is_descending(order_by, "object_id", default=False)
    return paginate(
        session,
        shown_ratings(chosen),
        order=[ratings.c.object_id],
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def history(session: Session, object_id: str) -> list[RatingChange]:
    """The last changes of an object's ratings, newest first."""
    statement = select(RatingChange).where(rating_changes.c.object_id == object_id)
    newest = statement.order_by(rating_changes.c.version.desc()).limit(GREATEST_HISTORY)
    return list(session.scalars(newest))


def objects_named(session: Session, object_ids: Iterable[str]) -> dict[str, KnownObject]:
    """What the directory has told of some objects."""
    statement = select(KnownObject).where(known_objects.c.object_id.in_(list(object_ids)))
    return {thing.object_id: thing for thing in session.scalars(statement)}


@dataclass(frozen=True)
class Due:
    """Looks for ratings whose day has come."""

    session: Session

    def __call__(self, day: date, limit: int) -> Sequence[RatingDue]:
        statement = select(RatingDue).where(rating_dues.c.due_on <= day).order_by(rating_dues.c.due_on).limit(limit)
        return list(self.session.scalars(statement))


@dataclass(frozen=True)
class Rescoring:
    """Has every object with a result in a domain rated anew: one statement, whatever their number."""

    session: Session

    def __call__(self, domain: str, model_id: str, day: date) -> None:
        insert = postgresql.insert if self.session.get_bind().dialect.name == "postgresql" else sqlite.insert
        due = {
            "due_on": literal(day),
            "cause": literal(RatingCause.MODEL, rating_dues.c.cause.type),
            "cause_id": literal(model_id),
        }
        of_domain = and_(known_results.c.domain == domain, known_results.c.object_id != "")
        objects = select(known_results.c.object_id, *due.values()).where(of_domain).distinct()
        statement = insert(rating_dues).from_select(["object_id", *due], objects)
        self.session.flush()
        self.session.execute(statement.on_conflict_do_update(index_elements=["object_id"], set_=due))
