"""What a task's inspections imply for the task: chosen, staffed, completed."""

from __future__ import annotations

from datetime import datetime

from services.chassis.clock import today
from services.chassis.work import Work
from services.tasks.events import TaskCompleted
from services.tasks.model.draft import Selection, TaskOrigin
from services.tasks.model.inspection import LIVE, OPEN, Inspection, InspectionState
from services.tasks.model.task import Task, TaskState


def settle_task(work: Work, task: Task, now: datetime) -> None:
    """Bring the task's flags up to date, and complete it when nothing is left to do. The task's row is held."""
    live = work.count(Inspection, task_id=task.task_id, excluded=False, state=LIVE)
    unstaffed = work.count(Inspection, task_id=task.task_id, excluded=False, state=LIVE, staffed=False)
    if task.selection is Selection.MANUAL or task.origin is TaskOrigin.MATCHED:
        task.objects_chosen = live > 0
    task.staffed = live > 0 and unstaffed == 0
    task.object_count, task.staffed_count = live, live - unstaffed
    if _is_done(work, task, now):
        task.complete(now)
        work.emit(TaskCompleted(task.task_id, task.plan_id))


def _is_done(work: Work, task: Task, now: datetime) -> bool:
    if task.awaits_supplements(today(now)):
        return False
    if work.count(Inspection, task_id=task.task_id, excluded=False, state=OPEN):
        return False
    if task.state is TaskState.EXECUTING:
        return work.count(Inspection, task_id=task.task_id, excluded=False) > 0
    # every object of a drawn task went into joint inspections, so there is nothing left to send out
    merged = work.count(Inspection, task_id=task.task_id, state=InspectionState.MERGED)
    return task.state is TaskState.PENDING_EXECUTION and merged > 0
