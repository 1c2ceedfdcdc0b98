"""Surveys: inspectors enter the objects they find, and these flow into the directory (摸底, TJ 6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.chassis.errors import InvalidArgument, malformed, required
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.events import ObjectDiscovered
from services.tasks.model.inspection import InspectedObject, Inspection
from services.tasks.model.task import Task
from services.tasks.use_cases.access import find_inspection, own_part
from services.tasks.use_cases.competence import within_region
from services.tasks.use_cases.making import as_inspected, directory, new_inspection
from services.tasks.use_cases.settling import settle_task


def discover_object(
    work: Work, inspection_id: str, object: InspectedObject, *, by: Principal, now: datetime
) -> Inspection:
    """Enter an object that a survey found; what was found already is given as it stands."""
    task, survey = find_inspection(work, inspection_id)
    own_part(survey, by).member(by.certificate)
    survey.require("discover")
    _check(work, task, object)
    if object.object_id:
        present = work.all(Inspection, survey_id=inspection_id, object_id=object.object_id, limit=1)
        if present:
            return present[0]
    known = directory(work, [object.object_id]).get(object.object_id) if object.object_id else None
    found = as_inspected(known) if known else replace(object, object_id=object.object_id or work.new_id())
    inspection = _begin(work, task, survey, found, by, now)
    settle_task(work, task, now)
    if known is None:
        work.emit(ObjectDiscovered(found.object_id, found.name, found.region, found.address, task.task_id, found.type))
    return inspection


def _check(work: Work, task: Task, object: InspectedObject) -> None:
    missing = [required(f"object.{name}") for name in ("name", "region") if not getattr(object, name)]
    if missing:
        raise InvalidArgument(*missing)
    if not within_region(work, task, [object]):
        zh = f"检查对象区划 {object.region} 超出参与机构的属地管辖范围，须附异地协助文件"
        raise malformed("object.region", "OUT_OF_REGION", zh, f"region {object.region!r} lies outside of yours")


def _begin(
    work: Work, task: Task, survey: Inspection, object: InspectedObject, by: Principal, now: datetime
) -> Inspection:
    inspection = new_inspection(work, task, object, now, by.subject)
    inspection.survey_id = survey.inspection_id
    for part in inspection.parts:
        theirs = survey.part(part.authority_id)
        part.staff(theirs.team if theirs else ())
    inspection.settle_staff()
    inspection.dispatch(by.subject, now)
    if survey.code is not None:
        inspection.note_code(survey.code, now)
    begun = survey.visit_of(object.object_id)
    if begun is not None:
        inspection.note_visit(begun, now)
    work.add(inspection)
    return inspection
