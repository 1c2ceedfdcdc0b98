"""Which objects a task inspects, when they are chosen by hand (CQ 附件1 2.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.clock import today
from services.chassis.errors import InvalidArgument, NoSuchThing, Violation, malformed, required
from services.chassis.identity import NotYours, Principal
from services.chassis.work import Work
from services.tasks.model.change import ChangeKind
from services.tasks.model.copies import DirectoryObject
from services.tasks.model.draft import Fixity
from services.tasks.model.inspection import LIVE, Inspection
from services.tasks.model.task import Task, TaskState, WrongMode
from services.tasks.model.terms import LeadKind, TaskKind
from services.tasks.use_cases.access import joined_task, led_task
from services.tasks.use_cases.changes import keep_changes
from services.tasks.use_cases.competence import require_region, within_region
from services.tasks.use_cases.excluding import exclude_new
from services.tasks.use_cases.making import as_inspected, directory, keep_inspections, new_inspection
from services.tasks.use_cases.repeats import Repeat, repeats_of, require_reason
from services.tasks.use_cases.settling import settle_task

MOST_OBJECTS = 500
MOST_ROWS = 5000


@dataclass(frozen=True)
class ObjectChoice:
    """An object to add."""

    object_id: str = ""
    repeat_reason: str = ""
    lead_kind: LeadKind | None = None
    lead_detail: str = ""


@dataclass(frozen=True)
class RepeatWarning:
    """The authority inspects this object for this matter in the same year already (TJ 10)."""

    object_id: str
    object_name: str
    authority_id: str
    matter_id: str
    inspection_id: str
    task_number: str
    added: bool


@dataclass(frozen=True)
class Added:
    """What became of the objects."""

    added: int
    present: int
    warnings: tuple[RepeatWarning, ...]
    excluded: int = 0


@dataclass(frozen=True)
class AddedMatching:
    """What became of the objects that a filter shows."""

    matched: int
    added: int
    present: int
    outside: int
    warnings: tuple[RepeatWarning, ...]
    excluded: int = 0


@dataclass(frozen=True)
class ObjectCounts:
    """How many objects are on the list."""

    total: int
    excluded: int
    repeated: int
    dispatched: int

    @property
    def remaining(self) -> int:
        return self.total - self.excluded


def add_objects(
    work: Work,
    task_id: str,
    choices: tuple[ObjectChoice, ...],
    *,
    apply_exclusions: bool = False,
    by: Principal,
    now: datetime,
) -> Added:
    """Add objects by hand; those inspected this year for the same matter only with a reason."""
    task = addable_task(work, task_id, by, now)
    require_at_most("objects", len(choices), MOST_OBJECTS)
    _check_leads(task, choices)
    wanted = {choice.object_id: choice for choice in choices}
    present = on_list(work, task, wanted)
    new = [choice for id, choice in wanted.items() if id not in present]
    objects = require_known(work, [choice.object_id for choice in new])
    require_region(work, task, objects.values())
    taken, warnings, excluded = take(work, task, new, objects, by, now, apply_exclusions)
    return Added(taken, len(present), warnings, excluded)


def add_matching(
    work: Work,
    task_id: str,
    found: Sequence[DirectoryObject],
    repeat_reason: str,
    *,
    apply_exclusions: bool = False,
    by: Principal,
    now: datetime,
) -> AddedMatching:
    """Add what a filter shows of the directory, as far as it lies in the region of those who take part."""
    task = addable_task(work, task_id, by, now)
    require_at_most("filter", len(found), MOST_ROWS)
    if needs_lead(task):
        raise WrongMode(
            "即时检查的检查对象须逐个添加并填写线索",
            "objects of an INSTANT task are added one by one, with their leads",
        )
    inside = {object.object_id: object for object in within_region(work, task, found)}
    present = on_list(work, task, inside)
    new = [ObjectChoice(id, repeat_reason) for id in inside if id not in present]
    taken, warnings, excluded = take(work, task, new, inside, by, now, apply_exclusions)
    return AddedMatching(len(found), taken, len(present), len(found) - len(inside), warnings, excluded)


def addable_task(work: Work, task_id: str, by: Principal, now: datetime) -> Task:
    """A task that the caller may add objects to; after dispatch, if SUPPLEMENTABLE, to its last day."""
    task = listed_task(work, task_id, by)
    task.require_supplementable(today(now))
    return task


def listed_task(work: Work, task_id: str, by: Principal) -> Task:
    """A task whose list the caller may change: as its lead, or after dispatch, if SUPPLEMENTABLE, as a partner."""
    task = joined_task(work, task_id, by=by)
    task.require_addable()
    if task.state is not TaskState.EXECUTING or task.fixity is not Fixity.SUPPLEMENTABLE:
        by.require(authority=task.authority_id)
    return task


def close_supplements(work: Work, task_id: str, reason: str, *, etag: str, by: Principal, now: datetime) -> Task:
    """The lead says that nothing more comes on the list of a SUPPLEMENTABLE task (补充截止)."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.close_supplements(reason, by.subject, now)
    settle_task(work, task, now)
    return task


def require_at_most(field: str, count: int, most: int) -> None:
    """Refuse more than can be done at a time."""
    if count > most:
        zh = f"{field} 一次最多 {most} 个检查对象，现为 {count} 个，请分批或缩小范围"
        raise malformed(field, "TOO_MANY", zh, f"{field}: at most {most} objects at a time, these are {count}")


def needs_lead(task: Task) -> bool:
    """即时检查 is made because of a lead, and for nothing else (TJ 3)."""
    return task.kind is TaskKind.INSTANT


def _check_leads(task: Task, choices: Sequence[ObjectChoice]) -> None:
    missing = [
        required(f"objects[{index}].{field}")
        for index, choice in enumerate(choices)
        for field, is_missing in (
            ("lead_kind", needs_lead(task) and choice.lead_kind is None),
            ("lead_detail", choice.lead_kind is not None and not choice.lead_detail.strip()),
        )
        if is_missing
    ]
    if missing:
        raise InvalidArgument(*missing)


def require_known(work: Work, ids: list[str]) -> dict[str, DirectoryObject]:
    """What the directory says of objects, all of which it must know."""
    found = directory(work, ids)
    unknown = [
        Violation(
            f"objects[{index}].object_id",
            "UNKNOWN",
            f"检查对象 {id} 不在名录库中",
            f"object {id!r} is not in the directory",
        )
        for index, id in enumerate(ids)
        if id not in found
    ]
    if unknown:
        raise InvalidArgument(*unknown)
    return found


def take(
    work: Work,
    task: Task,
    new: Sequence[ObjectChoice],
    objects: Mapping[str, DirectoryObject],
    by: Principal,
    now: datetime,
    apply_exclusions: bool,
) -> tuple[int, tuple[RepeatWarning, ...], int]:
    """Put new objects on the list, repeats only with a reason; how many, which were warned of, and how many of them the
    rules kept with the task exclude, if these are to be applied."""
    repeats = repeats_of(work, task, [choice.object_id for choice in new])
    taken = [choice for choice in new if choice.repeat_reason.strip() or not repeats.get(choice.object_id)]
    made = [
        _chosen(work, task, objects[choice.object_id], choice, repeats.get(choice.object_id, ()), by, now)
        for choice in taken
    ]
    excluded = exclude_new(work, task, made, by, now) if apply_exclusions else 0
    keep_inspections(work, made, now, by.subject)
    settle_task(work, task, now)
    return len(taken), _warnings(new, repeats, {choice.object_id for choice in taken}), excluded


def _warnings(
    new: Iterable[ObjectChoice], repeats: Mapping[str, Sequence[Repeat]], taken: set[str]
) -> tuple[RepeatWarning, ...]:
    return tuple(
        RepeatWarning(
            choice.object_id,
            other.object_name,
            authority,
            matter,
            other.inspection_id,
            other.task_number,
            choice.object_id in taken,
        )
        for choice in new
        for authority, matter, other in repeats.get(choice.object_id, ())
    )


def _chosen(
    work: Work,
    task: Task,
    object: DirectoryObject,
    choice: ObjectChoice,
    repeats: Sequence[Repeat],
    by: Principal,
    now: datetime,
) -> Inspection:
    inspection = new_inspection(work, task, as_inspected(object), now, by.subject)
    note_repeat(inspection, repeats, choice.repeat_reason, by, now)
    inspection.lead_kind, inspection.lead_detail = choice.lead_kind, choice.lead_detail
    inspection.added_by = by.authority
    return inspection


def note_repeat(inspection: Inspection, repeats: Sequence[Repeat], reason: str, by: Principal, now: datetime) -> None:
    """Put on record why an object is inspected again this year, and which inspections it repeats."""
    if repeats:
        numbers = "、".join(dict.fromkeys(other.task_number for _, _, other in repeats))
        inspection.repeat_reason = reason
        inspection.note(now, by.subject, "REPEATED", reason, numbers)


def remove_objects(
    work: Work, task_id: str, object_ids: tuple[str, ...], reason: str, *, by: Principal, now: datetime
) -> ObjectCounts:
    """Take objects off the list before they are sent out, all of them or none; a partner those it supplemented."""
    task = listed_task(work, task_id, by)
    require_at_most("object_ids", len(object_ids), MOST_ROWS)
    listed = _require_listed(work, task, object_ids)
    if by.authority != task.authority_id and any(each.added_by != by.authority for each in listed):
        raise NotYours("authority", task.authority_id)
    for inspection in listed:
        inspection.require("remove")
        inspection.cancel(reason or "移出名单", by.subject, now)
    keep_changes(work, ChangeKind.OBJECT_REMOVED, listed, reason, by=by, now=now)
    settle_task(work, task, now)
    return count_objects(work, task)


def mark_excluded(
    work: Work, task_id: str, object_ids: tuple[str, ...], excluded: bool, reason: str, *, by: Principal, now: datetime
) -> ObjectCounts:
    """Mark objects as excluded, or no longer; they stay on the list."""
    task = led_task(work, task_id, by=by)
    task.require_addable()
    require_at_most("object_ids", len(object_ids), MOST_OBJECTS)
    if excluded and not reason.strip():
        raise InvalidArgument(required("reason"))
    listed = _require_listed(work, task, object_ids)
    for inspection in listed:
        inspection.exclude(excluded, reason, by.subject, now)
    if not excluded:
        _require_reason_to_repeat(work, task, listed, reason, by, now)
    kind = ChangeKind.OBJECT_EXCLUDED if excluded else ChangeKind.OBJECT_INCLUDED
    keep_changes(work, kind, listed, reason, by=by, now=now)
    settle_task(work, task, now)
    return count_objects(work, task)


def _require_reason_to_repeat(
    work: Work, task: Task, listed: Sequence[Inspection], reason: str, by: Principal, now: datetime
) -> None:
    """What was excluded counted for nothing, so another task may have taken the object meanwhile."""
    fresh = [inspection for inspection in listed if not inspection.repeat_reason]
    found = repeats_of(work, task, [inspection.object_id for inspection in fresh])
    for inspection in fresh:
        repeats = [repeat for repeat in found.get(inspection.object_id, ()) if repeat[2] is not inspection]
        require_reason(repeats, reason, "reason")
        note_repeat(inspection, repeats, reason, by, now)


def count_objects(work: Work, task: Task) -> ObjectCounts:
    """The counters above the list."""

    def count(**equal: object) -> int:
        return work.count(Inspection, task_id=task.task_id, state=LIVE, **equal)

    total, waiting = count(), count(dispatched_at=None)
    return ObjectCounts(total, count(excluded=True), total - count(repeat_reason=""), total - waiting)


def on_list(work: Work, task: Task, object_ids: Iterable[str]) -> set[str]:
    """Which of these objects are on the list."""
    return {inspection.object_id for inspection in live(work, task, object_ids)}


def live(work: Work, task: Task, object_ids: Iterable[str]) -> list[Inspection]:
    """The inspections of these objects that did not fall away."""
    return work.all(Inspection, task_id=task.task_id, object_id=list(object_ids), state=LIVE)


def _require_listed(work: Work, task: Task, object_ids: Iterable[str]) -> list[Inspection]:
    wanted = list(dict.fromkeys(object_ids))
    found = {inspection.object_id: inspection for inspection in live(work, task, wanted)}
    for id in wanted:
        if id not in found:
            raise NoSuchThing("Inspection", f"{task.task_id}/{id}")
    return [found[id] for id in wanted]
