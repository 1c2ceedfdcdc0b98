"""Sending inspections out: what is announced, in facts of at most 500."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.events import DispatchedInspection, InspectionPart, InspectionsDispatched
from services.tasks.model.inspection import Inspection, InspectionState
from services.tasks.model.task import Task
from services.tasks.use_cases.access import led_task
from services.tasks.use_cases.settling import settle_task

MOST_IN_A_FACT = 500


def dispatch_task(work: Work, task_id: str, *, etag: str, by: Principal, now: datetime) -> Task:
    """Send out all inspections of a task that have not been."""
    task = led_task(work, task_id, by=by, etag=etag)
    settle_task(work, task, now)
    task.dispatch(by.subject, now)
    waiting: dict[str, object] = {"state": InspectionState.PENDING, "dispatched_at": None, "excluded": False}
    for batch in work.batches(Inspection, MOST_IN_A_FACT, task_id=task.task_id, **waiting):
        for inspection in batch:
            inspection.dispatch(by.subject, now)
        announce_dispatch(work, task, batch)
    return task


def announce_dispatch(work: Work, task: Task, inspections: Iterable[Inspection]) -> None:
    """Announce inspections that go out, those that ask for the same kind of code together."""
    by_kind: dict[str, list[Inspection]] = {}
    for inspection in inspections:
        by_kind.setdefault(_code_kind(inspection), []).append(inspection)
    for kind, all_of_kind in by_kind.items():
        for start in range(0, len(all_of_kind), MOST_IN_A_FACT):
            chunk = tuple(_dispatched(all_of_kind[start : start + MOST_IN_A_FACT]))
            work.emit(
                InspectionsDispatched(
                    task_id=task.task_id,
                    task_number=task.number,
                    task_name=task.name,
                    kind=task.kind,
                    nature=task.nature,
                    authority_id=task.authority_id,
                    method=task.method,
                    starts_on=task.starts_on,
                    ends_on=task.ends_on,
                    inspections=chunk,
                    code_kind=kind,
                )
            )


def _code_kind(inspection: Inspection) -> str:
    if inspection.is_survey:
        return "SURVEY"
    return "JOINT" if inspection.is_joint else "SINGLE"


def _dispatched(inspections: Iterable[Inspection]) -> Iterator[DispatchedInspection]:
    for inspection in inspections:
        parts = tuple(
            InspectionPart(part.authority_id, part.matter_ids, tuple(member.certificate for member in part.team))
            for part in inspection.parts
        )
        yield DispatchedInspection(
            inspection.inspection_id, inspection.object_id, parts, inspection.lead_kind, inspection.lead_detail
        )
