"""How complete the data of a directory are: how many of its entries lack what (CQ 二(一))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, Table, case, func, or_, select
from sqlalchemy.orm import Session

from services.chassis.paging import Page

T = TypeVar("T")


@dataclass(frozen=True)
class Completeness(Generic[T]):
    """How many entries were looked at, how many lack nothing, and a page of those that lack something."""

    total: int
    complete: int
    missing_counts: Mapping[str, int]
    page: Page[T]


def report(
    session: Session,
    directory: Table,
    looked_at: Sequence[ColumnElement[bool]],
    lacking: Mapping[str, ColumnElement[bool]],
    page: Page[T],
) -> Completeness[T]:
    """The figures of the entries under these conditions, beside a page of the incomplete ones.

    Args:
        lacking: for each word what an entry is that lacks it.
    """
    counted = [func.sum(case((condition, 1), else_=0)) for condition in lacking.values()]
    complete = func.sum(case((or_(*lacking.values()), 0), else_=1))
    total, whole, *counts = session.execute(
        select(func.count(), complete, *counted).select_from(directory).where(*looked_at)
    ).one()
    missing_counts = {word: int(count or 0) for word, count in zip(lacking, counts, strict=True)}
    return Completeness(total, int(whole or 0), missing_counts, page)
