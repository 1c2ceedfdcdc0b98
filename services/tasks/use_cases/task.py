"""Setting a task up, with or without partners (CQ 附件1 2.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.chassis.clock import today
from services.chassis.errors import FailedPrecondition
from services.chassis.identity import Principal
from services.chassis.numbering import document_number
from services.chassis.work import Work
from services.tasks.events import TaskCancelled, TaskCreated, TaskFormed, TaskPart, TaskPurged
from services.tasks.model.content import (
    ContentMode,
    Shelf,
    TaskMatter,
    check_method,
    check_random,
    freeze,
)
from services.tasks.model.copies import Authority, CheckForm, Matter, Plan
from services.tasks.model.draft import PartnerInvitation, TaskDraft, TaskOrigin, TaskType
from services.tasks.model.inspection import InspectedObject
from services.tasks.model.participant import Answer, Participant
from services.tasks.model.task import Task, TaskState, expiry
from services.tasks.model.terms import TaskKind, TaskNature
from services.tasks.use_cases.access import led_task
from services.tasks.use_cases.cancelling import cancel_inspections
from services.tasks.use_cases.competence import allowed_regions
from services.tasks.use_cases.making import new_inspection
from services.tasks.use_cases.settling import settle_task


class PlanNotForYou(FailedPrecondition):
    """A plan is carried out by the authority that made it and those it was sent to."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"计划 {number} 未下发至本机构，不能据此创建任务", f"plan {number!r} was not sent to your authority"
        )


class AlreadyStarted(FailedPrecondition):
    """Partners are changed while the task is a draft."""

    def __init__(self) -> None:
        super().__init__(
            "邀约已发出，不能再更改任务类型和配合机构；可以取消任务后重新创建",
            "invitations are out: type and partners can no longer be changed; cancel the task and set up another",
        )


def create_task(work: Work, draft: TaskDraft, *, keep_draft: bool, by: Principal, now: datetime) -> Task:
    """Set up a task of the caller's authority; without partners it is formed at once."""
    by.require(authority=draft.authority_id or by.authority)
    lead = work.get(Authority, by.authority)
    lead.require_listed(today(now))
    filled, plan, matters = settle_draft(work, draft, lead)
    filled.check_deadline(today(now))
    task = open_task(work, filled, lead, plan, now)
    task.participants = [lead_part(task, lead, matters, filled.content_mode), *_partners(work, task, filled, now)]
    work.add(task)
    work.emit(TaskCreated(task.task_id, task.number, task.plan_id, task.authority_id, task.nature))
    if not keep_draft:
        _start(work, task, by.subject, now)
    return task


def settle_draft(
    work: Work, draft: TaskDraft, lead: Authority
) -> tuple[TaskDraft, Plan | None, tuple[TaskMatter, ...]]:
    """The draft filled from its plan and checked, and what it inspects, frozen."""
    plan = _plan_of(work, draft.plan_id, lead)
    wanted = {choice.matter_id for choice in draft.matters} | set(plan.matter_ids if plan else ())
    shelf = shelf_of(work, lead.authority_id, wanted)
    claimed = frozenset(id for id, matter in shelf.matters.items() if lead.authority_id in matter.claimed_by)
    filled = draft.filled(plan, claimed)
    filled.check(plan, lead.authority_id)
    matters = freeze(shelf, filled.matters, filled.content_mode, work.new_id)
    check_method(matters, filled.method, filled.on_site_reason)
    if filled.kind is TaskKind.RANDOM:
        check_random(shelf.matters[matter.matter_id] for matter in matters)
    return replace(filled, lead_domain=filled.lead_domain or matters[0].domain), plan, matters


def open_task(work: Work, draft: TaskDraft, lead: Authority, plan: Plan | None, now: datetime) -> Task:
    """A task of a draft that is filled and checked, with its number and without participants."""
    assert draft.type
    assert draft.origin
    assert draft.selection
    assert draft.staffing
    starts_on, ends_on = draft.period
    task = Task(
        task_id=work.new_id(),
        number=next_number(work, lead, draft.nature, draft.year),
        name=draft.name,
        year=draft.year,
        kind=draft.kind,
        nature=draft.nature,
        origin=draft.origin,
        type=draft.type,
        authority_id=lead.authority_id,
        authority_name=lead.name,
        region=lead.region,
        starts_on=starts_on,
        ends_on=ends_on,
        method=draft.method,
        selection=draft.selection,
        staffing=draft.staffing,
        test_term=draft.test_term,
        expires_at=expiry(draft.test_term, now),
        plan_id=plan.plan_id if plan else "",
        plan_number=plan.number if plan else "",
    )
    task.enter(draft)
    return task


def next_number(work: Work, lead: Authority, nature: TaskNature, year: int) -> str:
    """The next document number of an authority; test tasks have a series of their own.

    Numbers of one short name are one series: whoever takes the name over counts on, so no number is given twice.
    """
    kind = "测试" if nature is TaskNature.TEST else "专查"
    count = work.next_number(f"task/{nature}/{lead.short_name}/{year}")
    return document_number(lead.short_name, kind, year, count)


def update_task(work: Work, task_id: str, draft: TaskDraft, *, etag: str, by: Principal, now: datetime) -> Task:
    """Replace what was entered, until objects are drawn."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.require_editable("update")
    lead = work.get(Authority, task.authority_id)
    kept = replace(draft, kind=task.kind, nature=task.nature, test_term=task.test_term, plan_id=task.plan_id)
    kept = _with_partners(task, replace(kept, origin=task.origin))
    filled, _, matters = settle_draft(work, kept, lead)
    if filled.invitation_deadline != task.invitation_deadline:
        filled.check_deadline(today(now))
    task.amend(filled, by.subject, now)
    task.participants[0].matters, task.participants[0].content_mode = matters, filled.content_mode
    for partner in task.parts():
        check_method(partner.matters, task.method, task.on_site_reason or "—")
    if task.state is TaskState.DRAFT:
        task.type = filled.type or task.type
        task.participants = [task.participants[0], *_partners(work, task, filled, now)]
    if task.state is TaskState.PENDING_EXECUTION:
        announce_formed(work, task)
    return task


def _with_partners(task: Task, draft: TaskDraft) -> TaskDraft:
    """Once invitations are out, the draft keeps the partners that are invited."""
    if task.state is TaskState.DRAFT:
        return draft
    invited = tuple(p for p in task.participants if not p.lead)
    named = {partner.authority_id for partner in draft.partners}
    others = named and named != {partner.authority_id for partner in invited}
    if others or (draft.type or task.type) != task.type:
        raise AlreadyStarted
    if not invited:
        return draft
    return replace(
        draft,
        type=task.type,
        partners=tuple(PartnerInvitation(partner.authority_id, partner.proposed_matter_ids) for partner in invited),
        invitation_deadline=draft.invitation_deadline or task.invitation_deadline,
    )


def delete_task(work: Work, task_id: str, *, etag: str, by: Principal, now: datetime) -> None:
    """Take a task off all lists, until objects are drawn."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.remove(by.subject, now)
    work.emit(TaskPurged(task.task_id, task.plan_id))


def start_task(work: Work, task_id: str, *, etag: str, by: Principal, now: datetime) -> Task:
    """Take a draft on."""
    task = led_task(work, task_id, by=by, etag=etag)
    _start(work, task, by.subject, now)
    return task


def cancel_task(work: Work, task_id: str, reason: str, *, etag: str, by: Principal, now: datetime) -> Task:
    """Call a task off with all its inspections that have no record yet."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.cancel(reason, by.subject, now)
    told = TaskCancelled(task.task_id, task.plan_id, reason)
    nothing_fell = True
    for ids in cancel_inspections(work, task.task_id, reason, by=by.subject, now=now):
        work.emit(replace(told, inspection_ids=tuple(ids)))
        nothing_fell = False
    if nothing_fell:
        work.emit(told)
    return task


def shelf_of(work: Work, authority_id: str, matter_ids: Iterable[str]) -> Shelf:
    """What an authority can choose from, among these matters."""
    matters = {matter.matter_id: matter for matter in work.all(Matter, matter_id=list(matter_ids))}
    forms = work.all(CheckForm, authority_id=authority_id, order_by=["name", "form_id"])
    return Shelf(authority_id, matters, forms)


def note_formed(work: Work, task: Task, now: datetime) -> None:
    """Announce a formed task; a survey gets the inspection that gathers what is found."""
    if task.survey:
        work.add(new_inspection(work, task, InspectedObject(), now))
        settle_task(work, task, now)
    announce_formed(work, task)


def announce_formed(work: Work, task: Task) -> None:
    """Announce how a formed task is made up now."""
    task.formations += 1
    parts = tuple(
        TaskPart(part.authority_id, tuple(matter.matter_id for matter in part.matters)) for part in task.parts()
    )
    work.emit(
        TaskFormed(
            task_id=task.task_id,
            version=task.formations,
            number=task.number,
            name=task.name,
            kind=task.kind,
            nature=task.nature,
            type=task.type,
            plan_id=task.plan_id,
            year=task.year,
            authority_id=task.authority_id,
            region=task.region,
            parts=parts,
            selection=task.selection,
            staffing=task.staffing,
            method=task.method,
            starts_on=task.starts_on,
            ends_on=task.ends_on,
            regions=allowed_regions(work, task),
        )
    )


def _start(work: Work, task: Task, by: str, now: datetime) -> None:
    task.start(by, now)
    if task.state is TaskState.PENDING_EXECUTION:
        note_formed(work, task, now)


def _plan_of(work: Work, plan_id: str, lead: Authority) -> Plan | None:
    if not plan_id:
        return None
    plan = work.get(Plan, plan_id)
    if lead.authority_id != plan.authority_id and lead.authority_id not in plan.scope:
        raise PlanNotForYou(plan.number)
    return plan


def lead_part(task: Task, lead: Authority, matters: tuple[TaskMatter, ...], mode: ContentMode) -> Participant:
    """The lead's share in its task."""
    return Participant(
        task_id=task.task_id,
        authority_id=lead.authority_id,
        authority_name=lead.name,
        position=0,
        lead=True,
        matters=matters,
        content_mode=mode,
    )


def _partners(work: Work, task: Task, draft: TaskDraft, now: datetime) -> list[Participant]:
    if draft.type is not TaskType.CROSS_AGENCY or draft.origin is TaskOrigin.MATCHED:
        return []
    return [
        _invited(work.get(Authority, invitation.authority_id), task, index, invitation.matter_ids, now)
        for index, invitation in enumerate(draft.partners, start=1)
    ]


def _invited(partner: Authority, task: Task, position: int, proposed: tuple[str, ...], now: datetime) -> Participant:
    partner.require_listed(today(now))
    return Participant(
        task_id=task.task_id,
        authority_id=partner.authority_id,
        authority_name=partner.name,
        position=position,
        answer=Answer.INVITED,
        proposed_matter_ids=proposed,
    )
