"""An object goes over to another authority, which inspects it in a task of its own; both keep their history."""

from __future__ import annotations

from datetime import datetime

from services.chassis.clock import today
from services.chassis.errors import malformed
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.events import InspectionsCancelled
from services.tasks.model.change import ChangeKind, Thing
from services.tasks.model.copies import Authority
from services.tasks.model.draft import Fixity, Selection, Staffing
from services.tasks.model.inspection import Inspection
from services.tasks.model.task import Task, TaskState, WrongMode
from services.tasks.model.terms import lies_within
from services.tasks.use_cases.access import find_task, led_inspection
from services.tasks.use_cases.changes import keep_change
from services.tasks.use_cases.competence import OutOfRegion
from services.tasks.use_cases.distribution import hand_on, require_claimed
from services.tasks.use_cases.making import new_inspection
from services.tasks.use_cases.objects import note_repeat, on_list
from services.tasks.use_cases.repeats import repeats_of
from services.tasks.use_cases.settling import settle_task


def transfer_object(
    work: Work, inspection_id: str, authority_id: str, reason: str, *, etag: str, by: Principal, now: datetime
) -> Inspection:
    """Hand the object of an inspection over before the visit begins; what takes its place is the answer."""
    task, old = led_inspection(work, inspection_id, by=by, etag=etag)
    old.require("replace")
    _require_single(old)
    receiver = work.get(Authority, authority_id)
    _require_competent(work, task, old, receiver, now)
    child = _task_of(work, task, receiver, by, now)
    new = _taken_over(work, child, old, reason, by, now)
    was_out = old.dispatched_at is not None
    old.replace(new.inspection_id, reason, by.subject, now)
    old.note(now, by.subject, "TRANSFERRED", reason, authority_id)
    work.add(new)
    if was_out:
        work.emit(InspectionsCancelled(task.task_id, (inspection_id,), "REPLACED", reason))
    before, after = Thing(task.authority_id, task.authority_name), Thing(authority_id, receiver.name)
    keep_change(work, ChangeKind.OBJECT_TRANSFERRED, old, reason, before=before, after=after, by=by, now=now)
    settle_task(work, task, now)
    settle_task(work, child, now)
    return new


def _require_single(inspection: Inspection) -> None:
    if inspection.is_joint or inspection.is_survey:
        raise WrongMode(
            "联合检查和摸底检查的对象不能移交其他机构",
            "the object of a joint inspection or a survey is not handed over",
        )


def _require_competent(work: Work, task: Task, old: Inspection, receiver: Authority, now: datetime) -> None:
    if receiver.authority_id == task.authority_id:
        raise malformed("authority_id", "SELF", "不能移交本机构", "the object is yours already")
    receiver.require_listed(today(now))
    if not lies_within(old.object.region, receiver.region):
        raise OutOfRegion(receiver.region, receiver.name, [old.object])
    require_claimed(work, task, receiver)


def _task_of(work: Work, task: Task, receiver: Authority, by: Principal, now: datetime) -> Task:
    """The task the receiver has of this one and that takes objects still, else another one."""
    children = work.all(
        Task, parent_task_id=task.task_id, authority_id=receiver.authority_id, deleted=False, survey=False
    )
    for child in children:
        is_open = child.state is TaskState.PENDING_EXECUTION and child.selection is Selection.MANUAL
        if is_open or (child.state is TaskState.EXECUTING and child.fixity is Fixity.SUPPLEMENTABLE):
            return find_task(work, child.task_id)
    mode = {"selection": Selection.MANUAL, "staffing": Staffing.ASSIGNED, "survey": False}
    return hand_on(work, task, receiver, mode, by=by, now=now)


def _taken_over(work: Work, child: Task, old: Inspection, reason: str, by: Principal, now: datetime) -> Inspection:
    if on_list(work, child, [old.object_id]):
        zh = f"{old.object_name} 已在 {child.authority_name} 的检查对象名单中"
        raise malformed("authority_id", "DUPLICATE", zh, f"{old.object_id!r} is on the list of that authority already")
    new = new_inspection(work, child, old.object, now, by.subject)
    new.replaces, new.lead_kind, new.lead_detail = old.inspection_id, old.lead_kind, old.lead_detail
    note_repeat(new, repeats_of(work, child, [old.object_id]).get(old.object_id, ()), reason, by, now)
    return new
