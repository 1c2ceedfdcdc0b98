"""Which objects a task inspects, when they are chosen by hand (CQ 附件1 2.2.1), and what takes the place of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.errors import FailedPrecondition, InvalidArgument, NoSuchThing, Violation, malformed, required
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.model.copies import DirectoryObject
from services.tasks.model.draft import Fixity
from services.tasks.model.inspection import LIVE, Inspection
from services.tasks.model.task import Task, TaskState
from services.tasks.model.terms import LeadKind, TaskNature
from services.tasks.use_cases.access import joined_task, led_task
from services.tasks.use_cases.making import as_inspected, directory, keep_inspections, new_inspection
from services.tasks.use_cases.settling import settle_task

MOST_OBJECTS = 500


class OutOfRegion(FailedPrecondition):
    """No inspection outside the authority's region without an assistance order (TJ 15)."""

    def __init__(self, region: str, objects: Sequence[DirectoryObject]) -> None:
        names = "、".join(f"{object.name}（{object.object_id}，区划 {object.region}）" for object in objects)
        super().__init__(
            f"以下检查对象超出属地管辖范围（{region}），须附异地协助文件：{names}",
            f"objects outside region {region} need an assistance order: {', '.join(o.object_id for o in objects)}",
            region=region,
            objects=",".join(object.object_id for object in objects),
        )


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


@dataclass(frozen=True)
class ObjectCounts:
    """How many objects are on the list."""

    total: int
    excluded: int

    @property
    def remaining(self) -> int:
        return self.total - self.excluded


def add_objects(work: Work, task_id: str, choices: tuple[ObjectChoice, ...], *, by: Principal, now: datetime) -> Added:
    """Add objects by hand; those inspected this year for the same matter only with a reason."""
    task = _addable_task(work, task_id, by)
    _check_choices(choices)
    wanted = {choice.object_id: choice for choice in choices}
    present = {i.object_id for i in live(work, task, wanted)}
    new = [choice for id, choice in wanted.items() if id not in present]
    objects = require_known(work, [choice.object_id for choice in new])
    require_region(task, objects.values())
    repeats = _repeats(work, task, list(objects))
    taken = [choice for choice in new if choice.repeat_reason or not repeats[choice.object_id]]
    made = [
        _chosen(work, task, objects[choice.object_id], choice, bool(repeats[choice.object_id]), by, now)
        for choice in taken
    ]
    keep_inspections(work, made, now, by.subject)
    settle_task(work, task, now)
    return Added(len(taken), len(present), _warnings(task, objects, repeats, taken))


def _addable_task(work: Work, task_id: str, by: Principal) -> Task:
    task = joined_task(work, task_id, by=by)
    task.require_addable()
    if task.state is not TaskState.EXECUTING or task.fixity is not Fixity.SUPPLEMENTABLE:
        by.require(authority=task.authority_id)
    return task


def _check_choices(choices: tuple[ObjectChoice, ...]) -> None:
    if len(choices) > MOST_OBJECTS:
        zh = f"一次最多添加 {MOST_OBJECTS} 个检查对象"
        raise malformed("objects", "TOO_MANY", zh, f"at most {MOST_OBJECTS} objects at a time")
    missing = [
        required(f"objects[{index}].lead_detail")
        for index, choice in enumerate(choices)
        if choice.lead_kind and not choice.lead_detail.strip()
    ]
    if missing:
        raise InvalidArgument(*missing)


def require_known(work: Work, ids: list[str]) -> dict[str, DirectoryObject]:
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


def require_region(task: Task, objects: Iterable[DirectoryObject]) -> None:
    outside = [object for object in objects if not task.allows_region(object.region)]
    if outside:
        raise OutOfRegion(task.region, outside)


def _repeats(work: Work, task: Task, object_ids: list[str]) -> dict[str, list[tuple[str, str, Inspection]]]:
    """Of each object: authority, matter and the inspection of this year, done or pending, that would be repeated."""
    found: dict[str, list[tuple[str, str, Inspection]]] = defaultdict(list)
    if task.nature is TaskNature.TEST:
        return found
    ours = {(part.authority_id, matter.matter_id) for part in task.parts() for matter in part.matters}
    others = work.all(
        Inspection, object_id=object_ids, year=task.year, nature=TaskNature.FORMAL, state=LIVE, excluded=False
    )
    for other in others:
        pairs = {(part.authority_id, matter_id) for part in other.parts for matter_id in part.matter_ids}
        found[other.object_id] += [(*pair, other) for pair in sorted(ours & pairs)]
    return found


def _warnings(
    task: Task,
    objects: dict[str, DirectoryObject],
    repeats: dict[str, list[tuple[str, str, Inspection]]],
    taken: list[ObjectChoice],
) -> tuple[RepeatWarning, ...]:
    added = {choice.object_id for choice in taken}
    return tuple(
        RepeatWarning(id, object.name, authority, matter, other.inspection_id, other.task_number, id in added)
        for id, object in objects.items()
        for authority, matter, other in repeats[id]
        if other.task_id != task.task_id
    )


def _chosen(
    work: Work,
    task: Task,
    object: DirectoryObject,
    choice: ObjectChoice,
    is_repeat: bool,
    by: Principal,
    now: datetime,
) -> Inspection:
    inspection = new_inspection(work, task, as_inspected(object), now, by.subject)
    inspection.repeat_reason = choice.repeat_reason if is_repeat else ""
    inspection.lead_kind, inspection.lead_detail = choice.lead_kind, choice.lead_detail
    return inspection


def remove_object(work: Work, task_id: str, object_id: str, *, by: Principal, now: datetime) -> None:
    """Take an object off the list before it is sent out."""
    task = led_task(work, task_id, by=by)
    task.require_addable()
    (inspection,) = _require_listed(work, task, [object_id])
    inspection.require("remove")
    inspection.cancel("移出名单", by.subject, now)
    settle_task(work, task, now)


def mark_excluded(
    work: Work, task_id: str, object_ids: tuple[str, ...], excluded: bool, reason: str, *, by: Principal, now: datetime
) -> ObjectCounts:
    """Mark objects as excluded, or no longer; they stay on the list."""
    task = led_task(work, task_id, by=by)
    task.require_addable()
    if excluded and not reason.strip():
        raise InvalidArgument(required("reason"))
    for inspection in _require_listed(work, task, list(dict.fromkeys(object_ids))):
        inspection.exclude(excluded, reason, by.subject, now)
    settle_task(work, task, now)
    total = work.count(Inspection, task_id=task.task_id, state=LIVE)
    return ObjectCounts(total, work.count(Inspection, task_id=task.task_id, state=LIVE, excluded=True))


def live(work: Work, task: Task, object_ids: Iterable[str]) -> list[Inspection]:
    return work.all(Inspection, task_id=task.task_id, object_id=list(object_ids), state=LIVE)


def _require_listed(work: Work, task: Task, object_ids: list[str]) -> list[Inspection]:
    found = {inspection.object_id: inspection for inspection in live(work, task, object_ids)}
    for id in object_ids:
        if id not in found:
            raise NoSuchThing("Inspection", f"{task.task_id}/{id}")
    return [found[id] for id in object_ids]
