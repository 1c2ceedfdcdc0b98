"""What rules of exclusion meet: on the list, and, if the lead says so, among what comes on it later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chassis.clock import today
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.model.change import ChangeKind
from services.tasks.model.copies import DirectoryObject
from services.tasks.model.exclusion import Earlier, Exclusion, ExclusionRules
from services.tasks.model.inspection import LIVE, Inspection
from services.tasks.model.part import Part
from services.tasks.model.task import Task
from services.tasks.model.terms import TaskNature
from services.tasks.use_cases.changes import keep_changes


def exclude_new(work: Work, task: Task, made: Sequence[Inspection], by: Principal, now: datetime) -> int:
    """Exclude, of objects that come on the list, what the rules kept with the task meet; how many."""
    by_reason: dict[str, list[Inspection]] = defaultdict(list)
    for kept in work.all(Exclusion, task_id=task.task_id, order_by=["exclusion_id"]):
        left = [inspection for inspection in made if not inspection.excluded]
        for inspection, _, why in met(work, task, kept.rules, left):
            reason = f"{why}（适用 {today(kept.applied_at)} 设置的排除规则）"
            inspection.exclude(True, reason, by.subject, now)
            by_reason[reason].append(inspection)
    for reason, excluded in by_reason.items():
        keep_changes(work, ChangeKind.OBJECT_EXCLUDED, excluded, reason, by=by, now=now)
    return sum(map(len, by_reason.values()))


def met(work: Work, task: Task, rules: ExclusionRules, batch: Sequence[Any]) -> list[tuple[Any, str, str]]:
    """Of a batch of inspections, or of rows that name their objects, what a rule meets, with the rule and why."""
    ids = [row.object_id for row in batch]
    statuses = _statuses(work, ids) if rules.registration_statuses else {}
    others = _others(work, task, ids) if rules.record else {}
    met = []
    for row in batch:
        id = row.object_id
        found = rules.met_by(id, statuses.get(id, ""), others.get(id, ()), task.year)
        if found is not None:
            met.append((row, *found))
    return met


def _statuses(work: Work, object_ids: Sequence[str]) -> dict[str, str]:
    rows = work.rows(DirectoryObject, ("object_id", "registration_status"), object_id=object_ids)
    return dict(rows)


def _others(work: Work, task: Task, object_ids: Sequence[str]) -> dict[str, list[Earlier]]:
    """The other inspections of each object by the lead that count, done and pending."""
    names = ("inspection_id", "task_id", "object_id", "kind", "starts_on")
    counting: dict[str, object] = {"nature": TaskNature.FORMAL, "state": LIVE, "excluded": False}
    rows = work.rows(Inspection, names, object_id=object_ids, **counting)
    formal = {row.inspection_id: row for row in rows if row.task_id != task.task_id}
    ours = {"inspection_id": list(formal), "authority_id": task.authority_id}
    found: dict[str, list[Earlier]] = defaultdict(list)
    for id, finding, day in work.rows(Part, ("inspection_id", "finding", "inspected_on"), **ours):
        other = formal[id]
        found[other.object_id].append(Earlier(other.kind, other.starts_on, finding, day))
    return found
