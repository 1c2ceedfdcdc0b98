"""即时检查: an inspector has scanned an enterprise's code, has a lead, and begins on the spot (CQ 附件2, TJ 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.clock import today
from services.chassis.errors import InvalidArgument, Violation, malformed
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.model.content import ContentMode, MatterChoice
from services.tasks.model.copies import DirectoryObject
from services.tasks.model.draft import Fixity, Selection, Staffing, TaskDraft, TestTerm
from services.tasks.model.inspection import Inspection
from services.tasks.model.task import Task
from services.tasks.model.terms import Attachment, LeadKind, Method, TaskKind, TaskNature
from services.tasks.use_cases.competence import require_region
from services.tasks.use_cases.dispatch import dispatch_task
from services.tasks.use_cases.making import directory
from services.tasks.use_cases.objects import ObjectChoice, live, take
from services.tasks.use_cases.repeats import repeats_of, require_reason
from services.tasks.use_cases.staffing import assign_inspectors
from services.tasks.use_cases.task import create_task


@dataclass(frozen=True)
class InstantDraft:
    """What an inspector enters on the spot."""

    object_id: str
    lead_kind: LeadKind
    lead_detail: str
    matters: tuple[MatterChoice, ...]
    certificates: tuple[str, ...]
    content_mode: ContentMode = ContentMode.BY_FORM
    name: str = ""
    ends_on: date | None = None
    nature: TaskNature = TaskNature.FORMAL
    test_term: TestTerm | None = None
    assistance_order: Attachment | None = None
    repeat_reason: str = ""

    def as_task(self, object: DirectoryObject, today: date) -> TaskDraft:
        """The task it takes; the lead is what makes a visit necessary."""
        return TaskDraft(
            kind=TaskKind.INSTANT,
            method=Method.ON_SITE,
            name=self.name or f"对{object.name}的即时检查",
            nature=self.nature,
            test_term=self.test_term,
            starts_on=today,
            ends_on=self.ends_on or today,
            on_site_reason=f"{self.lead_kind.zh}：{self.lead_detail}",
            content_mode=self.content_mode,
            matters=self.matters,
            fixity=Fixity.FIXED,
            selection=Selection.MANUAL,
            staffing=Staffing.ASSIGNED,
            assistance_order=self.assistance_order,
        )


def start_instant_inspection(work: Work, draft: InstantDraft, *, by: Principal, now: datetime) -> Inspection:
    """Set up, staff and send out an inspection of one object; all of it, or nothing."""
    object = _known(work, draft.object_id)
    task = _set_up(work, draft.as_task(object, today(now)), by, now)
    _put_on_list(work, task, object, draft, by, now)
    assign_inspectors(work, task.task_id, (), (*draft.certificates, by.certificate), by=by, now=now)
    dispatch_task(work, task.task_id, etag="", by=by, now=now)
    (inspection,) = live(work, task, [draft.object_id])
    return inspection


def _known(work: Work, object_id: str) -> DirectoryObject:
    found = directory(work, [object_id]).get(object_id)
    if found is None:
        zh = f"检查对象 {object_id} 不在名录库中，请先录入名录库"
        raise malformed("object_id", "UNKNOWN", zh, f"object {object_id!r} is not in the directory")
    return found


def _set_up(work: Work, draft: TaskDraft, by: Principal, now: datetime) -> Task:
    """The task; what is wrong with it is named as the inspector entered it, who knows of no task."""
    try:
        return create_task(work, draft, keep_draft=False, by=by, now=now)
    except InvalidArgument as refusal:
        raise InvalidArgument(*map(_as_entered, refusal.violations)) from refusal


def _as_entered(violation: Violation) -> Violation:
    field, zh, en = (text.replace("task.", "") for text in (violation.field, violation.zh, violation.en))
    return Violation(field, violation.rule, zh, en)


def _put_on_list(
    work: Work, task: Task, object: DirectoryObject, draft: InstantDraft, by: Principal, now: datetime
) -> None:
    require_region(work, task, [object])
    repeats = repeats_of(work, task, [object.object_id]).get(object.object_id, ())
    require_reason(repeats, draft.repeat_reason, "repeat_reason")
    choice = ObjectChoice(object.object_id, draft.repeat_reason, draft.lead_kind, draft.lead_detail)
    take(work, task, [choice], {object.object_id: object}, by, now, apply_exclusions=False)
