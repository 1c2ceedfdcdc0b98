"""What rules of exclusion meet: on the list, and, if the lead says so, among what comes on it later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from services.chassis.clock import today
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.model.change import ChangeKind
from services.tasks.model.exclusion import Exclusion, ExclusionRules
from services.tasks.model.inspection import LIVE, Inspection
from services.tasks.model.task import Task
from services.tasks.model.terms import TaskNature
from services.tasks.use_cases.changes import keep_changes
from services.tasks.use_cases.making import directory


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


def met(
    work: Work, task: Task, rules: ExclusionRules, batch: Sequence[Inspection]
) -> list[tuple[Inspection, str, str]]:
    """Of a batch, what a rule meets, with the rule and why."""
    ids = [inspection.object_id for inspection in batch]
    known = directory(work, ids) if rules.registration_statuses else {}
    others = _others(work, task, ids) if rules.record else {}
    met = []
    for inspection in batch:
        id = inspection.object_id
        status = known[id].registration_status if id in known else ""
        found = rules.met_by(id, status, others.get(id, ()), task.authority_id, task.year)
        if found is not None:
            met.append((inspection, *found))
    return met


def _others(work: Work, task: Task, object_ids: Sequence[str]) -> dict[str, list[Inspection]]:
    """The other inspections of each object that count, done and pending."""
    found: dict[str, list[Inspection]] = defaultdict(list)
    formal = work.all(Inspection, object_id=object_ids, nature=TaskNature.FORMAL, state=LIVE, excluded=False)
    for other in formal:
        if other.task_id != task.task_id:
            found[other.object_id].append(other)
    return found
