"""Leaving objects out by rules, each with the rule as its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.model.change import ChangeKind
from services.tasks.model.copies import DirectoryObject
from services.tasks.model.exclusion import Earlier, ExclusionRules
from services.tasks.model.inspection import LIVE, WAITING, Inspection
from services.tasks.model.part import Part
from services.tasks.model.task import Task
from services.tasks.model.terms import HistoryEntry, TaskNature
from services.tasks.use_cases.access import led_task
from services.tasks.use_cases.changes import keep_changes
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
        for row, rule, reason in _met(work, task, rules, batch):
            by_reason[reason].append(row)
            done.by_rule[rule] += 1
        for reason, met in by_reason.items():
            _exclude(work, met, reason, by, now)
    settle_task(work, task, now)
    done.counts = count_objects(work, task)
    return done


def _exclude(work: Work, met: Sequence[Any], reason: str, by: Principal, now: datetime) -> None:
    """What waits can be excluded; see `Inspection.possible`."""
    marks = {"excluded": True, "exclusion_reason": reason}
    entry = {"history": HistoryEntry(now, by.subject, "EXCLUDED", reason)}
    work.change(Inspection, marks, append=entry, inspection_id=[row.inspection_id for row in met])
    keep_changes(work, ChangeKind.OBJECT_EXCLUDED, met, reason, by=by, now=now)


def _met(work: Work, task: Task, rules: ExclusionRules, batch: Sequence[Any]) -> list[tuple[Any, str, str]]:
    """Of a batch, what a rule meets, with the rule and why."""
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
