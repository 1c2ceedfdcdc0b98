"""Directories from files: CSV, gzipped CSV or XLSX, read row by row, sent in batches; what is refused is reported."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import xlsxwriter

from services.rest import Gateway

BATCH = 2000
SAMPLE = 1 << 16  # bytes that show in which encoding a file is written


class Row(NamedTuple):
    """A row of a file.

    Args:
        line: in the file; the header is line 1.
        header: what the columns are called, the same for all rows.
        cells: text by column; as many as there are columns.
    """

    line: int
    header: Sequence[str]
    cells: Sequence[str]


class BadFile(Exception):
    """A file cannot be imported at all; the message says what to do."""


@dataclass(frozen=True)
class Kind:
    """One sort of directory.

    Args:
        path: where the gateway takes its rows.
        columns: header → field of the row message; several headers may mean one field.
        needed: fields without which a file makes no sense.
    """

    path: str
    columns: Mapping[str, str]
    needed: tuple[str, ...]

    @property
    def template(self) -> tuple[str, ...]:
        """The headers of our own template, in order."""
        seen: dict[str, str] = {}
        for header, name in self.columns.items():
            seen.setdefault(name, header)
        return tuple(seen.values())


KINDS: dict[str, Kind] = {
    "objects": Kind(
        "/v1/objects:import",
        {
            "统一社会信用代码": "object_id",
            "对象名称": "name",
            "企业名称": "name",
            "对象类型": "type",
            "登记状态": "registration_status",
            "所在省份": "province",
            "区划": "region",
            "地区": "region",
            "地址": "address",
            "注册地址": "address",
            "行业": "industry",
            "监管标签": "tags",
            "注册日期": "registered_on",
            "企业类型": "enterprise_type",
            "经营范围": "business_scope",
            "许可证名称": "licence_name",
            "许可证编号": "licence_number",
            "许可证有效期至": "licence_expires_on",
            "联络员": "contact_name",
            "联系电话": "contact_phone",
            "所属主体": "owner_id",
        },
        ("object_id", "name"),
    ),
    "inspectors": Kind(
        "/v1/inspectors:import",
        {
            "证件号": "certificate",
            "姓名": "name",
            "所属机构": "authority_id",
            "区划": "region",
            "有效期至": "valid_until",
            "领域": "domains",
            "资质": "qualifications",
            "专家": "expert",
            "账号": "subject",
        },
        ("certificate", "name", "authority_id", "valid_until"),
    ),
    "authorities": Kind(
        "/v1/authorities:import",
        {
            "统一社会信用代码": "authority_id",
            "机构代码": "authority_id",
            "机构名称": "name",
            "机构简称": "short_name",
            "简称": "short_name",
            "区划": "region",
            "级别": "level",
            "层级": "level",
            "上级机构": "parent_id",
            "执法领域": "domains",
            "领域": "domains",
            "列入清单日期": "listed_from",
            "移出清单日期": "listed_until",
            "执收单位编码": "collecting_unit_code",
            "缴款银行户名": "bank_account_name",
            "缴款银行账号": "bank_account_number",
            "罚没编码": "penalty_code",
        },
        ("authority_id", "name"),
    ),
    "matters": Kind(
        "/v1/matters:import",
        {
            "事项编码": "matter_id",
            "事项名称": "name",
            "领域": "domain",
            "法律依据": "legal_basis",
            "检查方式": "methods",
            "是否可随机抽查": "random_eligible",
            "可随机": "random_eligible",
            "抽查比例": "ratio",
            "抽查频次": "frequency",
            "检查材料": "materials",
            "人员资质": "qualification",
            "资质要求": "qualification",
            "内容分级": "content_level",
            "检查项": "items",
        },
        ("matter_id", "name"),
    ),
}


@dataclass
class Report:
    """What became of a file.

    Args:
        imported: rows that were new or changed something.
        unchanged: rows that stood there already.
        rejected: rows that were refused, each with the refusal.
    """

    imported: int = 0
    unchanged: int = 0
    rejected: list[tuple[Row, Mapping[str, Any]]] = field(default_factory=list)


def read(path: Path) -> Iterator[Row]:
    """Rows of a file, one by one.

    Raises:
        BadFile: the file is not there, is of no known kind, or its text is neither UTF-8 nor GB 18030.
    """
    if not path.is_file():
        raise BadFile(f"{path}: no such file")
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return _csv(path)
    if name.endswith(".xlsx"):
        return _xlsx(path)
    raise BadFile(f"{path}: only .csv, .csv.gz and .xlsx can be imported")


def import_file(kind: Kind, path: Path, gateway: Gateway, progress: Callable[[int], None] = lambda _: None) -> Report:
    """Send a file's rows to the gateway.

    Args:
        progress: is told, after every batch, how many rows were sent.

    Raises:
        BadFile: the file cannot be read, or lacks a needed column.
        GatewayRefused: the gateway takes none of it.
    """
    report = Report()
    rows = read(path)
    sent = 0
    while batch := list(islice(rows, BATCH)):
        _require_columns(kind, path, batch[0].header)
        _send(kind, batch, gateway, report)
        sent += len(batch)
        progress(sent)
    if not sent:
        raise BadFile(f"{path}: holds no rows")
    return report


def write_rejected(report: Report, path: Path) -> None:
    """Write the refused rows as they were, with line, column, rule and reason: mend them and import the file again."""
    header = report.rejected[0][0].header if report.rejected else ()
    extra = ["行号", "出错列", "规则", "原因"]
    rows = [
        [*row.cells, str(row.line), *(refusal.get(name, "") for name in ("column", "rule", "reason"))]
        for row, refusal in report.rejected
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".xlsx":
        _write_xlsx(path, [*header, *extra], rows)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([[*header, *extra], *rows])


def _require_columns(kind: Kind, path: Path, header: Sequence[str]) -> None:
    given = {kind.columns.get(column) for column in header}
    for name in kind.needed:
        if name not in given:
            wanted = " / ".join(column for column, field_name in kind.columns.items() if field_name == name)
            raise BadFile(f"{path}: no column {wanted}; the file has: {'、'.join(header)}")


def _send(kind: Kind, batch: Sequence[Row], gateway: Gateway, report: Report) -> None:
    answer = gateway.post(kind.path, {"rows": _messages(kind, batch)})
    report.imported += int(answer.get("imported", 0))
    report.unchanged += int(answer.get("unchanged", 0))
    by_line = {row.line: row for row in batch}
    report.rejected += [(by_line[int(refusal["line"])], refusal) for refusal in answer.get("rejections", ())]


def _messages(kind: Kind, batch: Sequence[Row]) -> list[dict[str, Any]]:
    """What the rows say, by field; of several columns that mean one field the first with a text counts."""
    known = [(place, kind.columns[column]) for place, column in enumerate(batch[0].header) if column in kind.columns]
    places, names = zip(*reversed(known), strict=True)
    pick, fields = itemgetter(*places), ("line", *names)
    return [
        {name: value for name, value in zip(fields, (row.line, *pick(row.cells)), strict=True) if value}
        for row in batch
    ]


def _csv(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as raw:
        encoding = _encoding(raw.read(SAMPLE))
        raw.seek(0)
        with io.TextIOWrapper(raw, encoding=encoding, newline="") as text:
            reader = csv.reader(text)
            try:
                yield from _rows(reader)
            except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
                raise BadFile(f"{path}: line {reader.line_num} cannot be read: {error}") from error


def _encoding(beginning: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(beginning)  # which may end within a character
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _xlsx(path: Path) -> Iterator[Row]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        raise BadFile(f"{path}: not an XLSX workbook: {error}") from error
    sheet = book.worksheets[0]
    yield from _rows([_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True))
    book.close()


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return str(cell.date()) if hasattr(cell, "date") else str(cell)


def _rows(lines: Iterator[list[str]]) -> Iterator[Row]:
    header = [name.strip() for name in next(lines, [])]
    width = len(header)
    for number, line in enumerate(lines, start=2):
        if any(line):
            cells = list(map(str.strip, line))
            yield Row(number, header, cells if len(cells) == width else [*cells, *[""] * width][:width])


def _write_xlsx(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("未导入")
        for number, row in enumerate([header, *rows]):
            sheet.write_row(number, 0, row)
