"""How inspections come to be: one per object, with a part for each authority that takes part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime

from services.chassis.work import Work
from services.tasks.model.copies import DirectoryObject, Inspector
from services.tasks.model.inspection import InspectedObject, Inspection
from services.tasks.model.part import Member, Part, joining
from services.tasks.model.participant import Participant
from services.tasks.model.task import Task


def new_inspection(work: Work, task: Task, object: InspectedObject, now: datetime, by: str = "") -> Inspection:
    """An inspection of an object in a task, open and unstaffed."""
    inspection = Inspection(
        inspection_id=work.new_id(),
        task_id=task.task_id,
        task_number=task.number,
        task_name=task.name,
        year=task.year,
        kind=task.kind,
        nature=task.nature,
        method=task.method,
        authority_id=task.authority_id,
        starts_on=task.starts_on,
        ends_on=task.ends_on,
        object_id=object.object_id,
        object_name=object.name,
        object=object,
    )
    task.note_object_type(object.type)
    inspection.parts = [_part(inspection, participant, index) for index, participant in enumerate(task.parts())]
    inspection.note(now, by, "CREATED")
    return inspection


def _part(inspection: Inspection, participant: Participant, position: int) -> Part:
    return Part(
        inspection_id=inspection.inspection_id,
        authority_id=participant.authority_id,
        task_id=inspection.task_id,
        authority_name=participant.authority_name,
        position=position,
        lead=participant.lead,
        matter_ids=tuple(matter.matter_id for matter in participant.matters),
    )


def as_inspected(object: DirectoryObject) -> InspectedObject:
    """An object of the directory as it is now."""
    return InspectedObject(
        object.object_id, object.name, object.type, object.region, object.address, object.industry, object.tags
    )


def directory(work: Work, object_ids: Iterable[str]) -> dict[str, DirectoryObject]:
    """What the directory says of objects, as far as it has told."""
    return {object.object_id: object for object in work.all(DirectoryObject, object_id=list(object_ids))}


def keep_inspections(work: Work, inspections: Sequence[Inspection], now: datetime, by: str = "") -> None:
    """Keep many new inspections at once, set-based: a draw brings hundreds in one fact."""
    stamps = {"version": 1, "created_at": now, "created_by": by, "updated_at": now, "updated_by": by}
    work.insert(Inspection, [_row(inspection, "parts") | stamps for inspection in inspections])
    parts = [part for inspection in inspections for part in inspection.parts]
    work.insert(Part, [_row(part, "team") for part in parts])
    work.insert(Member, [_row(member) for part in parts for member in part.team])


def staff_many(work: Work, inspection_ids: Sequence[str], authority_id: str, team: Iterable[Inspector]) -> None:
    """Make these the team of an authority's part in many inspections."""
    work.erase(Member, inspection_id=inspection_ids, authority_id=authority_id)
    for inspector in team:
        alike = _row(joining("", authority_id, inspector), "inspection_id")
        work.insert(Member, [{"inspection_id": id} for id in inspection_ids], alike)


def _row(thing: Inspection | Part | Member, *without: str) -> dict[str, object]:
    return {field.name: getattr(thing, field.name) for field in fields(thing) if field.name not in without}
