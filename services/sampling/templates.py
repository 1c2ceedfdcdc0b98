"""Files of the directories: empty ones to fill in, which say what each column takes, and refused lines to mend."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

import xlsxwriter

from services.chassis.import_report import Rejection
from services.chassis.sheets import workbook
from services.sampling.model.cells import STATUSES, TYPES
from services.sampling.model.file_rows import Table
from services.sampling.model.recusal_rows import KINDS

FAULTS = ("行号", "问题列", "问题")
"""What stands before the columns of a line that was refused."""
DAY = "YYYY-MM-DD"
LIST = "多个时以“、”分隔"

OBJECTS = {
    "统一社会信用代码": "必填。机构类主体为 18 位代码；其他类型可为自编编号（字母、数字、点、横线、下划线）",
    "对象名称": "必填，最多 200 字",
    "对象类型": f"{'、'.join(TYPES)}；空：机构",
    "登记状态": f"{'、'.join(STATUSES)}；空：存续",
    "所在省份": "例如 重庆；可空",
    "区划": "GB/T 2260 代码或名称，例如 500118、永川区；空：按统一社会信用代码第 3 至 8 位",
    "地址": "可空",
    "行业": "GB/T 4754 代码，例如 H6210；可空",
    "监管标签": f"{LIST}；可空",
    "注册日期": f"{DAY}；可空",
    "企业类型": "可空",
    "经营范围": "可空",
    "许可证名称": "可空；同名许可证将被更新",
    "许可证编号": "可空",
    "许可证有效期至": f"{DAY}；空：长期",
    "联络员": "可空",
    "联系电话": "可空",
    "所属主体": "所属主体的统一社会信用代码或编号；附属类主体、场所、设施、设备、产品填写",
    "别名": "最多 200 字；可空",
    "法定代表人": "最多 100 字；可空",
    "片区/商圈": "最多 100 字；可空",
}
INSPECTORS = {
    "证件号": "必填。行政执法证件号，4 至 64 位字母、数字或横线",
    "姓名": "必填，最多 100 字",
    "所属机构": "必填。机构的统一社会信用代码",
    "区划": "GB/T 2260 代码或名称；空：机构所在区划",
    "有效期至": f"必填。执法证有效期最后一日，{DAY}",
    "领域": f"{LIST}；可空",
    "资质": f"{LIST}；可空",
    "专家": "是：专家，仅陪同检查；空：否",
    "账号": "统一身份认证账号；可空",
    "曾任职单位": f"曾任职的检查对象的统一社会信用代码或编号，{LIST}，据此自动回避；可空",
}
RECUSALS = {
    "证件号": "必填。检查人员的执法证件号，须在名录库中",
    "对象编号": "必填。检查对象的统一社会信用代码或编号，须在名录库中",
    "回避情形": f"必填：{'、'.join(KINDS)}",
    "说明": "最多 500 字；可空",
}


def template(title: str, columns: Mapping[str, str]) -> bytes:
    """A workbook to fill in: columns of text, so that codes stay whole; a second sheet says what each takes."""
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
