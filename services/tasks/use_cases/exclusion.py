"""Leaving objects out by rules, each with the rule as its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.chassis.errors import NoSuchThing
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.model.change import ChangeKind
from services.tasks.model.exclusion import Exclusion, ExclusionRules
from services.tasks.model.inspection import WAITING, Inspection
from services.tasks.model.task import Task
from services.tasks.model.terms import HistoryEntry
from services.tasks.use_cases.access import led_task
from services.tasks.use_cases.changes import keep_changes
from services.tasks.use_cases.excluding import met
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
    names = ("inspection_id", "task_id", "task_number", "object_id", "object_name")
    for batch in work.row_batches(Inspection, names, AT_A_TIME, task_id=task.task_id, excluded=False, **WAITING):
        by_reason: dict[str, list[Any]] = defaultdict(list)
        for row, rule, reason in met(work, task, rules, batch):
            by_reason[reason].append(row)
            done.by_rule[rule] += 1
        for reason, rows in by_reason.items():
            _exclude(work, rows, reason, by, now)
    _keep(work, task, rules, done, by, now)
    settle_task(work, task, now)
    done.counts = count_objects(work, task)
    return done


def _exclude(work: Work, met: Sequence[Any], reason: str, by: Principal, now: datetime) -> None:
    """What waits can be excluded; see `Inspection.possible`."""
    marks = {"excluded": True, "exclusion_reason": reason}
    entry = {"history": HistoryEntry(now, by.subject, "EXCLUDED", reason)}
    work.change(Inspection, marks, append=entry, inspection_id=[row.inspection_id for row in met])
    keep_changes(work, ChangeKind.OBJECT_EXCLUDED, met, reason, by=by, now=now)


def _keep(work: Work, task: Task, rules: ExclusionRules, done: Excluded, by: Principal, now: datetime) -> None:
    """Keep the rules with the task: who asks later why an object was left out finds them."""
    kept = {
        "exclusion_id": work.new_id(),
        "task_id": task.task_id,
        "authority_id": by.authority,
        "record": rules.record,
        "registration_statuses": rules.registration_statuses,
        "object_ids": tuple(sorted(rules.object_ids)),
        "by_record": done.by_record,
        "by_status": done.by_status,
        "by_list": done.by_list,
        "applied_by": by.subject,
        "applied_at": now,
    }
    work.insert(Exclusion, [kept])


def kept_exclusion(work: Work, task: Task, exclusion_id: str) -> Exclusion:
    """Rules that were applied to the list of a task."""
    found = work.find(Exclusion, exclusion_id=exclusion_id, task_id=task.task_id)
    if found is None:
        raise NoSuchThing("Exclusion", exclusion_id)
    return found
