"""What follows from a published result: closed, rechecked, renewed, overdue (CQ 附件1 2.3.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.clock import today
from services.chassis.errors import NoSuchThing
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.events import DisposalOverdue, TaskOverdue
from services.tasks.model.inspection import OPEN, Inspection
from services.tasks.model.part import Part, require_recheckers
from services.tasks.model.record import DisposalKind, Recheck, RecheckResult, Renewal
from services.tasks.model.task import TaskState
from services.tasks.model.terms import Attachment, Method
from services.tasks.use_cases.access import find_inspection, known_task, own_part
from services.tasks.use_cases.settling import settle_task
from services.tasks.use_cases.staffing import known_inspectors


@dataclass(frozen=True)
class RecheckEntry:
    """What an inspector enters of a recheck; `companions`: certificates of who came along."""

    result: RecheckResult
    note: str
    method: Method
    companions: tuple[str, ...] = ()
    checked_on: date | None = None
    attachments: tuple[Attachment, ...] = ()
    disposal: DisposalKind = DisposalKind.NONE
    disposal_detail: str = ""
    disposal_deadline: date | None = None

    @property
    def renewal(self) -> Renewal:
        return Renewal(self.disposal, self.disposal_detail, self.disposal_deadline)

    def as_recheck(self, certificates: tuple[str, ...], by: Principal, now: datetime) -> Recheck:
        """What is kept of it."""
        return Recheck(
            result=self.result,
            checked_on=self.checked_on or today(now),
            method=self.method,
            note=self.note,
            certificates=certificates,
            recorded_by=by.subject,
            recorded_at=now,
            attachments=self.attachments,
        )


def close_disposal(
    work: Work,
    inspection_id: str,
    outcome: str,
    attachments: tuple[Attachment, ...],
    *,
    etag: str,
    by: Principal,
    now: datetime,
) -> Inspection:
    """Close the disposal of the caller's authority's result; an order to correct is closed by a recheck instead."""
    _, inspection = find_inspection(work, inspection_id, etag=etag)
    part = own_part(inspection, by)
    part.close_disposal(outcome, attachments, by.subject, now)
    inspection.note(now, by.subject, "DISPOSAL_CLOSED", outcome, part.authority_id)
    return inspection


def record_recheck(
    work: Work, inspection_id: str, entry: RecheckEntry, *, etag: str, by: Principal, now: datetime
) -> Inspection:
    """Two inspectors saw whether the order of the caller's authority was obeyed: it is closed, or renewed."""
    _, inspection = find_inspection(work, inspection_id, etag=etag)
    part = own_part(inspection, by)
    standing = part.standing("recheck")
    recheck = entry.as_recheck(_recheckers(work, part, entry, by, now), by, now)
    recheck.check(standing.inspected_on, today(now))
    entry.renewal.check(recheck.result, today(now))
    disposal = part.recheck(recheck, entry.renewal)
    inspection.note(now, by.subject, f"RECHECK_{recheck.result}", recheck.note, part.authority_id)
    if not disposal.is_open:
        inspection.note(now, by.subject, "DISPOSAL_CLOSED", recheck.note, part.authority_id)
    return inspection


def _recheckers(work: Work, part: Part, entry: RecheckEntry, by: Principal, now: datetime) -> tuple[str, ...]:
    """The recorder and who came along, all of the caller's authority."""
    named = {by.certificate, *entry.companions}
    known = known_inspectors(work, [*named, *(member.certificate for member in part.team)])
    ours = {c: inspector for c, inspector in known.items() if inspector.authority_id == part.authority_id}
    return require_recheckers(part.team, ours, by.certificate, entry.companions, today(now))


def raise_overdue_disposals(work: Work, keys: Iterable[tuple[str, str]], *, now: datetime) -> None:
    """Put on record, and tell, whose disposals were not closed by their last day, by inspection and authority."""
    for inspection_id, authority_id in keys:
        try:
            _, inspection = find_inspection(work, inspection_id)
        except NoSuchThing:
            continue
        part = inspection.part(authority_id)
        if part is not None and part.fall_overdue(today(now)):
            inspection.note(now, "", "DISPOSAL_OVERDUE", detail=authority_id)
            work.emit(_disposal_overdue(inspection, part))


def _disposal_overdue(inspection: Inspection, part: Part) -> DisposalOverdue:
    assert part.disposal_due is not None
    return DisposalOverdue(
        inspection_id=inspection.inspection_id,
        authority_id=part.authority_id,
        task_id=inspection.task_id,
        task_number=inspection.task_number,
        nature=inspection.nature,
        object_id=inspection.object_id,
        object_name=inspection.object_name,
        disposal=part.versions[-1].record.disposal.kind,
        due_on=part.disposal_due,
    )


def raise_overdue_tasks(work: Work, task_ids: Iterable[str], *, now: datetime) -> None:
    """Put on record, and tell, which tasks were not done by their last day."""
    for task_id in task_ids:
        task = known_task(work, task_id)
        if task is None:
            continue
        if task.state is TaskState.EXECUTING:  # one that waited for supplements is done when its last day is over
            settle_task(work, task, now)
        if task.fall_overdue(now):
            open = work.count(Inspection, task_id=task.task_id, excluded=False, state=OPEN)
            work.emit(
                TaskOverdue(
                    task.task_id,
                    task.number,
                    task.name,
                    task.nature,
                    task.authority_id,
                    task.plan_id,
                    task.ends_on,
                    open,
                )
            )
