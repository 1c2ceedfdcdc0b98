"""Tables as files: Excel workbooks out of what a list shows, and lines of text out of workbooks and CSV."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import openpyxl
import xlsxwriter
from sqlalchemy import Select
from sqlalchemy.orm import Session

from services.chassis.errors import FailedPrecondition, malformed

T = TypeVar("T")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GREATEST_SHEET = 20_000

Cell = str | int | float
Columns = Mapping[str, Callable[[T], Cell]]
Sheet = tuple[str, Sequence[str], Iterable[Sequence[Any]]]
"""Name, heads and rows."""

_ZIP = b"PK\x03\x04"
_LONGEST = 32_767  # characters of a cell, in every program that reads workbooks
_MEASURED = 200  # rows by which the widths of columns are chosen
_WIDEST = 60


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
    return sheet_of(columns, found(session, shown, order))


def sheet_of(columns: Columns[T], things: Collection[T]) -> bytes:
    """An Excel file with a line for each of these things.

    Raises:
        SheetTooLong: there are more of them than a sheet holds.
    """
    _require_room(things)
    return workbook("", list(columns), ([cell(thing) for cell in columns.values()] for thing in things))


def found(session: Session, shown: Select[Any], order: Sequence[Any]) -> Sequence[Any]:
    """What a filter shows, all pages of it.

    Raises:
        SheetTooLong: it shows more than a sheet holds.
    """
    things = session.scalars(shown.order_by(*order).limit(GREATEST_SHEET + 1)).all()
    _require_room(things)
    return things


def workbook(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook of one sheet; see `workbook_of`."""
    return workbook_of([(title, heads, rows)])


def workbook_of(sheets: Iterable[Sheet]) -> bytes:
    """A workbook of several sheets, written row by row.

    Text stays text: what people enter must become no formula and no link. A date is a date, what is neither text nor
    number is shown as text, None is an empty cell.
    """
    file = io.BytesIO()
    options = {"in_memory": True, "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        for title, heads, rows in sheets:
            page, widths = book.add_worksheet(title or None), [_width(head) for head in heads]
            page.freeze_panes(1, 0)
            page.write_row(0, 0, heads, bold)
            for line, row in enumerate(rows, start=1):
                for column, value in enumerate(map(_written, row)):
                    page.write(line, column, value, day if isinstance(value, date) else None)
                    if line <= _MEASURED and column < len(widths):
                        widths[column] = max(widths[column], _width(value))
            for column, width in enumerate(widths):
                page.set_column(column, column, min(width, _WIDEST) + 2)
    return file.getvalue()


def table(content: bytes, media_type: str, most: int) -> list[Sequence[str]]:
    """The lines of a file, cell by cell.

    Args:
        most: lines that are read, and no more.
        content: of the first sheet of a workbook, or of a CSV text in UTF-8 or GB 18030.
        media_type: tells which of them it is; a workbook is known by its first bytes, too, as not everybody can say.

    Raises:
        InvalidArgument: it cannot be read.
    """
    is_workbook = content.startswith(_ZIP) or media_type.partition(";")[0].strip() == XLSX
    try:
        lines = lines_of_workbook(io.BytesIO(content)) if is_workbook else _lines_of_text(content)
        return list(islice(lines, most))
    except Exception as error:  # whatever the readers of foreign files raise
        zh = f"文件无法读取（{error}），应为 CSV（UTF-8 或 GB 18030）或 XLSX"
        en = f"the file cannot be read ({error}): it must be CSV or XLSX"
        raise malformed("file", "FILE", zh, en) from error


def lines_of_workbook(file: Path | BinaryIO) -> Iterator[list[str]]:
    """The lines of the first sheet, read one by one, as the text that stands in their cells."""
    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    try:
        for line in book.worksheets[0].iter_rows(values_only=True):
            yield [_shown(cell) for cell in line]
    finally:
        book.close()


def encoding_of(beginning: bytes) -> str:
    """UTF-8, with or without a mark, or else GB 18030; the beginning may end within a character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _require_room(things: Collection[object]) -> None:
    if len(things) > GREATEST_SHEET:
        raise SheetTooLong(GREATEST_SHEET)


def _written(value: object) -> object:
    """A value as the writer takes it."""
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return value if value is None or is_day or isinstance(value, (int, float)) else str(value)[:_LONGEST]


def _width(value: object) -> int:
    """Columns of a fixed font that a value takes: a Chinese sign takes two, and as many bytes in GB 18030."""
    return 10 if isinstance(value, date) else len(str("" if value is None else value).encode("gb18030", "replace"))


def _lines_of_text(content: bytes) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(_text(content), newline=""))


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    if "\x00" in text:
        raise ValueError("NUL")
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _shown(cell: object) -> str:
    if cell is None:
        return ""
    return str(cell.date()) if hasattr(cell, "date") else str(cell)
