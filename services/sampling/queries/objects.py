"""Reading the object directory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from services.chassis import bulk
from services.chassis.paging import Page, paginate
from services.sampling.model.inspection_object import InspectionObject, ObjectRevision, Rating
from services.sampling.model.region import prefix
from services.sampling.queries.ordering import order_of
from services.sampling.tables import object_revisions, objects, ratings

ORDERS = {
    "": (objects.c.object_id,),
    "object_id": (objects.c.object_id,),
    "name": (objects.c.name, objects.c.object_id),
    "update_time": (objects.c.updated_at, objects.c.object_id),
}
EXPORTED = 100_000


@dataclass(frozen=True)
class Filters:
    """What a list of objects is narrowed to; empty: no limit.

    Args:
        query: part of the name.
        region: with all within it.
        industry: with all within it.
        public_rating: A to D, or `UNRATED`.
    """

    query: str = ""
    type: str = ""
    region: str = ""
    registration_status: str = ""
    tag: str = ""
    industry: str = ""
    public_rating: str = ""

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """As SQL."""
        if self.query:
            yield objects.c.name.contains(self.query, autoescape=True)
        if self.type:
            yield objects.c.type == self.type
        if self.region:
            yield objects.c.region.startswith(prefix(self.region), autoescape=True)
        if self.registration_status:
            yield objects.c.registration_status == self.registration_status
        if self.tag:
            yield has_word(objects.c.tags, self.tag)
        if self.industry:
            yield objects.c.industry.startswith(self.industry, autoescape=True)
        if self.public_rating:
            yield self._is_rated()

    def _is_rated(self) -> ColumnElement[bool]:
        wanted = "" if self.public_rating == "UNRATED" else self.public_rating
        rated = select(ratings.c.object_id).where(ratings.c.public_rating != "")
        if wanted:
            return objects.c.object_id.in_(rated.where(ratings.c.public_rating == wanted))
        return objects.c.object_id.not_in(rated)


def list_objects(session: Session, filters: Filters, *, page_size: int, page_token: str, order_by: str) -> Page[Any]:
    """A page of objects."""
    order, descending = order_of(order_by, ORDERS)
    return paginate(
        session,
        _found(filters),
        order=order,
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def all_objects(session: Session, filters: Filters) -> Iterator[InspectionObject]:
    """Everything the filters show, up to what a workbook takes."""
    statement = _found(filters).order_by(objects.c.object_id).limit(EXPORTED)
    return iter(session.scalars(statement.execution_options(yield_per=1000)))


def ratings_by_id(session: Session, object_ids: Iterable[str]) -> dict[str, Rating]:
    """How these objects stand."""
    found = session.scalars(select(Rating).where(bulk.among(session, ratings.c.object_id, list(object_ids))))
    return {rating.object_id: rating for rating in found}


def list_revisions(session: Session, object_id: str, *, page_size: int, page_token: str) -> Page[Any]:
    """Earlier states of an object, newest first."""
    return paginate(
        session,
        select(ObjectRevision).where(object_revisions.c.object_id == object_id),
        order=(object_revisions.c.replaced_at, object_revisions.c.revision_id),
        page_size=page_size,
        page_token=page_token,
        descending=True,
    )


def has_word(column: Any, word: str) -> ColumnElement[bool]:
    """Whether one of the words in a column is this one."""
    return cast(ColumnElement[bool], column.contains(f"|{word}|", autoescape=True))


def _found(filters: Filters) -> Select[Any]:
    return select(InspectionObject).where(*filters.conditions())
