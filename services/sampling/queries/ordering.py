"""`order_by`: the orders a list can be had in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis.errors import malformed


def order_of(order_by: str, orders: Mapping[str, Sequence[Any]]) -> tuple[Sequence[Any], bool]:
    """Columns and direction for `name` or `name desc`; an empty one takes the list's own order.

    Args:
        orders: columns by name; `""` is the list's own order.

    Raises:
        InvalidArgument: there is no such order.
    """
    name, _, direction = order_by.strip().partition(" ")
    if name not in orders or direction.strip() not in ("", "asc", "desc"):
        named = "、".join(filter(None, orders))
        zh, en = f"排序应为 {named}，可加 desc", f"order_by is one of {named}, with ` desc` for descending"
        raise malformed("order_by", "UNKNOWN", zh, en)
    return orders[name], direction.strip() == "desc"
