"""A named list (指定名单) as a file gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.chassis.errors import malformed
from services.chassis.import_report import ImportReport, Rejection
from services.sampling.model.strata import MOST_NAMED
from services.sampling.model.uscc import broken_rule

ID = "统一社会信用代码"
HEADER = (ID, "对象名称")
"""Columns of the template; the second is for people."""
ALSO = ("对象编码", "对象编号")


class NamedRow(NamedTuple):
    """An object that a line names."""

    line: int
    object_id: str


def named_rows(table: Sequence[Sequence[str]]) -> list[NamedRow]:
    """The objects of a table whose first line names the columns.

    Raises:
        InvalidArgument: it lacks the column, or holds nothing, or too much.
    """
    header = [cell.strip() for cell in table[0]] if table else []
    column = next((header.index(name) for name in (ID, *ALSO) if name in header), None)
    if column is None:
        raise malformed("file", "COLUMNS", f"首行缺少列：{ID}", f"the first line has no column {ID}")
    lines = enumerate(table[1:], 2)
    rows = [NamedRow(number, as_id(line[column].strip())) for number, line in lines if len(line) > column]
    rows = [row for row in rows if row.object_id]
    if not rows:
        raise malformed("file", "REQUIRED", "文件中没有数据行", "the file holds no rows")
    if len(rows) > MOST_NAMED:
        raise malformed("file", "TOO_MANY", f"一次最多 {MOST_NAMED} 行", f"at most {MOST_NAMED} rows at once")
    return rows


def as_id(text: str) -> str:
    """An object's id as the directory has it: codes in capitals, others as they are."""
    return text.upper() if not broken_rule(text.upper()) else text


def report_of(rows: Sequence[NamedRow], known: Mapping[str, object], before: Sequence[str]) -> ImportReport:
    """What becomes of the rows.

    Args:
        known: the objects among them that the directory has.
        before: whom the list had already.
    """
    report, listed = ImportReport(), set(before)
    for row in rows:
        if row.object_id not in known:
            reason = f"对象 {row.object_id} 不在检查对象名录库中，请核对或先录入名录库"
            report.rejections.append(Rejection(row.line, ID, row.object_id, "UNKNOWN_OBJECT", reason))
        elif row.object_id in listed:
            report.unchanged += 1
        else:
            report.imported += 1
            listed.add(row.object_id)
    return report
