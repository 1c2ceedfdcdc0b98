"""Pages of a list by key: a page costs the same wherever it lies, and nothing shows twice while others write."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select, tuple_
from sqlalchemy.orm import Session

from services.chassis.errors import malformed

T = TypeVar("T")

DEFAULT_SIZE = 50
GREATEST_SIZE = 1000


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page.

    Args:
        items: at most `page_size` of them.
        next_page_token: where to read on; empty on the last page.
    """

    items: list[T]
    next_page_token: str = ""


def paginate(
    session: Session,
    statement: Select[Any],
    *,
    order: Sequence[Any],
    page_size: int = 0,
    page_token: str = "",
    descending: bool = False,
) -> Page[Any]:
    """One page of a statement.

    Args:
        statement: selects one mapped class (items are its objects) or columns (items are rows).
        order: columns that order the list; the last one is unique. All must be among what is selected and not null.
        page_size: 0 for the default of 50; more than 1000 is taken as 1000.
        page_token: from the page before; empty for the first.
        descending: the other way round.

    Raises:
        InvalidArgument: the size is negative, or the token was not given out for such a list.
    """
    if page_size < 0:
        raise malformed("page_size", "RANGE", "page_size 不能为负数", "page_size must not be negative")
    size = min(page_size or DEFAULT_SIZE, GREATEST_SIZE)
    if page_token:
        after = _decode(page_token, len(order))
        place = tuple_(*order)
        statement = statement.where(place < after if descending else place > after)
    ordered = statement.order_by(*(column.desc() if descending else column.asc() for column in order))
    rows = session.execute(ordered.limit(size + 1)).all()
    items = [row[0] if len(row) == 1 else row for row in rows]
    token = _encode([_value(items[size - 1], column.key) for column in order]) if len(items) > size else ""
    return Page(items[:size], token)


def _value(item: Any, key: str) -> Any:
    return item._mapping[key] if isinstance(item, Row) else getattr(item, key)  # noqa: SLF001 (public in SQLAlchemy)


def _encode(values: list[Any]) -> str:
    text = json.dumps(values, ensure_ascii=False, default=_plain, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value.value if isinstance(value, Enum) else str(value)


def _decode(token: str, length: int) -> tuple[Any, ...]:
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        decoded = tuple(_rich(value) for value in values)
    except (ValueError, TypeError):
        decoded = ()
    if len(decoded) != length:
        raise malformed(
            "page_token", "FORMAT", "page_token 无效，请从第一页重新读取", "page_token was not given out here"
        )
    return decoded


def _rich(value: Any) -> Any:
    if isinstance(value, dict):
        kind, text = next(iter(value.items()))
        return datetime.fromisoformat(text) if kind == "instant" else date.fromisoformat(text)
    return value
