"""What the lists have in common: filters that may be absent, and orders by name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ColumnElement, Select

from services.chassis.errors import malformed


def narrowed(statement: Select[Any], *conditions: ColumnElement[bool] | None) -> Select[Any]:
    """The statement under all conditions that are there."""
    return statement.where(*(condition for condition in conditions if condition is not None))


def same(column: Column[Any], value: object) -> ColumnElement[bool] | None:
    """Equal to a value, if one is given."""
    return column == value if value else None


def among(column: Column[Any], values: Collection[object]) -> ColumnElement[bool] | None:
    """One of some values, if any is given."""
    return column.in_(values) if values else None


def part(column: Column[Any], text: str) -> ColumnElement[bool] | None:
    """Contains a text, if one is given."""
    return column.contains(text, autoescape=True) if text else None


def prefix(column: Column[Any], text: str) -> ColumnElement[bool] | None:
    """Begins with a text, if one is given."""
    return column.startswith(text, autoescape=True) if text else None


def is_descending(order_by: str, name: str, *, default: bool) -> bool:
    """Whether a list that can be ordered by one thing only is ordered downwards.

    Raises:
        InvalidArgument: it cannot be ordered so.
    """
    asked, _, direction = order_by.strip().partition(" ")
    if not asked:
        return default
    if asked != name or direction.strip() not in ("", "asc", "desc"):
        zh = f"order_by 只能为 {name}，可加 desc"
        raise malformed("order_by", "CHOICE", zh, f"order_by must be {name}, with or without desc")
    return direction.strip() == "desc"
