"""What a task has on paper: scheme (TJ 15), filing of a special inspection (TJ 4), assistance order (TJ 15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.model.paper import Filing, SchemeState
from services.tasks.model.task import Task
from services.tasks.model.terms import Attachment
from services.tasks.use_cases.access import led_task
from services.tasks.use_cases.task import announce_formed


def submit_scheme(
    work: Work,
    task_id: str,
    content: str,
    attachments: tuple[Attachment, ...],
    *,
    etag: str,
    by: Principal,
    now: datetime,
) -> Task:
    """Submit the scheme to the head of the lead."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.submit_scheme(content, attachments, by.subject, now)
    return task


def approve_scheme(work: Work, task_id: str, *, etag: str, by: Principal, now: datetime) -> Task:
    """The head approves it."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.decide_scheme(SchemeState.APPROVED, "", by.subject, now)
    return task


def reject_scheme(work: Work, task_id: str, reason: str, *, etag: str, by: Principal, now: datetime) -> Task:
    """The head rejects it."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.decide_scheme(SchemeState.REJECTED, reason, by.subject, now)
    return task


def file_task(work: Work, task_id: str, filing: Filing, *, etag: str, by: Principal, now: datetime) -> Task:
    """Put on file what a special inspection rests on."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.file(replace(filing, filed_by=by.subject, filed_at=now), by.subject, now)
    return task


def attach_assistance_order(
    work: Work,
    task_id: str,
    order: Attachment,
    regions: tuple[str, ...],
    reason: str,
    *,
    etag: str,
    by: Principal,
    now: datetime,
) -> Task:
    """Attach the order that allows objects of other regions."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.attach_assistance_order(order, regions, reason, by.subject, now)
    announce_formed(work, task)
    return task
