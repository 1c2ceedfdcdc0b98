"""Reading draws, what they took, and the windows they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from services.chassis.errors import NoSuchThing
from services.chassis.identity import Principal
from services.chassis.paging import Page, paginate
from services.sampling.model.draw import Draw
from services.sampling.model.records import DrawnRow, FrozenFile, InspectorsDraw, JointMatchRow, SeedOfTheDraw
from services.sampling.model.window import JointWindow
from services.sampling.queries.objects import EXPORTED, has_word
from services.sampling.queries.ordering import order_of
from services.sampling.tables import drawn_objects, draws, inspectors_draws, joint_matches, joint_windows
from services.sampling.use_cases.access import OVERSEERS
from services.sampling.use_cases.inspectors_draws import SEED

DRAW_ORDERS = {"create_time": (draws.c.created_at, draws.c.draw_id)}
WINDOW_ORDERS = {"create_time": (joint_windows.c.created_at, joint_windows.c.window_id)}
NEWEST_FIRST = "create_time desc"


@dataclass(frozen=True)
class Where:
    """Where a list begins, how long it is, and in which order."""

    page_size: int = 0
    page_token: str = ""
    order_by: str = ""


def get_draw(session: Session, draw_id: str, by: Principal) -> Draw:
    """A draw, for who takes part in its task or oversees it.

    Raises:
        NoSuchThing: there is none, or it is not for the caller to know.
    """
    draw = find_draw(session, draw_id)
    if by.authority not in draw.participants and not by.roles & OVERSEERS:
        raise NoSuchThing("Draw", draw_id)
    return draw


def find_draw(session: Session, draw_id: str) -> Draw:
    """A draw, for everybody: only its published files may be shown of it.

    Raises:
        NoSuchThing: there is none.
    """
    draw = session.get(Draw, draw_id)
    if draw is None:
        raise NoSuchThing("Draw", draw_id)
    return draw


def list_draws(session: Session, equal: dict[str, object], by: Principal, where: Where) -> Page[Any]:
    """A page of draws the caller may know of.

    Args:
        equal: values columns must have; empty ones are left out.
    """
    order, descending = order_of(where.order_by or NEWEST_FIRST, DRAW_ORDERS)
    conditions = [draws.c[name] == value for name, value in equal.items() if value]
    return paginate(
        session,
        select(Draw).where(*conditions, *_visible(draws.c.participants, by)),
        order=order,
        page_size=where.page_size,
        page_token=where.page_token,
        descending=descending,
    )


@dataclass(frozen=True)
class DrawnFilters:
    """What a list of drawn objects is narrowed to.

    Args:
        number: of the round; 0: the current one.
        stratum: empty: all.
        substitute: only substitutes, or only drawn ones; None: both.
    """

    number: int = 0
    stratum: str = ""
    substitute: bool | None = None

    def of(self, draw: Draw) -> Select[Any]:
        """The objects of a draw that fit."""
        found = select(DrawnRow).where(drawn_objects.c.draw_id == draw.draw_id)
        found = found.where(drawn_objects.c.round == (self.number or draw.round.number))
        if self.stratum:
            found = found.where(drawn_objects.c.stratum == self.stratum)
        if self.substitute is not None:
            found = found.where(drawn_objects.c.substitute.is_(self.substitute))
        return found


def list_drawn(session: Session, draw: Draw, filters: DrawnFilters, where: Where) -> Page[Any]:
    """A page of what a round took, in its order."""
    return paginate(
        session,
        filters.of(draw),
        order=(drawn_objects.c.place,),
        page_size=where.page_size,
        page_token=where.page_token,
    )


def all_drawn(session: Session, draw: Draw, filters: DrawnFilters) -> Iterator[DrawnRow]:
    """Everything a round took, up to what a workbook takes."""
    statement = filters.of(draw).order_by(drawn_objects.c.place).limit(EXPORTED)
    return iter(session.scalars(statement.execution_options(yield_per=1000)))


def file_of(session: Session, owner: str, name: str) -> bytes:
    """A frozen file.

    Raises:
        NoSuchThing: there is none of this name.
    """
    found = session.get(FrozenFile, f"{owner}/{name}")
    if found is None:
        raise NoSuchThing("FrozenFile", f"{owner}/{name}")
    return found.content


def get_inspectors_draw(session: Session, inspectors_draw_id: str, by: Principal) -> InspectorsDraw:
    """A draw of inspectors, for who takes part in its task or oversees it.

    Raises:
        NoSuchThing: there is none, or it is not for the caller to know.
    """
    found = session.get(InspectorsDraw, inspectors_draw_id)
    if found is None or (by.authority not in found.participants and not by.roles & OVERSEERS):
        raise NoSuchThing("InspectorsDraw", inspectors_draw_id)
    return found


def seed_of(session: Session, done: InspectorsDraw) -> bytes:
    """The transcript of the seed of a draw of inspectors.

    Raises:
        SeedOfTheDraw: it has none of its own.
    """
    if done.draw_id:
        raise SeedOfTheDraw(done.draw_id)
    return file_of(session, done.inspectors_draw_id, SEED)


def list_inspectors_draws(session: Session, task_id: str, by: Principal, where: Where) -> Page[Any]:
    """A page of draws of inspectors, newest first."""
    conditions = [inspectors_draws.c.task_id == task_id] if task_id else []
    return paginate(
        session,
        select(InspectorsDraw).where(*conditions, *_visible(inspectors_draws.c.participants, by)),
        order=(inspectors_draws.c.created_at, inspectors_draws.c.inspectors_draw_id),
        page_size=where.page_size,
        page_token=where.page_token,
        descending=True,
    )


def get_joint_window(session: Session, window_id: str) -> JointWindow:
    """One window.

    Raises:
        NoSuchThing: there is none.
    """
    found = session.get(JointWindow, window_id)
    if found is None:
        raise NoSuchThing("JointWindow", window_id)
    return found


def list_joint_windows(session: Session, equal: dict[str, object], where: Where) -> Page[Any]:
    """A page of windows.

    Args:
        equal: values columns must have; empty ones are left out.
    """
    order, descending = order_of(where.order_by or NEWEST_FIRST, WINDOW_ORDERS)
    conditions = [joint_windows.c[name] == value for name, value in equal.items() if value]
    return paginate(
        session,
        select(JointWindow).where(*conditions),
        order=order,
        page_size=where.page_size,
        page_token=where.page_token,
        descending=descending,
    )


def list_joint_matches(session: Session, window_id: str, authority_id: str, where: Where) -> Page[Any]:
    """A page of a window's matches, by object."""
    conditions = [joint_matches.c.window_id == window_id]
    if authority_id:
        conditions.append(has_word(joint_matches.c.authorities, authority_id))
    return paginate(
        session,
        select(JointMatchRow).where(*conditions),
        order=(joint_matches.c.object_id,),
        page_size=where.page_size,
        page_token=where.page_token,
    )


def _visible(participants: Any, by: Principal) -> list[ColumnElement[bool]]:
    """What keeps a list to what the caller may know of."""
    return [] if by.roles & OVERSEERS else [has_word(participants, by.authority)]
