"""What the lists have in common: filters that may be absent, entries within JSON lists, orders by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Text, cast, func, or_, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import String

from services.chassis.errors import malformed
from services.chassis.paging import Page, paginate


def narrowed(statement: Select[Any], *conditions: ColumnElement[bool] | None) -> Select[Any]:
    """The statement under all conditions that are there."""
    return statement.where(*(condition for condition in conditions if condition is not None))


def total(session: Session, shown: Select[Any]) -> int:
    """How many rows a statement shows on all its pages."""
    return int(session.scalar(shown.with_only_columns(func.count(), maintain_column_froms=True)) or 0)


def newest_first(
    session: Session, versions: Select[Any], version: Column[Any], *, page_size: int, page_token: str
) -> Page[Any]:
    """A page of the versions of something."""
    return paginate(session, versions, order=[version], page_size=page_size, page_token=page_token, descending=True)


def either(*conditions: ColumnElement[bool] | None) -> ColumnElement[bool] | None:
    """One of the conditions that are there, if any is."""
    there = [condition for condition in conditions if condition is not None]
    return or_(*there) if there else None


def same(column: Column[Any], value: object) -> ColumnElement[bool] | None:
    """Equal to a value, if one is given."""
    return column == value if value else None


def part(column: Column[Any], text: str) -> ColumnElement[bool] | None:
    """Contains a text, if one is given."""
    return column.contains(text, autoescape=True) if text else None


def holds(column: Column[Any], entry: str) -> ColumnElement[bool] | None:
    """A JSON list of texts that has this entry, if one is given; the same on SQLite and PostgreSQL."""
    if not entry:
        return None
    text = type_coerce(cast(column, Text), String)
    return text.contains(json.dumps(entry, ensure_ascii=False), autoescape=True)


def is_empty(column: Column[Any]) -> ColumnElement[bool]:
    """A JSON list without entries; the same on SQLite and PostgreSQL."""
    return type_coerce(cast(column, Text), String) == "[]"


def has_entry_without(column: Column[Any], key: str, nothing: str) -> ColumnElement[bool]:
    """A JSON list of objects one of which has nothing under a key: `[]` or `""`; the same on SQLite and PostgreSQL."""
    text = type_coerce(cast(column, Text), String)
    return or_(text.contains(f'"{key}":{nothing}'), text.contains(f'"{key}": {nothing}'))


def ordering(order_by: str, columns: Mapping[str, Column[Any]], default: str) -> tuple[Column[Any], bool]:
    """The column a list is ordered by, and whether downwards.

    Raises:
        InvalidArgument: it cannot be ordered so.
    """
    name, _, direction = (order_by.strip() or default).partition(" ")
    if name not in columns or direction.strip() not in ("", "asc", "desc"):
        names = "、".join(columns)
        zh = f"order_by 只能为 {names}，可加 desc"
        raise malformed("order_by", "CHOICE", zh, f"order_by must be one of {names}, with or without desc")
    return columns[name], direction.strip() == "desc"
