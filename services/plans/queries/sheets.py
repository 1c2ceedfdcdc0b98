"""Lists as Excel files."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import xlsxwriter
from sqlalchemy import Select
from sqlalchemy.orm import Session

from services.chassis.errors import FailedPrecondition

T = TypeVar("T")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GREATEST_SHEET = 20_000

Cell = str | int | float
Columns = Mapping[str, Callable[[T], Cell]]


class SheetTooLong(FailedPrecondition):
    """More rows than a sheet is made of at once."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"筛选结果超过 {limit} 行，请缩小筛选范围后再导出",
            f"the filter shows more than {limit} rows; narrow it and export again",
            limit=limit,
        )


def sheet(session: Session, shown: Select[Any], order: Sequence[Any], columns: Columns[Any]) -> bytes:
    """What a filter shows, as an Excel file.

    Raises:
        SheetTooLong: it shows too much.
    """
    return workbook(columns, found(session, shown, order))


def found(session: Session, shown: Select[Any], order: Sequence[Any]) -> list[Any]:
    """What a filter shows, all pages of it.

    Raises:
        SheetTooLong: it shows more than a sheet holds.
    """
    return _bounded(session.scalars(shown.order_by(*order).limit(GREATEST_SHEET + 1)).all())


def workbook(columns: Columns[T], rows: Sequence[T]) -> bytes:
    """An Excel file with a line for each of these things; text stays text.

    Raises:
        SheetTooLong: there are more of them than a sheet holds.
    """
    file = io.BytesIO()
    options = {"in_memory": True, "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        page = book.add_worksheet()
        page.freeze_panes(1, 0)
        page.write_row(0, 0, list(columns), book.add_format({"bold": True}))
        for index, row in enumerate(_bounded(rows), start=1):
            page.write_row(index, 0, [cell(row) for cell in columns.values()])
    return file.getvalue()


def _bounded(rows: Collection[T]) -> list[T]:
    if len(rows) > GREATEST_SHEET:
        raise SheetTooLong(GREATEST_SHEET)
    return list(rows)
