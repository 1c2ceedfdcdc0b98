"""From the visit to the published result: recorded, signed, reviewed, published, corrected (CQ 附件1 2.3.3; TJ 8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from services.chassis.clock import today
from services.chassis.errors import InvalidArgument, required
from services.chassis.identity import NotYours, Principal
from services.chassis.work import Work
from services.tasks.events import RecordedWithoutVerification, Result, ResultCorrected, ResultPublished
from services.tasks.model.content import TaskMatter
from services.tasks.model.inspection import Inspection
from services.tasks.model.part import (
    Part,
    ResultVersion,
    Review,
    ReviewDecision,
    Signature,
    require_two_valid,
)
from services.tasks.model.record import Disposal, DisposalKind, Finding, ItemFinding, Record
from services.tasks.model.task import Task
from services.tasks.model.terms import Attachment
from services.tasks.use_cases.access import find_inspection, own_part
from services.tasks.use_cases.counting import recounted
from services.tasks.use_cases.settling import settle_task
from services.tasks.use_cases.staffing import known_inspectors


@dataclass(frozen=True)
class RecordEntry:
    """What an inspector enters."""

    finding: Finding
    items: tuple[ItemFinding, ...] = ()
    summary: str = ""
    disposal: DisposalKind = DisposalKind.NONE
    disposal_detail: str = ""
    disposal_deadline: date | None = None
    inspected_on: date | None = None
    attachments: tuple[Attachment, ...] = ()

    def as_record(self, certificate: str, inspected_on: date, by: Principal, now: datetime) -> Record:
        """What is kept of it."""
        disposal = Disposal(self.disposal, self.disposal_detail, self.disposal_deadline)
        return Record(
            self.items,
            self.finding,
            self.summary,
            disposal,
            inspected_on,
            self.attachments,
            certificate,
            by.subject,
            now,
        )


def record_inspection(
    work: Work, inspection_id: str, entry: RecordEntry, *, etag: str, by: Principal, now: datetime
) -> Inspection:
    """An inspector of the team records the part of the caller's authority (谁检查谁录入)."""
    task, inspection = find_inspection(work, inspection_id, etag=etag)
    part = own_part(inspection, by)
    inspection.require_recordable()
    part.require("record")
    part.member(by.certificate)
    _require_valid_team(work, part, by.certificate, now)
    record = entry.as_record(by.certificate, entry.inspected_on or today(now), by, now)
    record.check(_matters(task, part), task.starts_on, today(now))
    part.enter(record)
    inspection.settle_parts()
    inspection.note(now, by.subject, "RECORDED", detail=part.authority_id)
    _announce_unverified(work, inspection, part)
    return inspection


def _require_valid_team(work: Work, part: Part, recorder: str, now: datetime) -> None:
    directory = known_inspectors(work, [member.certificate for member in part.team])
    require_two_valid(part.team, directory, recorder, today(now))


def _matters(task: Task, part: Part) -> list[TaskMatter]:
    participant = task.participant(part.authority_id)
    assert participant is not None
    return [matter for matter in participant.matters if matter.matter_id in part.matter_ids]


def _announce_unverified(work: Work, inspection: Inspection, part: Part) -> None:
    if inspection.is_on_site and inspection.visit is not None and inspection.visit.exception:
        work.emit(
            RecordedWithoutVerification(
                inspection.inspection_id,
                inspection.task_id,
                part.authority_id,
                inspection.object_id,
                inspection.visit.exception,
            )
        )


def sign_inspection(
    work: Work, inspection_id: str, picture: Attachment | None, *, etag: str, by: Principal, now: datetime
) -> Inspection:
    """An inspector of the team signs the record."""
    _, inspection = find_inspection(work, inspection_id, etag=etag)
    part = own_part(inspection, by)
    part.member(by.certificate)
    part.sign(by.certificate, picture, by.subject, now)
    inspection.settle_parts()
    inspection.note(now, by.subject, "SIGNED_BY", detail=by.certificate)
    return inspection


def sign_for_object(
    work: Work, inspection_id: str, authority_id: str, signature: Signature, *, etag: str, by: Principal, now: datetime
) -> Inspection:
    """The object's person on site signs, on an inspector's device or with the enterprise's account, or refuses."""
    _, inspection = find_inspection(work, inspection_id, etag=etag)
    part = _signed_part(inspection, authority_id, signature, by)
    if signature.refused and not signature.reason.strip():
        raise InvalidArgument(required("reason"))
    part.sign_for_object(signature)
    inspection.settle_parts()
    action = "OBJECT_REFUSED_TO_SIGN" if signature.refused else "OBJECT_SIGNED"
    inspection.note(now, by.subject, action, signature.reason, part.authority_id)
    return inspection


def _signed_part(inspection: Inspection, authority_id: str, signature: Signature, by: Principal) -> Part:
    if by.object:
        by.require(object=inspection.object_id)
        if signature.refused:
            raise NotYours("authority", inspection.authority_id)
        part = inspection.part(authority_id) if authority_id else inspection.parts[0]
        if part is None or (not authority_id and inspection.is_joint):
            raise InvalidArgument(required("authority_id"))
        return part
    part = own_part(inspection, by)
    part.member(by.certificate)
    if authority_id and authority_id != by.authority:
        raise NotYours("authority", authority_id)
    return part


def review_inspection(
    work: Work,
    inspection_id: str,
    decision: ReviewDecision,
    reason: str,
    *,
    etag: str,
    by: Principal,
    now: datetime,
) -> Inspection:
    """A reviewer who took no part approves the signed record, or returns it."""
    _, inspection = find_inspection(work, inspection_id, etag=etag)
    part = own_part(inspection, by)
    if decision is ReviewDecision.RETURNED and not reason.strip():
        raise InvalidArgument(required("reason"))
    part.decide(Review(decision, reason, by.subject, now))
    inspection.settle_parts()
    inspection.note(now, by.subject, f"REVIEW_{decision}", reason, part.authority_id)
    return inspection


def publish_inspection(work: Work, inspection_id: str, *, etag: str, by: Principal, now: datetime) -> Inspection:
    """Publish the approved result of the caller's authority."""
    task, inspection = find_inspection(work, inspection_id, etag=etag)
    part = own_part(inspection, by)
    part.domain = _domain(task, part)
    with recounted(work, inspection):
        version = part.publish(by.subject, now)
    inspection.settle_parts()
    inspection.note(now, by.subject, "PUBLISHED", detail=part.authority_id)
    work.emit(ResultPublished(inspection_id, _result(task, inspection, part, version)))
    settle_task(work, task, now)
    return inspection


def correct_result(
    work: Work, inspection_id: str, entry: RecordEntry, reason: str, *, etag: str, by: Principal, now: datetime
) -> Inspection:
    """Publish another version of the caller's authority's result; the earlier ones stay on record."""
    task, inspection = find_inspection(work, inspection_id, etag=etag)
    part = own_part(inspection, by)
    part.require("correct")
    standing = part.versions[-1].record
    items = entry.items or standing.items
    record = replace(entry, items=items, attachments=entry.attachments or standing.attachments).as_record(
        standing.certificate, standing.inspected_on, by, now
    )
    record = replace(record, disposal=standing.disposal.carried_into(record.disposal))
    record.check(_matters(task, part), task.starts_on, today(now))
    with recounted(work, inspection):
        version = part.correct(record, reason, by.subject, now)
    inspection.note(now, by.subject, "CORRECTED", reason, part.authority_id)
    work.emit(ResultCorrected(inspection_id, _result(task, inspection, part, version), reason))
    return inspection


def _domain(task: Task, part: Part) -> str:
    matters = _matters(task, part)
    return matters[0].domain if matters else task.lead_domain


def _result(task: Task, inspection: Inspection, part: Part, version: ResultVersion) -> Result:
    record = version.record
    return Result(
        inspection_id=inspection.inspection_id,
        version=version.version,
        task_id=task.task_id,
        task_number=task.number,
        task_name=task.name,
        kind=task.kind,
        nature=task.nature,
        authority_id=part.authority_id,
        object_id=inspection.object_id,
        object_name=inspection.object_name,
        matter_ids=part.matter_ids,
        domain=_domain(task, part),
        method=task.method,
        finding=record.finding,
        summary=record.summary,
        disposal=record.disposal.kind,
        adverse=record.finding.is_adverse,
        inspected_on=record.inspected_on,
        plan_id=task.plan_id,
    )
