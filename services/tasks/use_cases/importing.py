"""Objects of a task from the rows of a file (导入检查对象): good rows go in, bad ones are reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.identity import Principal
from services.chassis.import_report import ImportReport, Rejection
from services.chassis.work import Work
from services.tasks.model.copies import DirectoryObject
from services.tasks.model.exclusion import ExclusionRules
from services.tasks.model.task import Task
from services.tasks.model.terms import LeadKind
from services.tasks.use_cases.access import led_task
from services.tasks.use_cases.competence import within_region
from services.tasks.use_cases.exclusion import exclude_objects
from services.tasks.use_cases.making import directory
from services.tasks.use_cases.objects import (
    MOST_ROWS,
    ObjectChoice,
    RepeatWarning,
    addable_task,
    needs_lead,
    on_list,
    require_at_most,
    take,
)

_LEADS = {lead.zh: lead for lead in LeadKind} | {lead.value: lead for lead in LeadKind}


@dataclass(frozen=True)
class ObjectRow:
    """A row of a file, all text."""

    line: int = 0
    object_id: str = ""
    name: str = ""
    repeat_reason: str = ""
    lead: str = ""
    lead_detail: str = ""

    @property
    def choice(self) -> ObjectChoice:
        return ObjectChoice(self.object_id, self.repeat_reason, _LEADS.get(self.lead), self.lead_detail)


def import_objects(
    work: Work,
    task_id: str,
    rows: Sequence[ObjectRow],
    *,
    apply_exclusions: bool = False,
    by: Principal,
    now: datetime,
) -> ImportReport:
    """Add the objects that rows name, row by row."""
    task = addable_task(work, task_id, by, now)
    require_at_most("rows", len(rows), MOST_ROWS)
    report = ImportReport()
    known = directory(work, {row.object_id for row in rows})
    inside = {object.object_id for object in within_region(work, task, known.values())}
    sound = _sound(task, rows, known, inside, report)
    present = on_list(work, task, sound)
    new = [row.choice for id, row in sound.items() if id not in present]
    report.imported, warnings, _ = take(work, task, new, known, by, now, apply_exclusions)
    report.unchanged = len(present)
    report.rejections += _repeats(sound, warnings)
    report.rejections.sort(key=lambda rejection: rejection.line)
    return report


def _sound(
    task: Task,
    rows: Iterable[ObjectRow],
    known: Mapping[str, DirectoryObject],
    inside: set[str],
    report: ImportReport,
) -> dict[str, ObjectRow]:
    """The first row of each object that nothing is wrong with; the others are reported."""
    sound: dict[str, ObjectRow] = {}
    for row in rows:
        rejection = _fault(task, row, known.get(row.object_id), row.object_id in inside) or _named_twice(row, sound)
        if rejection is None:
            sound[row.object_id] = row
        else:
            report.rejections.append(rejection)
    return sound


def import_exclusions(
    work: Work, task_id: str, rows: Sequence[ObjectRow], *, by: Principal, now: datetime
) -> ImportReport:
    """Exclude by a named list from a file (导入排除名单); what is not on the task's list is kept in the rule."""
    led_task(work, task_id, by=by).require_addable()
    require_at_most("rows", len(rows), MOST_ROWS)
    report, named = ImportReport(), dict[str, ObjectRow]()
    known = directory(work, {row.object_id for row in rows})
    for row in rows:
        rejection = _misnamed(row, known.get(row.object_id)) or _named_twice(row, named)
        if rejection is None:
            named[row.object_id] = row
        else:
            report.rejections.append(rejection)
    if named:
        rules = ExclusionRules(object_ids=frozenset(named))
        report.imported = exclude_objects(work, task_id, rules, by=by, now=now).by_list
    report.unchanged = len(named) - report.imported
    return report


def _named_twice(row: ObjectRow, named: Mapping[str, ObjectRow]) -> Rejection | None:
    earlier = named.get(row.object_id)
    if earlier is None:
        return None
    return _refused(row, "对象编码", row.object_id, "DUPLICATE", f"与第 {earlier.line} 行重复")


def _fault(task: Task, row: ObjectRow, object: DirectoryObject | None, is_inside: bool) -> Rejection | None:
    if misnamed := _misnamed(row, object):
        return misnamed
    assert object is not None
    if not is_inside:
        reason = f"区划 {object.region} 超出属地管辖范围（{task.region}），须附异地协助文件"
        return _refused(row, "对象编码", row.object_id, "OUT_OF_REGION", reason)
    return _lead_fault(task, row)


def _misnamed(row: ObjectRow, object: DirectoryObject | None) -> Rejection | None:
    """What is wrong with how a row names an object of the directory."""
    if not row.object_id:
        return _refused(row, "对象编码", "", "REQUIRED", "缺少对象编码")
    if object is None:
        return _refused(row, "对象编码", row.object_id, "UNKNOWN", "检查对象不在名录库中，请先录入名录库")
    if row.name and row.name != object.name:
        reason = f"与名录库中的名称（{object.name}）不一致，请核对对象编码"
        return _refused(row, "对象名称", row.name, "NAME_MISMATCH", reason)
    return None


def _lead_fault(task: Task, row: ObjectRow) -> Rejection | None:
    offered = "、".join(lead.zh for lead in LeadKind)
    if row.lead and row.lead not in _LEADS:
        return _refused(row, "线索类型", row.lead, "LEAD", f"应为{offered}之一")
    if needs_lead(task) and not row.lead:
        return _refused(row, "线索类型", "", "REQUIRED", f"即时检查须填写线索类型：{offered}")
    if row.lead and not row.lead_detail:
        return _refused(row, "线索说明", "", "REQUIRED", "填写线索类型时须说明线索")
    return None


def _repeats(sound: Mapping[str, ObjectRow], warnings: Iterable[RepeatWarning]) -> list[Rejection]:
    """Rows whose objects are inspected for the same matter this year, and that give no reason (TJ 10)."""
    first = {warning.object_id: warning for warning in reversed(list(warnings)) if not warning.added}
    return [
        _refused(
            sound[id],
            "重复检查理由",
            "",
            "REPEATED_THIS_YEAR",
            f"本年度已就事项 {warning.matter_id} 列入 {warning.task_number}，请删除该行或填写重复检查理由",
        )
        for id, warning in first.items()
    ]


def _refused(row: ObjectRow, column: str, value: str, rule: str, reason: str) -> Rejection:
    return Rejection(row.line, column, value, rule, reason)
