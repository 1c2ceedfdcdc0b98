"""Directories from files: CSV, gzipped CSV or XLSX, read line by line, sent in batches; what is refused is reported."""

from __future__ import annotations

import csv
import gzip
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import compress, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from services.chassis.sheets import encoding_of, lines_of_workbook, workbook
from services.command.rest import Gateway
from services.credit.use_cases import rating_import
from services.plans.use_cases import (
    import_annual_caps,
    import_check_forms,
    import_joint_lists,
    import_officials,
    import_plans,
)
from services.sampling.model import inspector_rows
from services.sampling.model.object_rows import HEADERS, NEEDED

BATCH = 4000  # lines
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


class Batch(NamedTuple):
    """Lines of a file that travel together.

    Args:
        header: what the columns are called, the same for all batches.
        first_line: number of the first of them in the file.
        lines: text by column, as it stands there; a line may be blank, or have more or fewer cells than the header.
        text: the same as CSV.
    """

    header: Sequence[str]
    first_line: int
    lines: Sequence[Sequence[str]]
    text: str

    def rows(self) -> Iterator[Row]:
        """The lines that are not blank."""
        return (self.row(number) for number, line in enumerate(self.lines, self.first_line) if any(line))

    def row(self, number: int) -> Row:
        """The line with this number in the file."""
        cells = list(map(str.strip, self.lines[number - self.first_line]))
        width = len(self.header)
        return Row(number, self.header, cells if len(cells) == width else [*cells, *[""] * width][:width])


class BadFile(Exception):
    """A file cannot be imported at all; the message says what to do."""


@dataclass(frozen=True)
class Kind:
    """One sort of directory.

    Args:
        path: where the gateway takes its rows.
        columns: header → field of the row message; several headers may mean one field.
        needed: fields without which a file makes no sense; the first says what a row is about.
        as_file: whether the gateway takes lines as they stand in the file, and reads the headers itself.
        at_once: batches that may be under way together; 1 where rows lean on rows before them.
        together: fields that rows which say one thing together have alike; such rows stand below each other in a file
            and travel in one batch.
    """

    path: str
    columns: Mapping[str, str]
    needed: tuple[str, ...]
    as_file: bool = False
    at_once: int = 1
    together: tuple[str, ...] = ()


def _by_header(header_of: Mapping[str, str]) -> dict[str, str]:
    return {header: name for name, header in header_of.items()}


KINDS: dict[str, Kind] = {
    "objects": Kind("/v1/objects:importFile", HEADERS, NEEDED, as_file=True, at_once=2),
    "inspectors": Kind("/v1/inspectors:import", inspector_rows.HEADERS, inspector_rows.NEEDED),
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
    "plans": Kind("/v1/annual-plans:import", _by_header(import_plans.HEADERS), ("name", "year")),
    "officials": Kind("/v1/officials:import", _by_header(import_officials.HEADERS), ("subject", "name", "roles")),
    "check-forms": Kind(
        "/v1/check-forms:import",
        _by_header(import_check_forms.HEADERS),
        ("name", "matter_id"),
        together=("form_id", "authority_id", "name"),
    ),
    "joint-lists": Kind(
        "/v1/joint-lists:import",
        _by_header(import_joint_lists.HEADERS),
        ("trade", "role", "authority_id", "matter_id"),
        together=("joint_list_id", "trade"),
    ),
    "annual-caps": Kind("/v1/annual-caps:import", _by_header(import_annual_caps.HEADERS), ("year", "visits")),
    "ratings": Kind("/v1/ratings:import", _by_header(rating_import.HEADERS), ("object_id", "source")),
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


def read(path: Path) -> Iterator[Batch]:
    """The lines of a file, batch by batch.

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


def count_rows(path: Path) -> int:
    """How many rows a file has.

    Raises:
        BadFile: it cannot be read.
    """
    return sum(sum(map(any, batch.lines)) for batch in read(path))


def import_file(kind: Kind, path: Path, gateway: Gateway, progress: Callable[[int], None] = lambda _: None) -> Report:
    """Send a file's rows to the gateway.

    Args:
        progress: is told, after every batch, how many rows were sent.

    Raises:
        BadFile: the file cannot be read, or lacks a needed column.
        GatewayRefused: the gateway takes none of it.
    """
    report, told = Report(), 0
    for batch, answer in _answers(kind, _sound(kind, path), gateway):
        report.imported += int(answer.get("imported", 0))
        report.unchanged += int(answer.get("unchanged", 0))
        report.rejected += [(batch.row(int(refusal["line"])), refusal) for refusal in answer.get("rejections", ())]
        told += sum(map(any, batch.lines))
        progress(told)
    if not told:
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
        path.write_bytes(workbook("未导入", [*header, *extra], rows))
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([[*header, *extra], *rows])


def _sound(kind: Kind, path: Path) -> Iterator[Batch]:
    """Batches that have rows, and the columns that are needed."""
    for batch in _whole(kind, read(path)):
        _require_columns(kind, path, batch.header)
        if any(map(any, batch.lines)):
            yield batch


def _whole(kind: Kind, batches: Iterator[Batch]) -> Iterator[Batch]:
    """Batches none of which ends amid rows that say one thing together; such rows wait for those of the next batch."""
    if not kind.together:
        yield from batches
        return
    waiting: Sequence[Sequence[str]] = ()
    for batch in batches:
        lines, first_line = [*waiting, *batch.lines], batch.first_line - len(waiting)
        end = _last_beginning(kind, batch.header, lines)
        yield Batch(batch.header, first_line, lines[:end], "")
        header, waiting, next_line = batch.header, lines[end:], first_line + end
    if waiting:
        yield Batch(header, next_line, waiting, "")


def _last_beginning(kind: Kind, header: Sequence[str], lines: Sequence[Sequence[str]]) -> int:
    """Where the last group of rows that belong together begins."""
    places = [place for place, column in enumerate(header) if kind.columns.get(column) in kind.together]
    alike = [[line[place] for place in places if place < len(line)] for line in lines]
    return next((index for index in range(len(lines) - 1, 0, -1) if alike[index - 1] != alike[-1]), 0)


def _require_columns(kind: Kind, path: Path, header: Sequence[str]) -> None:
    given = {kind.columns.get(column) for column in header}
    for name in kind.needed:
        if name not in given:
            wanted = " / ".join(column for column, field_name in kind.columns.items() if field_name == name)
            raise BadFile(f"{path}: no column {wanted}; the file has: {'、'.join(header)}")


def _answers(kind: Kind, batches: Iterable[Batch], gateway: Gateway) -> Iterator[tuple[Batch, Any]]:
    """What the gateway says of each batch, in their order; no two that are under way are about the same thing."""
    under_way: deque[tuple[Batch, set[str], Future[Any]]] = deque()

    def oldest() -> tuple[Batch, Any]:
        batch, _, answer = under_way.popleft()
        return batch, answer.result()

    with ThreadPoolExecutor(kind.at_once) as pool:
        for batch in batches:
            about = _about(kind, batch)
            while len(under_way) == kind.at_once or not all(about.isdisjoint(other) for _, other, _ in under_way):
                yield oldest()
            under_way.append((batch, about, pool.submit(_post, kind, batch, gateway)))
        while under_way:
            yield oldest()


def _about(kind: Kind, batch: Batch) -> set[str]:
    """The ids in a batch, without what people write into one in one place and not in another."""
    places = [place for place, column in enumerate(batch.header) if kind.columns.get(column) == kind.needed[0]]
    ids = (line[place] for place in places for line in batch.lines if len(line) > place)
    return {id.replace(" ", "").replace("-", "").upper() for id in ids}


def _post(kind: Kind, batch: Batch, gateway: Gateway) -> Any:
    if kind.as_file:
        file = (_as_csv([batch.header]) + batch.text).encode()
        return gateway.post_file(kind.path, file, "text/csv", first_line=batch.first_line)
    return gateway.post(kind.path, {"rows": _messages(kind, batch)})


def _messages(kind: Kind, batch: Batch) -> list[dict[str, Any]]:
    """What the rows say, by field; of several columns that mean one field the first with a text counts."""
    known = [(place, kind.columns[column]) for place, column in enumerate(batch.header) if column in kind.columns]
    places, names = zip(*reversed(known), strict=True)
    pick, fields = itemgetter(*places), ("line", *names)
    given = ((row.line, *pick(row.cells)) for row in batch.rows())
    return [dict(compress(zip(fields, values, strict=True), values)) for values in given]


def _csv(path: Path) -> Iterator[Batch]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as raw:
        encoding = encoding_of(raw.read(SAMPLE))
        raw.seek(0)
        with io.TextIOWrapper(raw, encoding=encoding, newline="") as text:
            taken: list[str] = []
            reader = csv.reader(_noting(text, taken))
            try:
                header = _header(next(reader, []))
                taken.clear()
                number = 2
                while lines := list(islice(reader, BATCH)):
                    yield Batch(header, number, lines, "".join(taken))
                    taken.clear()
                    number += len(lines)
            except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
                raise BadFile(f"{path}: line {reader.line_num} cannot be read: {error}") from error


def _noting(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    """The lines, each noted when it is taken: a row may go over several."""
    for line in lines:
        taken.append(line)
        yield line


def _xlsx(path: Path) -> Iterator[Batch]:
    rows = lines_of_workbook(path)
    try:
        header, number = _header(next(rows, [])), 2
    except Exception as error:
        raise BadFile(f"{path}: not an XLSX workbook: {error}") from error
    while lines := list(islice(rows, BATCH)):
        yield Batch(header, number, lines, _as_csv(lines))
        number += len(lines)


def _header(cells: Sequence[str]) -> list[str]:
    return [name.strip() for name in cells]


def _as_csv(lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue()
