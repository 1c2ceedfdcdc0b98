"""Workbooks say what was entered and nothing else, and what went out as a table comes in as the same table."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis import sheets
from services.chassis.errors import InvalidArgument

TEXTS = st.text("=+@-'\"<&,0.e 渝北 𠮷é\n", max_size=6)


def book(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def test_what_people_enter_becomes_no_formula_and_no_link() -> None:
    entered = ["=1+1", "+1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "http://example.org", "mailto:a@b"]
    (page,) = book(sheets.workbook("名", ["名称"], [[text] for text in entered]))
    assert [(cell.value, cell.data_type, cell.hyperlink) for (cell,) in page.iter_rows(min_row=2)] == [
        (text, "s", None) for text in entered
    ]


def test_numbers_are_numbers_days_are_days_and_the_rest_is_text() -> None:
    at = datetime(2025, 6, 9, 1, tzinfo=UTC)
    row = [3, 0.5, date(2025, 6, 9), None, "", at, "007"]
    (page,) = book(sheets.workbook("", ["一"] * len(row), [row]))
    shown = [cell.value for cell in page[2]]
    assert shown == [3, 0.5, datetime(2025, 6, 9), None, None, str(at), "007"]  # noqa: DTZ001 (cells know no zone)
    assert page["C2"].number_format == "yyyy-mm-dd"


def test_a_text_longer_than_a_cell_is_cut_and_not_lost() -> None:
    (page,) = book(sheets.workbook("", ["说明"], [["长" * 40_000]]))
    assert page["A2"].value == "长" * 32_767


def test_a_workbook_has_its_sheets_with_heads_that_stay_and_columns_as_wide_as_their_text() -> None:
    made = book(sheets.workbook_of([("甲", ["名称", "数"], [["市场监督管理局", 1]]), ("乙", ["列"], [])]))
    assert made.sheetnames == ["甲", "乙"]
    page = made["甲"]
    assert (page.freeze_panes, page["A1"].font.bold, page["A2"].font.bold) == ("A2", True, False)
    assert page.column_dimensions["A"].width > 14 > page.column_dimensions["B"].width


@given(st.lists(st.tuples(TEXTS.filter(str.strip), TEXTS), max_size=5))
def test_a_table_comes_in_as_it_went_out(rows: list[tuple[str, str]]) -> None:
    content = sheets.workbook("表", ["一", "二"], rows)
    assert sheets.table(content, "", 100) == [["一", "二"], *map(list, rows)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_text_is_read_in_either_encoding_and_no_further_than_asked(encoding: str) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["名称", "地址"], ["渝北“小店”", "人民路,1号\n二楼"], ["三", ""]])
    content = text.getvalue().encode(encoding)
    assert sheets.table(content, "text/csv", 2) == [["名称", "地址"], ["渝北“小店”", "人民路,1号\n二楼"]]
    assert sheets.encoding_of(content[:4]) == ("gb18030" if encoding == "gb18030" else "utf-8-sig")


def test_a_day_in_a_workbook_is_read_as_a_day() -> None:
    content = sheets.workbook("", ["日期"], [[date(2025, 6, 9)]])
    assert sheets.table(content, sheets.XLSX, 9)[1] == ["2025-06-09"]


@pytest.mark.parametrize("content", [b"PK\x03\x04 no workbook", b"a\x00b", b"\xff\xff\xff"])
def test_a_file_that_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        sheets.table(content, "text/csv", 9)
    assert [violation.rule for violation in refusal.value.violations] == ["FILE"]


def test_a_workbook_is_read_from_a_path_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(sheets.workbook("", ["一"], [["二"], ["三"]]))
    lines = sheets.lines_of_workbook(path)
    assert next(lines) == ["一"]
    assert list(lines) == [["二"], ["三"]]


def test_more_than_a_sheet_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "GREATEST_SHEET", 1)
    assert sheets.sheet_of({"名称": str}, ["一"])
    with pytest.raises(sheets.SheetTooLong):
        sheets.sheet_of({"名称": str}, ["一", "二"])
