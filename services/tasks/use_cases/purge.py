"""Test tasks vanish at their time, with all that hangs on them (CQ 备注2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.chassis.work import Work
from services.tasks.events import TaskPurged
from services.tasks.model.inspection import Inspection
from services.tasks.model.task import Task
from services.tasks.model.terms import TaskNature
from services.tasks.use_cases.dispatch import MOST_IN_A_FACT

AT_ONCE = 20


def purge_test_tasks(work: Work, *, now: datetime) -> None:
    """Forget test tasks whose time is over."""
    tests = work.all(Task, nature=TaskNature.TEST, order_by=["expires_at"], limit=AT_ONCE)
    for task in tests:
        if task.expires_at is not None and task.expires_at <= now:
            _purge(work, task)


def _purge(work: Work, task: Task) -> None:
    """The tables let everything that hangs on a task go with it."""
    told = TaskPurged(task.task_id, task.plan_id)
    hangs = False
    for batch in work.row_batches(Inspection, ("inspection_id",), MOST_IN_A_FACT, task_id=task.task_id):
        work.emit(replace(told, inspection_ids=tuple(row.inspection_id for row in batch)))
        hangs = True
    if not hangs:
        work.emit(told)
    work.delete(task)
