"""Sending inspections out: what is announced, in facts of at most 500."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.events import DispatchedInspection, InspectionPart, InspectionsDispatched
from services.tasks.model.inspection import WAITING, Inspection
from services.tasks.model.part import Member, Part
from services.tasks.model.task import Task
from services.tasks.model.terms import HistoryEntry
from services.tasks.use_cases.access import led_task
from services.tasks.use_cases.settling import settle_task

MOST_IN_A_FACT = 500
AT_A_TIME = 2 * MOST_IN_A_FACT


def dispatch_task(work: Work, task_id: str, *, etag: str, by: Principal, now: datetime) -> Task:
    """Send out all inspections of a task that have not been: as rows, for a task may have a hundred thousand."""
    task = led_task(work, task_id, by=by, etag=etag)
    settle_task(work, task, now)
    task.dispatch(by.subject, now)
    sent = {"history": HistoryEntry(now, by.subject, "DISPATCHED")}
    names = ("inspection_id", "object_id", "lead_kind", "lead_detail")
    for batch in work.row_batches(Inspection, names, AT_A_TIME, task_id=task.task_id, excluded=False, **WAITING):
        ids = [row.inspection_id for row in batch]
        work.change(Inspection, {"dispatched_at": now}, append=sent, inspection_id=ids)
        _announce(work, task, _of_rows(work, batch, ids))
    return task


def announce_dispatch(work: Work, task: Task, inspections: Iterable[Inspection]) -> None:
    """Announce inspections that go out, those that ask for the same kind of code together."""
    _announce(work, task, map(_dispatched, inspections))


def _announce(work: Work, task: Task, inspections: Iterable[DispatchedInspection]) -> None:
    by_kind: dict[str, list[DispatchedInspection]] = defaultdict(list)
    for inspection in inspections:
        by_kind[_code_kind(inspection)].append(inspection)
    for kind, all_of_kind in by_kind.items():
        for start in range(0, len(all_of_kind), MOST_IN_A_FACT):
            work.emit(
                InspectionsDispatched(
                    task_id=task.task_id,
                    task_number=task.number,
                    task_name=task.name,
                    kind=task.kind,
                    nature=task.nature,
                    authority_id=task.authority_id,
                    method=task.method,
                    starts_on=task.starts_on,
                    ends_on=task.ends_on,
                    inspections=tuple(all_of_kind[start : start + MOST_IN_A_FACT]),
                    code_kind=kind,
                )
            )


def _code_kind(inspection: DispatchedInspection) -> str:
    if not inspection.object_id:
        return "SURVEY"
    return "JOINT" if len(inspection.parts) > 1 else "SINGLE"


def _dispatched(inspection: Inspection) -> DispatchedInspection:
    parts = tuple(
        InspectionPart(part.authority_id, part.matter_ids, tuple(member.certificate for member in part.team))
        for part in inspection.parts
    )
    return DispatchedInspection(
        inspection.inspection_id, inspection.object_id, parts, inspection.lead_kind, inspection.lead_detail
    )


def _of_rows(work: Work, batch: Iterable[Any], ids: list[str]) -> Iterator[DispatchedInspection]:
    """The same of rows, with the parts and teams that hang on them."""
    teams: dict[tuple[str, str], list[str]] = defaultdict(list)
    for id, authority_id, certificate in work.rows(Member, _MEMBER, inspection_id=ids):
        teams[id, authority_id].append(certificate)
    parts: dict[str, list[InspectionPart]] = defaultdict(list)
    for id, authority_id, matter_ids, _ in sorted(work.rows(Part, _PART, inspection_id=ids), key=_position):
        parts[id].append(InspectionPart(authority_id, matter_ids, tuple(teams[id, authority_id])))
    for id, object_id, lead_kind, lead_detail in batch:
        yield DispatchedInspection(id, object_id, tuple(parts[id]), lead_kind, lead_detail)


_MEMBER = ("inspection_id", "authority_id", "certificate")
_PART = ("inspection_id", "authority_id", "matter_ids", "position")


def _position(row: Any) -> int:
    return int(row.position)
