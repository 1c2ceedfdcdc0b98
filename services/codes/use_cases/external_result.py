"""Other systems push what they found (TJ 5): it is kept, shown to the enterprise, and comes back as credit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.clock import today
from services.chassis.errors import NoSuchThing
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.codes.events import ExternalFinding, ExternalResultPublished
from services.codes.model.code import InspectionCode
from services.codes.model.directory import KnownMatter, KnownObject
from services.codes.model.external_result import CorrectionReasonNeeded, ExternalResult, check_pushable
from services.codes.model.history import Finding
from services.codes.model.visit import Visit


@dataclass(frozen=True)
class Pushed:
    """What a system says it found.

    Args:
        authority_id: empty: the code's only one.
        correction_reason: empty: the first version.
    """

    code_id: str
    authority_id: str
    finding: str
    summary: str
    inspected_on: date
    disposal: str = "NONE"
    correction_reason: str = ""


def push_external_result(work: Work, pushed: Pushed, *, by: Principal, now: datetime) -> ExternalResult:
    """Take the result of a visit that the caller applied for a code for.

    Raises:
        NoSuchThing: it is another system's code, or none.
        NotExternal, VisitNotMet, OutsideOfVisit: it cannot have been.
        AuthorityNotOnCode: the authority took no part.
        CorrectionReasonNeeded: there is a version already.
    """
    code = work.get(InspectionCode, pushed.code_id, lock=True)
    if code.created_by != by.subject:
        raise NoSuchThing("InspectionCode", pushed.code_id)
    check_pushable(code, work.find(Visit, code_id=code.code_id), pushed.inspected_on, today(now))
    result = _version(work, code, pushed, by, now)
    work.add(result)
    work.upsert(Finding, [_finding(code, result)])
    work.emit(_published(work, code, result))
    return result


def _version(work: Work, code: InspectionCode, pushed: Pushed, by: Principal, now: datetime) -> ExternalResult:
    part = code.part_of(pushed.authority_id)
    before = work.count(ExternalResult, code_id=code.code_id, authority_id=part.authority_id)
    if before and not pushed.correction_reason:
        raise CorrectionReasonNeeded(before)
    return ExternalResult(
        code_id=code.code_id,
        authority_id=part.authority_id,
        version=before + 1,
        matter_ids=part.matter_ids,
        finding=pushed.finding,
        summary=pushed.summary,
        disposal=pushed.disposal,
        inspected_on=pushed.inspected_on,
        correction_reason=pushed.correction_reason if before else "",
        created_at=now,
        created_by=by.subject,
    )


def _finding(code: InspectionCode, result: ExternalResult) -> dict[str, object]:
    """For the object's history."""
    return {
        "inspection_id": code.code_id,
        "authority_id": result.authority_id,
        "version": result.version,
        "matter_ids": result.matter_ids,
        "finding": result.finding,
        "summary": result.summary,
        "disposal": result.disposal,
        "adverse": result.adverse,
        "inspected_on": result.inspected_on,
    }


def _published(work: Work, code: InspectionCode, result: ExternalResult) -> ExternalResultPublished:
    matter = work.find(KnownMatter, matter_id=result.matter_ids[0])
    visited = work.find(KnownObject, object_id=code.object_id)
    finding = ExternalFinding(
        inspection_id=code.code_id,
        version=result.version,
        task_number=code.task_number,
        task_name=code.task_name,
        nature="FORMAL",
        authority_id=result.authority_id,
        object_id=code.object_id,
        object_name=visited.name if visited else "",
        matter_ids=result.matter_ids,
        domain=matter.domain if matter else "",
        method="ON_SITE",
        finding=result.finding,
        summary=result.summary,
        disposal=result.disposal,
        adverse=result.adverse,
        inspected_on=result.inspected_on,
    )
    return ExternalResultPublished(code.code_id, finding, result.correction_reason)
