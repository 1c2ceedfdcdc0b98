"""Files of a registry reach the gateway row by row, and what is refused comes back as it stood there."""

from __future__ import annotations

import csv
import gzip
import io
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from liangma.credit.v1 import ratings_pb2
from liangma.plans.v1 import (
    annual_caps_pb2,
    authorities_pb2,
    check_forms_pb2,
    joint_lists_pb2,
    matters_pb2,
    officials_pb2,
    plans_pb2,
)
from liangma.sampling.v1 import sampling_pb2

from services.command import importing
from services.command.importing import KINDS, BadFile, import_file, write_rejected
from services.command.rest import Gateway

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


ROW_BY_ROW = replace(KINDS["objects"], as_file=False)


class Desk(Gateway):
    """A gateway that keeps what it is sent, and refuses some objects."""

    def __init__(self, *refused: str) -> None:
        self.sent: list[list[Mapping[str, Any]]] = []
        self.files: list[tuple[int, list[list[str]]]] = []
        self._refused = refused

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        rows = (body or {})["rows"]
        self.sent.append(rows)
        return self._report([(row["line"], row["object_id"]) for row in rows])

    def post_file(self, path: str, content: bytes, media_type: str, **query: Any) -> Any:
        assert (path, media_type) == ("/v1/objects:importFile", "text/csv")
        header, *lines = csv.reader(io.StringIO(content.decode(), newline=""))
        assert header[: len(HEADER)] == HEADER  # a sheet is as wide as its widest line
        first = query["first_line"]
        self.files.append((first, lines))
        return self._report([(number, line[0]) for number, line in enumerate(lines, first) if any(line)])

    def _report(self, rows: list[tuple[int, str]]) -> Any:
        why = {"column": "对象名称", "rule": "LENGTH", "reason": "太长"}
        rejections = [{"line": str(line), **why} for line, id in rows if id in self._refused]
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
    report = import_file(ROW_BY_ROW, written(tmp_path / name, encoding=encoding), desk)
    assert desk.sent == [MESSAGES]
    assert (report.imported, report.unchanged, report.rejected) == (4, 0, [])


def test_lines_go_as_they_stand_to_who_reads_the_headers_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 3)
    rows = [*ROWS, ["A5", '两行"的\n名称', "", "", "", ""], ["A6", "永川六店"]]
    desk, told = Desk("A6"), list[int]()
    report = import_file(KINDS["objects"], written(tmp_path / "objects.csv", rows), desk, told.append)
    assert desk.files == [(2, rows[:3]), (5, rows[3:6]), (8, rows[6:])]
    assert told == [2, 5, 6]
    assert (report.imported, report.rejected[0][0].line) == (5, 8)


def test_a_workbook_goes_as_text(tmp_path: Path) -> None:
    desk = Desk()
    import_file(KINDS["objects"], written(tmp_path / "objects.xlsx"), desk)
    [(first, lines)] = desk.files
    assert (first, lines[2][:2]) == (2, ["A2", "永川二店"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("length", range(4, 10))
def test_a_sample_may_end_within_a_character(
    tmp_path: Path, length: int, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SAMPLE", length)
    batches = importing.read(written(tmp_path / "objects.csv", encoding=encoding))
    assert next(batches).row(2).cells[:2] == ["A1", "永川一店"]


def test_rows_go_out_in_batches_and_progress_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 3)
    desk, told = Desk(), list[int]()
    import_file(ROW_BY_ROW, written(tmp_path / "objects.csv"), desk, told.append)
    assert desk.sent == [MESSAGES[:2], MESSAGES[2:]]
    assert told == [2, 4]


class Crossing(Desk):
    """A gateway that answers when two batches are under way, or after so many seconds."""

    def __init__(self, patience: float) -> None:
        super().__init__()
        self.alone: list[int] = []
        self._meet = threading.Barrier(2, timeout=patience)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = super().post(path, body)
        try:
            self._meet.wait()
        except threading.BrokenBarrierError:
            self._meet.reset()
            self.alone.append((body or {})["rows"][0]["line"])
        return answer


@pytest.mark.parametrize(
    ("kind", "ids", "patience", "alone"),
    [
        ("objects", ["A1", "A2", "A3", "A4"], 60, []),
        ("objects", ["91-A1 b", "91a1B"], 0.2, [2, 3]),  # one thing, spelled in two ways
        ("authorities", ["A1", "A2"], 0.2, [2, 3]),  # one may be under another that the file names before it
    ],
)
def test_batches_are_under_way_together_unless_their_order_matters(
    tmp_path: Path, kind: str, ids: list[str], patience: float, alone: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    desk = Crossing(patience)
    file = written(tmp_path / "some.csv", [[id, "永川店"] for id in ids])
    columns = {"统一社会信用代码": "object_id", "对象名称": "name"}
    some = replace(ROW_BY_ROW, columns=columns, at_once=KINDS[kind].at_once)
    report = import_file(some, file, desk)
    assert report.imported == len(ids)
    assert desk.alone == alone


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("objects", sampling_pb2.ObjectRow),
        ("inspectors", sampling_pb2.InspectorRow),
        ("authorities", authorities_pb2.AuthorityRow),
        ("matters", matters_pb2.MatterRow),
        ("plans", plans_pb2.PlanRow),
        ("annual-caps", annual_caps_pb2.AnnualCapRow),
        ("officials", officials_pb2.OfficialRow),
        ("check-forms", check_forms_pb2.CheckFormRow),
        ("joint-lists", joint_lists_pb2.JointListRow),
        ("ratings", ratings_pb2.RatingRow),
    ],
)
def test_columns_mean_the_fields_of_a_row(kind: str, row: Any) -> None:
    assert {*KINDS[kind].columns.values(), "line"} == set(row.DESCRIPTOR.fields_by_name)
    assert {*KINDS[kind].needed, *KINDS[kind].together} <= set(KINDS[kind].columns.values())


class Forms(Gateway):
    """A gateway that keeps the names of the rows it is sent."""

    def __init__(self) -> None:
        self.sent: list[list[tuple[int, str]]] = []

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        rows = (body or {})["rows"]
        self.sent.append([(row["line"], row["name"]) for row in rows])
        return {"imported": len(rows) - 1, "rejections": [{"line": str(rows[-1]["line"])}]}


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 9])
def test_rows_that_say_one_thing_together_travel_in_one_batch(
    tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", batch)
    names = ["甲", "甲", "甲", "乙", "丙", "丙"]
    path = tmp_path / "forms.csv"
    rows = [[name, str(place)] for place, name in enumerate(names)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["表单名称", "事项编码"], *rows])
    desk = Forms()
    report = import_file(KINDS["check-forms"], path, desk)
    assert [each for sent in desk.sent for each in sent] == list(enumerate(names, start=2))
    beginnings = [sent[0][1] for sent in desk.sent]
    assert len(set(beginnings)) == len(beginnings)
    assert [row.cells[1] for row, _ in report.rejected] == [str(sent[-1][0] - 2) for sent in desk.sent]


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
