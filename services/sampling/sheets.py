"""Lists as Excel workbooks, and tables out of files."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import openpyxl
import xlsxwriter

from services.chassis.errors import malformed
from services.chassis.import_report import Rejection
from services.sampling.model.file_rows import Table

ZIP = b"PK\x03\x04"
FAULTS = ("行号", "问题列", "问题")
"""What stands before the columns of a line that was refused."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A workbook of one sheet; text stays text, so that a name that begins with `=` is no formula."""
    file = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(file, options) as book:
        sheet, bold = book.add_worksheet(title), book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, 20)
        sheet.write_row(0, 0, header, bold)
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, ["" if cell is None else str(cell) for cell in row])
    return file.getvalue()


def template(title: str, columns: Mapping[str, str]) -> bytes:
    """A workbook to fill in: the columns on its first sheet, and what each takes on the second."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet, notes, bold = book.add_worksheet(title), book.add_worksheet("填写说明"), book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, 20, book.add_format({"num_format": "@"}))
        sheet.write_row(0, 0, columns, bold)
        notes.set_column(0, 0, 20)
        notes.set_column(1, 1, 100)
        notes.write_row(0, 0, ("列", "填写说明"), bold)
        for number, line in enumerate(columns.items(), 1):
            notes.write_row(number, 0, line)
    return file.getvalue()


def refused(title: str, lines: Table, first_line: int, rejections: Iterable[Rejection]) -> bytes:
    """The lines of a table that are not taken, each with what is wrong; mended, they can be sent again as they are.

    Args:
        first_line: number of the line after the header.
    """
    header = [*FAULTS, *(name for name in lines[0] if name.strip() not in FAULTS)]
    kept = [place for place, name in enumerate(lines[0]) if name.strip() not in FAULTS]
    rows = []
    for each in rejections:
        line = lines[each.line - first_line + 1]
        cells = [line[place] if place < len(line) else "" for place in kept]
        rows.append((each.line, each.column, each.reason, *cells))
    return workbook(title, header, rows)


def table(content: bytes, media_type: str, most: int) -> list[Sequence[str]]:
    """The lines of a file, cell by cell.

    Args:
        most: lines that are read, and no more.
        content: of the first sheet of a workbook, or of a CSV text in UTF-8 or GB 18030.
        media_type: tells which of them it is; a workbook is known by its first bytes, too, as not everybody can say.

    Raises:
        InvalidArgument: it cannot be read.
    """
    is_workbook = content.startswith(ZIP) or media_type.partition(";")[0].strip() == XLSX
    lines = _lines_of_workbook if is_workbook else _lines_of_text
    try:
        return list(islice(lines(content), most))
    except Exception as error:  # whatever the readers of foreign files raise
        zh = f"文件无法读取（{error}），应为 CSV（UTF-8 或 GB 18030）或 XLSX"
        en = f"the file cannot be read ({error}): it must be CSV or XLSX"
        raise malformed("file", "FILE", zh, en) from error


def _lines_of_text(content: bytes) -> Iterator[Sequence[str]]:
    return csv.reader(io.StringIO(_text(content), newline=""))


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    if "\x00" in text:
        raise ValueError("NUL")
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _lines_of_workbook(content: bytes) -> Iterator[Sequence[str]]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    for line in book.worksheets[0].iter_rows(values_only=True):
        yield [_shown(cell) for cell in line]


def _shown(cell: object) -> str:
    if cell is None:
        return ""
    return str(cell.date()) if hasattr(cell, "date") else str(cell)
