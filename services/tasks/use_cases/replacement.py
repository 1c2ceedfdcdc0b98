"""What falls away after it was chosen: another object takes its place, or nothing does."""

from __future__ import annotations

from datetime import datetime

from services.chassis.errors import InvalidArgument, malformed, required
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.events import InspectionsCancelled
from services.tasks.model.change import ChangeKind
from services.tasks.model.draft import Selection
from services.tasks.model.drawing import NoSubstituteLeft, Substitute
from services.tasks.model.inspection import InspectedObject, Inspection
from services.tasks.model.task import Task, TaskState
from services.tasks.model.terms import NotNow, TaskKind
from services.tasks.use_cases.access import led_inspection
from services.tasks.use_cases.changes import keep_change, object_of
from services.tasks.use_cases.competence import require_region
from services.tasks.use_cases.dispatch import announce_dispatch
from services.tasks.use_cases.making import as_inspected, directory, new_inspection
from services.tasks.use_cases.objects import live, note_repeat, require_known
from services.tasks.use_cases.repeats import repeats_of, require_reason
from services.tasks.use_cases.settling import settle_task


def replace_object(
    work: Work,
    inspection_id: str,
    reason: str,
    object_id: str,
    repeat_reason: str = "",
    *,
    etag: str,
    by: Principal,
    now: datetime,
) -> Inspection:
    """Put another object in the place of one; when that was sent out, the new one is at once."""
    task, old = led_inspection(work, inspection_id, by=by, etag=etag)
    old.require("replace")
    if task.state not in (TaskState.PENDING_EXECUTION, TaskState.EXECUTING):
        raise NotNow("task", task.state, "replace", task.possible())
    new = _from_draw(work, task, old, object_id, now) if old.round else _by_hand(work, task, object_id, now)
    if not old.round:
        _check_repeats(work, task, new, repeat_reason, by, now)
    take_place(new, old)
    was_out = old.dispatched_at is not None
    old.replace(new.inspection_id, reason, by.subject, now)
    work.add(new)
    if was_out:
        work.emit(InspectionsCancelled(task.task_id, (old.inspection_id,), "REPLACED", reason))
        new.dispatch(by.subject, now)
        announce_dispatch(work, task, [new])
    keep_change(
        work, ChangeKind.OBJECT_REPLACED, old, reason, before=object_of(old), after=object_of(new), by=by, now=now
    )
    settle_task(work, task, now)
    return new


def _check_repeats(work: Work, task: Task, new: Inspection, reason: str, by: Principal, now: datetime) -> None:
    repeats = repeats_of(work, task, [new.object_id]).get(new.object_id, ())
    require_reason(repeats, reason, "repeat_reason")
    note_repeat(new, repeats, reason, by, now)


def take_place(new: Inspection, old: Inspection) -> None:
    """Take over the lead and the teams."""
    new.replaces = old.inspection_id
    new.lead_kind, new.lead_detail = old.lead_kind, old.lead_detail
    for part in new.parts:
        theirs = old.part(part.authority_id)
        if theirs is not None:
            part.matter_ids = theirs.matter_ids
            part.staff(theirs.team)
    new.settle_staff()


def _from_draw(work: Work, task: Task, old: Inspection, object_id: str, now: datetime) -> Inspection:
    if object_id:
        zh = "随机抽取的任务按候补顺序替换，不能指定检查对象"
        raise malformed(
            "object_id", "DRAWN", zh, "a drawn object is replaced by the next substitute; give no object_id"
        )
    unused = work.all(
        Substitute,
        task_id=task.task_id,
        round=task.draw_round,
        stratum=old.stratum,
        inspection_id="",
        order_by=["rank"],
        limit=1,
    )
    if not unused:
        raise NoSubstituteLeft(old.stratum)
    substitute = unused[0]
    known = directory(work, [substitute.object_id]).get(substitute.object_id)
    drawn = InspectedObject(substitute.object_id, substitute.name, region=substitute.region)
    new = new_inspection(work, task, as_inspected(known) if known else drawn, now)
    new.stratum, new.rank, new.round = substitute.stratum, substitute.rank, substitute.round
    substitute.inspection_id = new.inspection_id
    return new


def _by_hand(work: Work, task: Task, object_id: str, now: datetime) -> Inspection:
    if task.selection is Selection.RANDOM or task.kind is TaskKind.RANDOM:
        raise NoSubstituteLeft("")
    if not object_id:
        raise InvalidArgument(required("object_id"))
    if live(work, task, [object_id]):
        raise malformed("object_id", "DUPLICATE", f"{object_id} 已在名单中", f"{object_id!r} is on the list already")
    objects = require_known(work, [object_id])
    require_region(work, task, objects.values())
    return new_inspection(work, task, as_inspected(objects[object_id]), now)


def cancel_inspection(
    work: Work, inspection_id: str, reason: str, *, etag: str, by: Principal, now: datetime
) -> Inspection:
    """Call a single inspection off before it is recorded."""
    task, inspection = led_inspection(work, inspection_id, by=by, etag=etag)
    was_out = inspection.dispatched_at is not None
    inspection.cancel(reason, by.subject, now)
    if was_out:
        work.emit(InspectionsCancelled(task.task_id, (inspection_id,), "CANCELLED", reason))
    keep_change(work, ChangeKind.INSPECTION_CANCELLED, inspection, reason, by=by, now=now)
    settle_task(work, task, now)
    return inspection
