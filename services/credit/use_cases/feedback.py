"""Feedback (回流): a published result is disclosed, shared, and changes the industry score (CQ 附件1 一(四))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.clock import today
from services.chassis.work import Work
from services.chassis.workdays import Workdays
from services.credit.model.disclosure import Content, Disclosure, DisclosureKind
from services.credit.model.industry_model import IndicatorSource, IndustryModel, ModelState
from services.credit.model.known import FINDINGS, KnownEvaluation, KnownOverdue, KnownResult, KnownTask, result_id
from services.credit.model.rating import RatingCause
from services.credit.model.repair import Repair
from services.credit.model.repair_state import OPEN
from services.credit.use_cases.delivery import share_result
from services.credit.use_cases.disclosure import Subject, disclose, disclose_task
from services.credit.use_cases.rating import Cause, rate


@dataclass(frozen=True)
class PublishedResult:
    """A result as tasks announces it."""

    inspection_id: str
    version: int
    task_id: str
    task_number: str
    task_name: str
    kind: str
    nature: str
    authority_id: str
    object_id: str
    object_name: str
    matter_ids: tuple[str, ...]
    domain: str
    method: str
    finding: str
    summary: str
    disposal: str
    adverse: bool
    inspected_on: date | None = None


def note_result(
    work: Work, result: PublishedResult, *, correction: str = "", now: datetime, workdays: Workdays
) -> None:
    """Take in a published or corrected result, once per version; a test task's counts nowhere."""
    if result.nature == "TEST":
        return
    disclosure = _disclose(work, result, correction, now)
    if not _keep(work, result, now):
        return
    share_result(work, disclosure, now=now, workdays=workdays)
    if result.task_id:  # another system's visit has none here
        _disclose_task(work, result, now)
    if not result.adverse:
        _void_repairs(work, disclosure, now)
    cause = RatingCause.CORRECTION if correction else RatingCause.RESULT
    if result.object_id:  # what a survey finds may have no id
        rate(work, [result.object_id], Cause(cause, result.inspection_id), now=now)


def note_evaluation(work: Work, evaluation_id: str, inspection_id: str, authority_id: str, *, now: datetime) -> None:
    """Remember that an inspection was evaluated; what the evaluation said is neither kept nor counted."""
    row = KnownEvaluation(
        evaluation_id=evaluation_id,
        inspection_id=inspection_id,
        authority_id=authority_id,
        submitted_on=today(now),
    )
    if work.find(KnownEvaluation, evaluation_id=evaluation_id):
        return
    work.add(row)
    result = work.find(KnownResult, result_id=result_id(inspection_id, authority_id))
    if result and _looks_at(work, IndicatorSource.EVALUATION, result.domain):
        rate(work, [result.object_id], Cause(RatingCause.EVALUATION, inspection_id), now=now)


def note_overdue(work: Work, overdue: KnownOverdue, *, nature: str, now: datetime) -> None:
    """Remember that a disposal was not closed in time, once for each last day; a test task's counts nowhere."""
    is_known = work.find(KnownOverdue, overdue_id=overdue.overdue_id) is not None
    if nature == "TEST" or is_known:
        return
    work.add(overdue)
    result = work.find(KnownResult, result_id=result_id(overdue.inspection_id, overdue.authority_id))
    if result and result.object_id and _looks_at(work, IndicatorSource.OVERDUE_DISPOSAL, result.domain):
        rate(work, [result.object_id], Cause(RatingCause.OVERDUE, overdue.inspection_id), now=now)


def _keep(work: Work, result: PublishedResult, now: datetime) -> bool:
    """Whether this is the newest version known; then it is what counts."""
    id = result_id(result.inspection_id, result.authority_id)
    known = work.find(KnownResult, result_id=id)
    if known is None:
        known = KnownResult(
            result_id=id,
            version=result.version,
            inspection_id=result.inspection_id,
            authority_id=result.authority_id,
            object_id=result.object_id,
            domain=result.domain,
            finding=result.finding,
            adverse=result.adverse,
            inspected_on=result.inspected_on or today(now),
        )
        work.add(known)
        return True
    if known.version >= result.version:
        return False
    known.version, known.domain, known.finding = result.version, result.domain, result.finding
    known.adverse, known.inspected_on = result.adverse, result.inspected_on or known.inspected_on
    return True


def _disclose(work: Work, result: PublishedResult, correction: str, now: datetime) -> Disclosure:
    subject = Subject(
        kind=DisclosureKind.RESULT,
        subject_id=result.inspection_id,
        authority_id=result.authority_id,
        task_id=result.task_id,
        object_id=result.object_id,
        object_name=result.object_name,
    )
    facts = {
        "finding": result.finding,
        "finding_text": FINDINGS.get(result.finding, ""),
        "summary": result.summary,
        "disposal": result.disposal,
        "method": result.method,
        "matters": "、".join(result.matter_ids),
        "task_kind": result.kind,
    }
    content = Content(
        source_version=result.version,
        number=result.task_number,
        title=result.task_name,
        facts={name: value for name, value in facts.items() if value},
        adverse=result.adverse,
        domain=result.domain,
        happened_on=result.inspected_on,
    )
    return disclose(work, subject, content, reason=correction, now=now)


def _disclose_task(work: Work, result: PublishedResult, now: datetime) -> None:
    """As tasks told of it; or, where that is still on its way, as far as the result tells."""
    task = work.find(KnownTask, task_id=result.task_id) or KnownTask(
        task_id=result.task_id,
        version=0,
        number=result.task_number,
        name=result.task_name,
        kind=result.kind,
        nature=result.nature,
        authority_id=result.authority_id,
        starts_on=None,
        ends_on=None,
    )
    disclose_task(work, task, now=now)


def _void_repairs(work: Work, disclosure: Disclosure, now: datetime) -> None:
    for repair in work.all(Repair, disclosure_id=disclosure.disclosure_id, state=OPEN):
        repair.void("检查结果已更正，不再对信用状况产生负面影响", now)


def _looks_at(work: Work, source: IndicatorSource, domain: str) -> bool:
    model = work.find(IndustryModel, domain=domain, state=ModelState.ACTIVE)
    return model is not None and model.listens_to(source)
