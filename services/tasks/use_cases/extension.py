"""任务延期: a task that cannot be done by its last day gets a later one, and all that hangs on it follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.clock import today
from services.chassis.errors import InvalidArgument, required
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.events import TaskExtended
from services.tasks.model.copies import Authority, Plan
from services.tasks.model.extension import Extension, ExtensionState
from services.tasks.model.inspection import OPEN, Inspection, InspectionState
from services.tasks.model.task import Task
from services.tasks.use_cases.access import led_task
from services.tasks.use_cases.task import announce_formed

AT_A_TIME = 500
_WAITS_FOR_VISIT = (InspectionState.PENDING, InspectionState.CODED)


@dataclass(frozen=True)
class MoreTime:
    """What a manager asks for."""

    ends_on: date | None = None
    reason: str = ""

    def of(self, task: Task, by: Principal, now: datetime) -> Extension:
        """The extension of a task."""
        if self.ends_on is None:
            raise InvalidArgument(required("ends_on"))
        return Extension(ExtensionState.SUBMITTED, self.ends_on, task.ends_on, self.reason, by.subject, now)


def extend_task(work: Work, task_id: str, wanted: MoreTime, *, etag: str, by: Principal, now: datetime) -> Task:
    """Ask for a later last day; where no scheme was approved it holds at once."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.require("extend")
    asked = wanted.of(task, by, now)
    _check(work, task, asked, now)
    if task.extend(asked, by.subject, now):
        _grant(work, task, by, now)
    return task


def approve_extension(work: Work, task_id: str, *, etag: str, by: Principal, now: datetime) -> Task:
    """The head approves it: the rules are asked again, for days have passed."""
    task = led_task(work, task_id, by=by, etag=etag)
    _check(work, task, task.waiting_extension(), now)
    _grant(work, task, by, now)
    return task


def reject_extension(work: Work, task_id: str, reason: str, *, etag: str, by: Principal, now: datetime) -> Task:
    """The head rejects it."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.decide_extension(ExtensionState.REJECTED, reason, by.subject, now)
    return task


def _check(work: Work, task: Task, extension: Extension, now: datetime) -> None:
    work.get(Authority, task.authority_id).require_listed(today(now))
    plan = work.find(Plan, plan_id=task.plan_id) if task.plan_id else None
    extension.check(task.ends_on, task.starts_on.year, plan.ends_on if plan else None, today(now))


def _grant(work: Work, task: Task, by: Principal, now: datetime) -> None:
    """The last day moves for the task, for its inspections, and by facts for whoever goes by it."""
    task.decide_extension(ExtensionState.APPROVED, "", by.subject, now)
    announce_formed(work, task)
    number = sum(extension.state is ExtensionState.APPROVED for extension in task.extensions)
    for batch in work.batches(Inspection, AT_A_TIME, task_id=task.task_id, state=OPEN):
        for inspection in batch:
            inspection.ends_on = task.ends_on
        waiting = tuple(inspection.inspection_id for inspection in batch if _waits_for_visit(inspection))
        if waiting:
            work.emit(TaskExtended(task.task_id, number, task.ends_on, waiting))


def _waits_for_visit(inspection: Inspection) -> bool:
    is_out = inspection.dispatched_at is not None and inspection.is_on_site
    return is_out and inspection.state in _WAITS_FOR_VISIT
