"""Partners are invited, answer or keep silent, and the lead forms the task with those that come (CQ 附件1 2.1.2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.chassis.clock import today
from services.chassis.errors import malformed
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.model.content import ContentMode, MatterChoice, TaskMatter, check_random, freeze
from services.tasks.model.copies import Authority
from services.tasks.model.participant import Answer, Participant
from services.tasks.model.task import Task
from services.tasks.model.terms import TaskKind
from services.tasks.use_cases.access import find_task, known_task, led_task
from services.tasks.use_cases.task import note_formed, shelf_of


def answer_invitation(
    work: Work,
    task_id: str,
    answer: Answer,
    choices: tuple[MatterChoice, ...],
    mode: ContentMode,
    reason: str,
    *,
    etag: str,
    by: Principal,
    now: datetime,
) -> Task:
    """An invited partner accepts with its matters, or declines."""
    task = find_task(work, task_id, etag=etag)
    partner = task.require_answerable(by.authority, now)
    if answer is Answer.DECLINED:
        task.decline(by.authority, reason, now)
    elif answer is Answer.ACCEPTED:
        matters = _partner_matters(work, task, partner, choices, mode, now)
        task.accept(by.authority, matters, mode, now)
    else:
        raise malformed("answer", "ANSWER", "answer 应为 ACCEPTED 或 DECLINED", "answer must be ACCEPTED or DECLINED")
    task.note(now, by.subject, f"INVITATION_{answer}", reason, by.authority)
    return task


def _partner_matters(
    work: Work,
    task: Task,
    partner: Participant,
    choices: tuple[MatterChoice, ...],
    mode: ContentMode,
    now: datetime,
) -> tuple[TaskMatter, ...]:
    work.get(Authority, partner.authority_id).require_listed(today(now))
    chosen = choices or tuple(MatterChoice(id) for id in partner.proposed_matter_ids)
    if not chosen:
        raise malformed("matters", "REQUIRED", "接受邀约须选择检查事项", "matters are required to accept")
    shelf = shelf_of(work, partner.authority_id, {choice.matter_id for choice in chosen})
    matters = freeze(shelf, chosen, mode, work.new_id)
    if task.kind is TaskKind.RANDOM:
        check_random(shelf.matters[matter.matter_id] for matter in matters)
    return matters


def form_task(work: Work, task_id: str, *, etag: str, by: Principal, now: datetime) -> Task:
    """The lead forms the task with the partners that accepted."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.form(by.subject, now)
    note_formed(work, task, now)
    return task


def close_overdue_invitations(work: Work, task_ids: Iterable[str], *, now: datetime) -> None:
    """After its deadline an unanswered invitation is refused."""
    for task_id in task_ids:
        task = known_task(work, task_id)
        if task is not None:
            task.close_invitations(now)
