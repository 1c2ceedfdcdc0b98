"""Excel files of what a list or a report shows."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import xlsxwriter
from sqlalchemy import Select
from sqlalchemy.orm import Session

from services.tasks.model.draft import Fixity, Selection, Staffing, TaskOrigin, TaskType
from services.tasks.model.effectiveness import AuthorityEffectiveness, Effectiveness, Figure
from services.tasks.model.inspection import Inspection
from services.tasks.model.task import Task, TaskState
from services.tasks.model.terms import TaskKind, TaskNature

MOST_ROWS = 100_000

_ZH: dict[str, str] = {
    TaskKind.DAILY: "日常检查",
    TaskKind.SPECIAL: "专项检查",
    TaskKind.INSTANT: "即时检查",
    TaskNature.FORMAL: "正式任务",
    TaskNature.TEST: "测试任务",
    TaskOrigin.PLAN: "计划任务",
    TaskOrigin.TEMPORARY: "临时任务",
    TaskOrigin.MATCHED: "联合抽查",
    TaskType.OWN_AGENCY: "本机构",
    TaskType.CROSS_AGENCY: "跨机构",
    TaskState.DRAFT: "暂存",
    TaskState.AWAITING_PARTNERS: "待联合部门确认",
    TaskState.AWAITING_FORMATION: "待任务成立",
    TaskState.PENDING_EXECUTION: "待执行",
    TaskState.EXECUTING: "执行中",
    TaskState.COMPLETED: "已完成",
    TaskState.CANCELLED: "已取消",
    Selection.MANUAL: "自行设定",
    Staffing.ASSIGNED: "自行设定",
    Fixity.FIXED: "下发后不允许再添加",
    Fixity.SUPPLEMENTABLE: "下发后允许补充",
}
_DRAWN = "随机抽取"

_TASK_HEADS = [
    "检查任务编号",
    "检查任务名称",
    "任务年度",
    "任务类别",
    "任务性质",
    "任务来源",
    "关联计划",
    "任务类型",
    "执行状态",
    "制定机构",
    "牵头领域",
    "配合机构",
    "检查方式",
    "检查对象选定方式",
    "检查人员选派方式",
    "检查对象是否固定",
    "开始日期",
    "结束日期",
]
_INSPECTION_HEADS = [
    "检查任务编号",
    "检查任务名称",
    "对象编码",
    "对象名称",
    "区划",
    "地址",
    "检查方式",
    "状态",
    "检查机构",
    "检查人员",
    "检查日期",
    "检查结果",
    "结果说明",
    "后续处置",
    "处置期限",
]


def task_sheet(session: Session, statement: Select[Task]) -> bytes:
    """The tasks a filter lets through."""
    found = session.scalars(statement.limit(MOST_ROWS))
    return _workbook([("检查任务", _TASK_HEADS, (_task_row(task) for task in found))])


def _task_row(task: Task) -> list[Any]:
    return [
        task.number,
        task.name,
        task.year,
        "双随机抽查" if task.kind is TaskKind.RANDOM else _ZH[task.kind],
        _ZH[task.nature],
        _ZH[task.origin],
        task.plan_number,
        _ZH[task.type],
        _ZH[task.state],
        task.authority_name,
        task.lead_domain,
        "、".join(partner.authority_name for partner in task.participants if not partner.lead),
        task.method.zh,
        _DRAWN if task.selection is Selection.RANDOM else _ZH[task.selection],
        _DRAWN if task.staffing is Staffing.RANDOM else _ZH[task.staffing],
        _ZH[task.fixity],
        task.starts_on,
        task.ends_on,
    ]


def inspection_sheet(session: Session, statement: Select[Inspection]) -> bytes:
    """The inspections a filter lets through, one row per authority."""
    found = session.scalars(statement.limit(MOST_ROWS))
    rows = (row for inspection in found for row in _inspection_rows(inspection))
    return _workbook([("检查", _INSPECTION_HEADS, rows)])


def _inspection_rows(inspection: Inspection) -> Iterable[list[Any]]:
    for part in inspection.parts:
        record = part.record
        yield [
            inspection.task_number,
            inspection.task_name,
            inspection.object_id,
            inspection.object_name,
            inspection.object.region,
            inspection.object.address,
            inspection.method.zh,
            inspection.state.zh,
            part.authority_name,
            "、".join(f"{member.name}（{member.certificate}）" for member in part.team),
            record.inspected_on if record else "",
            record.finding.zh if record else "",
            record.summary if record else "",
            record.disposal.kind.zh if record else "",
            (record.disposal.deadline or "") if record else "",
        ]


def effectiveness_sheet(figures: Effectiveness) -> bytes:
    """The figures, and on a second sheet what each of them counts."""
    heads = ["机构", "区划", "检查数"] + [
        f"{figure.zh}{column}" for figure in Figure for column in ("", "（分子）", "（分母）")
    ]
    rows = [_effectiveness_row(row) for row in (*figures.authorities, figures.total)]
    definitions = [[figure.zh, figure.definition] for figure in Figure]
    period = [["统计期", f"{figures.from_date} 至 {figures.to_date}"]]
    return _workbook([("效能评估", heads, rows), ("指标定义", ["指标", "定义"], [*period, *definitions])])


def _effectiveness_row(row: AuthorityEffectiveness) -> list[Any]:
    cells: list[Any] = [row.authority_name, row.region, row.inspections]
    for figure in row.figures:
        cells += ["—" if figure.rate is None else f"{figure.rate:.1%}", figure.numerator, figure.denominator]
    return cells


def _workbook(sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]) -> bytes:
    buffer = io.BytesIO()
    # text that begins with `=` or looks like an address is text: what people enter must not become a formula
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        for name, heads, rows in sheets:
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, heads, bold)
            sheet.freeze_panes(1, 0)
            for line, row in enumerate(rows, start=1):
                for column, value in enumerate(row):
                    sheet.write(line, column, value, day if isinstance(value, date) else None)
            sheet.autofit()
    return buffer.getvalue()
