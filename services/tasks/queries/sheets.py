"""Excel files of what a list or a report shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from services.chassis.clock import SHANGHAI
from services.chassis.sheets import Sheet
from services.chassis.sheets import workbook_of as _workbook
from services.chassis.workdays import Workdays
from services.tasks.model.change import Change
from services.tasks.model.desk import DeadlineKind, Waiting, term
from services.tasks.model.draft import Fixity, Selection, Staffing, TaskOrigin, TaskType
from services.tasks.model.effectiveness import Breakdown, Effectiveness, Figure, FigureValue, WeeklyReport, WeeklyRow
from services.tasks.model.frequency import Frequencies
from services.tasks.model.inspection import Inspection
from services.tasks.model.task import Task, TaskState
from services.tasks.model.terms import LeadKind, TaskKind, TaskNature
from services.tasks.tables import changes, inspections

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
    "检查对象类型",
    "检查对象数量",
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
_OBJECT_HEADS = [
    "对象名称",
    "对象编码",
    "对象类型",
    "排除状态",
    "排除理由",
    "管辖区",
    "地址",
    "行业",
    "监管标签",
    "重复检查理由",
    "线索类型",
    "线索说明",
    "状态",
]
_OBJECT_TYPES = {
    "INSTITUTION": "机构类主体",
    "PERSON": "自然人主体",
    "AFFILIATE": "附属类主体",
    "SITE": "场地场所",
    "FACILITY": "设备设施",
    "SPECIAL_EQUIPMENT": "特种设备",
    "PROJECT": "项目工程",
    "PRODUCT": "特定产品",
}
_TEMPLATE = {
    "对象编码": "必填；名录库中的编码，机构类主体为统一社会信用代码",
    "对象名称": "可不填；填写时须与名录库一致",
    "重复检查理由": "本年度已就相同事项检查或安排检查的，必填",
    "线索类型": f"即时检查必填：{'、'.join(lead.zh for lead in LeadKind)}",
    "线索说明": "填写线索类型时必填",
}
_CHANGE_HEADS = ["时间", "检查任务编号", "对象编码", "对象名称", "变更类型", "变更内容", "理由", "机构", "操作人"]

_DEADLINE_HEADS = [
    "期限类别",
    "检查任务编号",
    "检查任务名称",
    "对象名称",
    "机构",
    "截止日期",
    "剩余天数",
    "剩余工作日",
    "是否超期",
    "到期后果",
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
        _kind(task.kind),
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
        "、".join(_OBJECT_TYPES.get(type, type) for type in task.object_types),
        task.object_count,
        task.starts_on,
        task.ends_on,
    ]


def object_sheet(session: Session, statement: Select[Inspection]) -> bytes:
    """The objects on the list of a task that a filter lets through."""
    found = session.scalars(statement.order_by(inspections.c.inspection_id).limit(MOST_ROWS))
    return _workbook([("检查对象名单", _OBJECT_HEADS, (_object_row(inspection) for inspection in found))])


def _object_row(inspection: Inspection) -> list[Any]:
    object = inspection.object
    return [
        object.name,
        object.object_id,
        _OBJECT_TYPES.get(object.type, object.type),
        "已排除" if inspection.excluded else "未排除",
        inspection.exclusion_reason,
        object.region,
        object.address,
        object.industry,
        "、".join(object.tags),
        inspection.repeat_reason,
        inspection.lead_kind.zh if inspection.lead_kind else "",
        inspection.lead_detail,
        inspection.state.zh,
    ]


def object_template() -> bytes:
    """An empty file of objects to fill in, and what goes into each column."""
    columns = list(_TEMPLATE)
    return _workbook([("检查对象", columns, []), ("填写说明", ["列", "说明"], list(_TEMPLATE.items()))])


def exclusion_template() -> bytes:
    """An empty file of objects to exclude, and what goes into each column."""
    columns = {name: _TEMPLATE[name] for name in ("对象编码", "对象名称")}
    return _workbook([("排除名单", list(columns), []), ("填写说明", ["列", "说明"], list(columns.items()))])


def change_sheet(session: Session, statement: Select[Change]) -> bytes:
    """The changes a filter lets through."""
    found = session.scalars(statement.order_by(changes.c.change_id.desc()).limit(MOST_ROWS))
    return _workbook([("变更记录", _CHANGE_HEADS, (_change_row(change) for change in found))])


def _change_row(change: Change) -> list[Any]:
    return [
        change.changed_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        change.task_number,
        change.object_id,
        change.object_name,
        change.kind.zh,
        change.text,
        change.reason,
        change.authority_id,
        change.changed_by,
    ]


def _kind(kind: TaskKind | None) -> str:
    if kind is None:
        return ""
    return "双随机抽查" if kind is TaskKind.RANDOM else _ZH[kind]


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


def deadline_sheet(due: Iterable[Waiting], today: date, workdays: Workdays) -> bytes:
    """What is due and what is over."""
    return _workbook([("期限", _DEADLINE_HEADS, (_deadline_row(item, today, workdays) for item in due))])


def _deadline_row(item: Waiting, today: date, workdays: Workdays) -> list[Any]:
    kind, left = DeadlineKind(item.kind), term(item.due_on or date.max, today, workdays)
    return [
        kind.zh,
        item.number,
        item.name,
        item.object_name,
        item.authority_name,
        left.due_on,
        left.days_left,
        left.workdays_left,
        "是" if left.overdue else "否",
        kind.consequence,
    ]


def effectiveness_sheet(figures: Effectiveness) -> bytes:
    """The figures, and on a second sheet what each of them counts."""
    heads = ["机构", "区划", "检查数", *_FIGURE_HEADS]
    rows = [
        [row.authority_name, row.region, row.inspections, *_figure_cells(row.figures)]
        for row in (*figures.authorities, figures.total)
    ]
    return _workbook([("效能评估", heads, rows), _definitions(figures.from_date, figures.to_date)])


def breakdown_sheet(figures: Breakdown) -> bytes:
    """The figures of every cell, and what each of them counts."""
    heads = ["区划", "机构", "领域", "任务类别", "期间", "检查数", *_FIGURE_HEADS]
    rows = [
        [
            row.region,
            row.authority_name,
            row.domain,
            _kind(row.kind),
            row.period,
            row.inspections,
            *_figure_cells(row.figures),
        ]
        for row in figures.rows
    ]
    return _workbook([("效能评估", heads, rows), _definitions(figures.from_date, figures.to_date)])


def frequency_sheet(found: Frequencies) -> bytes:
    """How often authorities inspect an object, and what is counted."""
    heads = ["机构", "区划", "检查数", "检查对象数", "频次", "受检两次及以上对象数", "单个对象最多受检次数"]
    rows = [
        [row.authority_name, row.region, row.inspections, row.objects, row.per_object, row.repeated, row.most]
        for row in (*found.rows, found.total)
    ]
    period = [["统计期", f"{found.from_date} 至 {found.to_date}"], ["口径", found.definition]]
    return _workbook([("检查频次", heads, rows), ("口径", ["项目", "说明"], period)])


def weekly_sheet(report: WeeklyReport) -> bytes:
    """The week by domain and authority, by domain, and what each figure counts."""
    heads = ["领域", "机构", "区划", "本周检查数", "上周检查数", *_FIGURE_HEADS]
    sheets = [("分领域分部门", report.rows), ("分领域", report.domains)]
    return _workbook(
        [
            *((name, heads, [_weekly_cells(row) for row in (*rows, report.total)]) for name, rows in sheets),
            _definitions(report.from_date, report.to_date),
        ]
    )


def _weekly_cells(row: WeeklyRow) -> list[Any]:
    own = [row.domain, row.authority_name, row.region, row.inspections, row.previous_inspections]
    return [*own, *_figure_cells(row.figures)]


def _figure_cells(figures: Iterable[FigureValue]) -> Iterable[Any]:
    for figure in figures:
        yield from ("—" if figure.rate is None else f"{figure.rate:.1%}", figure.numerator, figure.denominator)


_FIGURE_HEADS = [f"{figure.zh}{column}" for figure in Figure for column in ("", "（分子）", "（分母）")]


def _definitions(from_date: date, to_date: date) -> Sheet:
    rows = [["统计期", f"{from_date} 至 {to_date}"], *([figure.zh, figure.definition] for figure in Figure)]
    return ("指标定义", ["指标", "定义"], rows)
