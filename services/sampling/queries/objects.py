"""Reading the object directory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from services.chassis import bulk
from services.chassis.errors import malformed
from services.chassis.paging import Page, paginate
from services.sampling.model.inspection_object import InspectionObject, ObjectRevision, Rating
from services.sampling.queries import searching
from services.sampling.queries.ordering import order_of
from services.sampling.queries.searching import TAIL, has_word
from services.sampling.tables import object_revisions, objects, ratings

__all__ = ["EXPORTED", "Filters", "has_word"]

ORDERS = {
    "": (objects.c.object_id,),
    "object_id": (objects.c.object_id,),
    "name": (objects.c.name, objects.c.object_id),
    "update_time": (objects.c.updated_at, objects.c.object_id),
}
EXPORTED = 100_000
COUNTED = 10_000


@dataclass(frozen=True)
class Filters:
    """What a list of objects is narrowed to; empty: no limit.

    Args:
        query: words, each a part of the name or the other name.
        region: with all within it.
        industry: with all within it.
        public_rating: A to D, or `UNRATED`.
        code: what the id begins with.
        code_tail: what it ends with.
        area: quarter or business district.
    """

    query: str = ""
    type: str = ""
    region: str = ""
    registration_status: str = ""
    tag: str = ""
    industry: str = ""
    public_rating: str = ""
    code: str = ""
    code_tail: str = ""
    area: str = ""

    def conditions(self, session: Session) -> Iterator[ColumnElement[bool]]:
        """As SQL."""
        yield from searching.named(session, self.query)
        if self.region:
            yield searching.within(objects.c.region, self.region)
        if self.code:
            yield searching.begins(session, self.code)
        if self.code_tail:
            yield searching.ends(session, tail_of(self.code_tail))
        if self.tag:
            yield searching.tagged(session, self.tag)
        if self.industry:
            yield objects.c.industry.startswith(self.industry, autoescape=True)
        if self.public_rating:
            yield self._is_rated()
        wanted = {"type": self.type, "registration_status": self.registration_status, "area": self.area}
        yield from (objects.c[name] == value for name, value in wanted.items() if value)
        if self.area:
            yield objects.c.area != ""  # by its index, which leaves out those without

    def _is_rated(self) -> ColumnElement[bool]:
        same = ratings.c.object_id == objects.c.object_id
        if self.public_rating == "UNRATED":
            return ~select(ratings.c.object_id).where(same, ratings.c.public_rating != "").exists()
        return select(ratings.c.object_id).where(same, ratings.c.public_rating == self.public_rating).exists()


def tail_of(text: str) -> str:
    """The end of an id that is looked for.

    Raises:
        InvalidArgument: it is so short that half of the directory ends so.
    """
    if len(text.strip()) < TAIL:
        zh, en = f"请输入尾号后 {TAIL} 位或更多", f"takes {TAIL} characters or more"
        raise malformed("code_tail", "LENGTH", zh, en)
    return text.strip()


def list_objects(session: Session, filters: Filters, *, page_size: int, page_token: str, order_by: str) -> Page[Any]:
    """A page of objects."""
    order, descending = order_of(order_by, ORDERS)
    searching.plan_for_these_values(session)
    return paginate(
        session,
        _found(session, filters),
        order=order,
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def count_objects(session: Session, filters: Filters) -> int:
    """How many objects the filters show, counted up to a limit: beyond it nobody reads on."""
    searching.plan_for_these_values(session)
    some = select(objects.c.object_id).where(*filters.conditions(session)).limit(COUNTED)
    return int(session.execute(select(func.count()).select_from(some.subquery())).scalar_one())


def all_objects(session: Session, filters: Filters) -> Iterator[InspectionObject]:
    """Everything the filters show, up to what a workbook takes."""
    searching.plan_for_these_values(session)
    statement = _found(session, filters).order_by(objects.c.object_id).limit(EXPORTED)
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


def _found(session: Session, filters: Filters) -> Select[Any]:
    return select(InspectionObject).where(*filters.conditions(session))
