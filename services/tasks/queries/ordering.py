"""`order_by` of a list: one of the orders it offers, ` desc` for backwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis.errors import malformed

Columns = Sequence[Any]


def chosen_order(order_by: str, orders: Mapping[str, Columns], default: tuple[str, bool]) -> tuple[Columns, bool]:
    """The columns to order by, and whether backwards.

    Args:
        orders: the columns of each order; the last column of each is unique.
        default: the order that holds when none is asked for, and whether backwards.
    """
    name, _, direction = order_by.strip().partition(" ")
    if not name:
        return orders[default[0]], default[1]
    if name not in orders or direction.strip() not in ("", "asc", "desc"):
        offered = "、".join(orders)
        zh = f"order_by“{order_by}”无效，可用：{offered}，其后可加 desc"
        raise malformed("order_by", "ORDER", zh, f"order_by {order_by!r} is none of {', '.join(orders)}")
    return orders[name], direction.strip() == "desc"


def contains(column: Any, text: str) -> Any:
    """Whether a column holds a text somewhere, taken literally."""
    return column.icontains(text, autoescape=True)
