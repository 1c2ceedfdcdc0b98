"""Whose task or inspection it is, and who may do what with it."""

from __future__ import annotations

from services.chassis.errors import NoSuchThing
from services.chassis.identity import NotYours, Principal
from services.chassis.work import Work
from services.tasks.model.inspection import Inspection
from services.tasks.model.part import Part
from services.tasks.model.task import Task, TaskState

OVERSEERS = frozenset({"supervisor", "administrator", "system"})
"""Roles that read everything."""


def find_task(work: Work, task_id: str, *, etag: str = "", lock: bool = True) -> Task:
    """A task that is not deleted, its row held so that what hangs on it is counted by one at a time."""
    task = work.get(Task, task_id, etag=etag, lock=lock)
    if task.deleted:
        raise NoSuchThing("Task", task_id)
    return task


def known_task(work: Work, task_id: str) -> Task | None:
    """A task that a fact speaks of, held; None when it was deleted or purged meanwhile."""
    try:
        return find_task(work, task_id)
    except NoSuchThing:
        return None


def led_task(work: Work, task_id: str, *, by: Principal, etag: str = "") -> Task:
    """A task that the caller's authority leads."""
    task = find_task(work, task_id, etag=etag)
    by.require(authority=task.authority_id)
    return task


def joined_task(work: Work, task_id: str, *, by: Principal) -> Task:
    """A task that the caller's authority takes part in."""
    task = find_task(work, task_id)
    if all(participant.authority_id != by.authority for participant in task.parts()):
        raise NotYours("authority", task.authority_id)
    return task


def require_reader(task: Task, by: Principal) -> None:
    """Refuse who neither takes part nor oversees."""
    invited = task.participant(by.authority) is not None and task.state is not TaskState.DRAFT
    if not (by.roles & OVERSEERS or by.authority == task.authority_id or invited):
        raise NotYours("authority", task.authority_id)


def require_inspection_reader(inspection: Inspection, by: Principal) -> None:
    """Refuse who neither takes part nor oversees nor is the object itself, once the inspection is sent out."""
    is_own = bool(by.object) and by.object == inspection.object_id and inspection.dispatched_at is not None
    takes_part = bool(by.authority) and (
        inspection.authority_id == by.authority or inspection.part(by.authority) is not None
    )
    if not (is_own or takes_part or by.roles & OVERSEERS):
        raise NotYours("authority", inspection.authority_id)


def find_inspection(work: Work, inspection_id: str, *, etag: str = "") -> tuple[Task, Inspection]:
    """An inspection and its task, both held; always in this order, so that no two callers wait for each other."""
    task = find_task(work, work.get(Inspection, inspection_id).task_id)
    return task, work.get(Inspection, inspection_id, etag=etag, lock=True)


def led_inspection(work: Work, inspection_id: str, *, by: Principal, etag: str = "") -> tuple[Task, Inspection]:
    """An inspection of a task that the caller's authority leads."""
    task, inspection = find_inspection(work, inspection_id, etag=etag)
    by.require(authority=task.authority_id)
    return task, inspection


def own_part(inspection: Inspection, by: Principal) -> Part:
    """The part of the caller's authority."""
    part = inspection.part(by.authority) if by.authority else None
    if part is None:
        raise NotYours("authority", inspection.authority_id)
    return part
