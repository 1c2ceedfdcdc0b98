"""Leaving objects out by rules, each with the rule as its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.model.change import ChangeKind
from services.tasks.model.exclusion import ExclusionRules
from services.tasks.model.inspection import LIVE, Inspection, InspectionState
from services.tasks.model.task import Task
from services.tasks.model.terms import TaskNature
from services.tasks.use_cases.access import led_task
from services.tasks.use_cases.changes import keep_changes
from services.tasks.use_cases.making import directory
from services.tasks.use_cases.objects import MOST_ROWS, ObjectCounts, count_objects, require_at_most
from services.tasks.use_cases.settling import settle_task

AT_A_TIME = 500


@dataclass
class Excluded:
    """How many each rule excluded, and the list now."""

    counts: ObjectCounts | None = None
    by_rule: dict[str, int] = field(default_factory=lambda: {"record": 0, "status": 0, "list": 0})

    @property
    def by_record(self) -> int:
        return self.by_rule["record"]

    @property
    def by_status(self) -> int:
        return self.by_rule["status"]

    @property
    def by_list(self) -> int:
        return self.by_rule["list"]


def exclude_objects(work: Work, task_id: str, rules: ExclusionRules, *, by: Principal, now: datetime) -> Excluded:
    """Mark what the rules meet as excluded, among the objects that are not sent out."""
    task = led_task(work, task_id, by=by)
    task.require_addable()
    require_at_most("object_ids", len(rules.object_ids), MOST_ROWS)
    rules.check(task.year)
    done = Excluded()
    waiting: dict[str, object] = {"state": InspectionState.PENDING, "dispatched_at": None, "excluded": False}
    for batch in work.batches(Inspection, AT_A_TIME, task_id=task.task_id, **waiting):
        by_reason: dict[str, list[Inspection]] = defaultdict(list)
        for inspection, rule, reason in _met(work, task, rules, batch):
            inspection.exclude(True, reason, by.subject, now)
            by_reason[reason].append(inspection)
            done.by_rule[rule] += 1
        for reason, excluded in by_reason.items():
            keep_changes(work, ChangeKind.OBJECT_EXCLUDED, excluded, reason, by=by, now=now)
    settle_task(work, task, now)
    done.counts = count_objects(work, task)
    return done


def _met(
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
