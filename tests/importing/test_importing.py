"""Files of a registry reach the gateway row by row, and what is refused comes back as it stood there."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from services import importing
from services.importing import KINDS, BadFile, import_file, write_rejected
from services.rest import Gateway

HEADER = ["统一社会信用代码", "对象名称", "注册地址", "备注", "地址", "监管标签"]
ROWS = [
    ["A1", " 永川一店 ", "中山路", "x", "人民路", "餐饮"],
    ["", "", "", "", "", ""],
    ["A2", "永川二店", "", "", "人民路", ""],
    ["A3", "永川三店"],
    ["A4", "永川四店", "河边", "", "", "", "more than there are columns"],
]
MESSAGES = [
    {"line": 2, "object_id": "A1", "name": "永川一店", "address": "中山路", "tags": "餐饮"},
    {"line": 4, "object_id": "A2", "name": "永川二店", "address": "人民路"},
    {"line": 5, "object_id": "A3", "name": "永川三店"},
    {"line": 6, "object_id": "A4", "name": "永川四店", "address": "河边"},
]


class Desk(Gateway):
    """A gateway that keeps what it is sent, and refuses some objects."""

    def __init__(self, *refused: str) -> None:
        self.sent: list[list[Mapping[str, Any]]] = []
        self._refused = refused

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        assert path == "/v1/objects:import"
        rows = (body or {})["rows"]
        self.sent.append(rows)
        why = {"column": "对象名称", "rule": "LENGTH", "reason": "太长"}
        rejections = [{"line": str(row["line"]), **why} for row in rows if row["object_id"] in self._refused]
        return {"imported": len(rows) - len(rejections), "rejections": rejections}


def written(path: Path, rows: list[list[str]] = ROWS, encoding: str = "utf-8-sig") -> Path:
    if path.suffix == ".xlsx":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate([HEADER, *rows]):
                sheet.write_row(number, 0, row)
        return path
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("objects.csv", encoding) for encoding in ("utf-8", "utf-8-sig", "gb18030")]
    + [("objects.csv.gz", "utf-8-sig"), ("objects.xlsx", "")],
)
def test_every_row_is_sent_by_the_names_of_its_fields_whatever_the_file(
    tmp_path: Path, name: str, encoding: str
) -> None:
    desk = Desk()
    report = import_file(KINDS["objects"], written(tmp_path / name, encoding=encoding), desk)
    assert desk.sent == [MESSAGES]
    assert (report.imported, report.unchanged, report.rejected) == (4, 0, [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("length", range(4, 10))
def test_a_sample_may_end_within_a_character(
    tmp_path: Path, length: int, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SAMPLE", length)
    rows = importing.read(written(tmp_path / "objects.csv", encoding=encoding))
    assert next(rows).cells[:2] == ["A1", "永川一店"]


def test_rows_go_out_in_batches_and_progress_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 3)
    desk, told = Desk(), list[int]()
    import_file(KINDS["objects"], written(tmp_path / "objects.csv"), desk, told.append)
    assert desk.sent == [MESSAGES[:3], MESSAGES[3:]]
    assert told == [3, 4]


@pytest.mark.parametrize("name", ["rejected.csv", "rejected.xlsx"])
def test_refused_rows_are_written_as_they_stood_with_the_reason(tmp_path: Path, name: str) -> None:
    report = import_file(KINDS["objects"], written(tmp_path / "objects.csv"), Desk("A2", "A3"))
    assert report.imported == 2
    write_rejected(report, tmp_path / "out" / name)
    why = ["对象名称", "LENGTH", "太长"]
    assert cells(tmp_path / "out" / name) == [
        [*HEADER, "行号", "出错列", "规则", "原因"],
        ["A2", "永川二店", "", "", "人民路", "", "4", *why],
        ["A3", "永川三店", "", "", "", "", "5", *why],
    ]


def cells(path: Path) -> list[list[str]]:
    if path.suffix == ".xlsx":
        [sheet] = openpyxl.load_workbook(path).worksheets
        return [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_a_file_that_cannot_be_imported_says_why(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("对象名称\n永川一店\n", "utf-8")
    for path, why in {
        tmp_path / "nowhere.csv": "no such file",
        tmp_path / "names.csv": "no column 统一社会信用代码; the file has: 对象名称",
        written(tmp_path / "empty.csv", []): "holds no rows",
    }.items():
        with pytest.raises(BadFile, match=why):
            import_file(KINDS["objects"], path, Desk())
    (tmp_path / "objects.pdf").touch()
    with pytest.raises(BadFile, match="can be imported"):
        importing.read(tmp_path / "objects.pdf")
