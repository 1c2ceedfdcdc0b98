"""The list of objects of a task, and what a filter shows of the directory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, literal_column, select
from sqlalchemy.orm import Session, raiseload

from services.chassis.errors import malformed
from services.chassis.paging import Page, paginate
from services.tasks.model.copies import DirectoryObject
from services.tasks.model.inspection import LIVE, Inspection
from services.tasks.model.terms import region_prefix
from services.tasks.queries.ordering import chosen_order, contains
from services.tasks.tables import directory_objects, inspections

_ORDERS = {
    "create_time": [inspections.c.inspection_id],
    "name": [inspections.c.object_name, inspections.c.inspection_id],
    "object_id": [inspections.c.object_id, inspections.c.inspection_id],
}


@dataclass(frozen=True)
class _Filter:
    name: str = ""
    object_id: str = ""
    region: str = ""
    address: str = ""
    type: str = ""
    industry: str = ""
    tag: str = ""


@dataclass(frozen=True)
class ObjectFilter(_Filter):
    """What to list; empty fields do not filter."""

    exclusion: str = ""
    repeat: str = ""
    inspectors: str = ""


@dataclass(frozen=True)
class DirectoryFilter(_Filter):
    """Which objects of the directory; empty fields do not filter."""

    registration_status: str = ""


def list_task_objects(
    session: Session, task_id: str, wanted: ObjectFilter, *, page_size: int, page_token: str, order_by: str
) -> Page[Inspection]:
    """A page of the objects of a task."""
    columns, descending = chosen_order(order_by, _ORDERS, ("create_time", False))
    return paginate(
        session,
        objects_matching(task_id, wanted),
        order=columns,
        page_size=page_size,
        page_token=page_token,
        descending=descending,
    )


def objects_matching(task_id: str, wanted: ObjectFilter) -> Select[Inspection]:
    """The objects on the list that a filter lets through, without who inspects them."""
    listed = select(Inspection).where(inspections.c.task_id == task_id, inspections.c.state.in_(LIVE))
    return listed.where(*_conditions(wanted)).options(raiseload("*"))


def _conditions(wanted: ObjectFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.name:
        yield contains(inspections.c.object_name, wanted.name)
    if wanted.object_id:
        yield contains(inspections.c.object_id, wanted.object_id)
    if wanted.exclusion:
        yield inspections.c.excluded.is_(wanted.exclusion == "EXCLUDED")
    if wanted.repeat:
        is_repeated = inspections.c.repeat_reason != ""
        yield is_repeated if wanted.repeat == "REPEATED" else ~is_repeated
    if wanted.inspectors:
        yield inspections.c.staffed.is_(wanted.inspectors == "SETTLED")
    yield from _told(wanted)


def _told(wanted: ObjectFilter) -> Iterator[ColumnElement[bool]]:
    """By what the object was when it came on the list."""
    if wanted.region:
        yield _cell("region").startswith(region_prefix(wanted.region), autoescape=True)
    if wanted.address:
        yield contains(_cell("address"), wanted.address)
    if wanted.type:
        yield _cell("type") == wanted.type
    if wanted.industry:
        yield _cell("industry").startswith(wanted.industry, autoescape=True)
    if wanted.tag:
        yield _cell("tags").contains(f'"{wanted.tag}"', autoescape=True)


def _cell(name: str) -> ColumnElement[Any]:
    """A field of the object, as text."""
    return inspections.c.object.op("->>", return_type=Text())(literal_column(f"'{name}'"))


def find_in_directory(session: Session, wanted: DirectoryFilter, most: int) -> list[DirectoryObject]:
    """What a filter shows of the directory: at the most one more than `most`, which tells that it is too much."""
    conditions = list(_of_directory(wanted))
    if not conditions:
        zh = "请至少填写一个筛选条件"
        raise malformed("filter", "REQUIRED", zh, "filter: at least one field is required")
    ordered = select(DirectoryObject).where(*conditions).order_by(directory_objects.c.object_id)
    return list(session.scalars(ordered.limit(most + 1)))


def _of_directory(wanted: DirectoryFilter) -> Iterator[ColumnElement[bool]]:
    columns = directory_objects.c
    for name in ("name", "object_id", "address"):
        if getattr(wanted, name):
            yield contains(columns[name], getattr(wanted, name))
    for name in ("type", "registration_status"):
        if getattr(wanted, name):
            yield columns[name] == getattr(wanted, name)
    if wanted.region:
        yield columns.region.startswith(region_prefix(wanted.region), autoescape=True)
    if wanted.industry:
        yield columns.industry.startswith(wanted.industry, autoescape=True)
    if wanted.tag:
        yield columns.tags.contains(f"|{wanted.tag}|", autoescape=True)
