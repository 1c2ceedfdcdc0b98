"""A city authority hands a special inspection on to those below, each of which gets a task of its own (TJ 5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.chassis.clock import today
from services.chassis.errors import FailedPrecondition
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.events import TaskCreated
from services.tasks.model.content import MatterNotClaimed
from services.tasks.model.copies import Authority, Matter
from services.tasks.model.draft import TaskType
from services.tasks.model.task import Task, WrongMode
from services.tasks.model.terms import TaskKind, lies_within
from services.tasks.use_cases.access import led_task
from services.tasks.use_cases.task import lead_part, next_number, note_formed

_HANDED_ON = (
    *("name", "year", "kind", "nature", "origin", "starts_on", "ends_on", "test_term", "expires_at"),
    *("method", "selection", "staffing", "fixity", "content_mode", "survey"),
    *("plan_id", "plan_number", "lead_domain", "object_requirements", "work_requirements", "description"),
    *("on_site_reason", "attachments", "filing"),
)
"""What the tasks of those below have from the one they come from."""


class NotBelow(FailedPrecondition):
    """A task is handed on to authorities within the lead's region only."""

    def __init__(self, authority_id: str, region: str) -> None:
        super().__init__(
            f"机构 {authority_id}（区划 {region}）不在本机构区划内，不能分发",
            f"authority {authority_id!r} of region {region} does not lie within your region",
            authority=authority_id,
        )


def distribute_task(
    work: Work, task_id: str, authority_ids: tuple[str, ...], *, etag: str, by: Principal, now: datetime
) -> list[Task]:
    """One task for each authority that does not have it yet, with the content and period of this one."""
    task = led_task(work, task_id, by=by, etag=etag)
    task.require("distribute")
    if task.kind is not TaskKind.SPECIAL:
        raise WrongMode("只有专项检查可以分发部署", "only a SPECIAL task can be distributed")
    present = {child.authority_id for child in work.all(Task, parent_task_id=task.task_id, deleted=False)}
    wanted = [id for id in dict.fromkeys(authority_ids) if id not in present]
    children = [_below(work, task, work.get(Authority, id), by, now) for id in wanted]
    task.note(now, by.subject, "DISTRIBUTED", detail="、".join(wanted))
    return children


def _below(work: Work, task: Task, authority: Authority, by: Principal, now: datetime) -> Task:
    authority.require_listed(today(now))
    if authority.authority_id == task.authority_id or not lies_within(authority.region, task.region):
        raise NotBelow(authority.authority_id, authority.region)
    require_claimed(work, task, authority)
    return hand_on(work, task, authority, {}, by=by, now=now)


def hand_on(
    work: Work, task: Task, authority: Authority, changes: Mapping[str, object], *, by: Principal, now: datetime
) -> Task:
    """A task of another authority with the content and period of this one, formed and announced."""
    child = _copy(work, task, authority, changes)
    work.add(child)
    work.emit(TaskCreated(child.task_id, child.number, child.plan_id, child.authority_id, child.nature))
    child.note(now, by.subject, "DISTRIBUTED_FROM", detail=task.number)
    child.start(by.subject, now)
    note_formed(work, child, now)
    return child


def require_claimed(work: Work, task: Task, authority: Authority) -> None:
    """Refuse an authority that has not claimed every matter of the lead."""
    for matter in work.all(Matter, matter_id=[matter.matter_id for matter in task.participants[0].matters]):
        if authority.authority_id not in matter.claimed_by:
            raise MatterNotClaimed(matter.matter_id, authority.authority_id)


def _copy(work: Work, task: Task, authority: Authority, changes: Mapping[str, object]) -> Task:
    handed_on: dict[str, Any] = {name: getattr(task, name) for name in _HANDED_ON} | dict(changes)
    child = Task(
        task_id=work.new_id(),
        number=next_number(work, authority, task.nature, task.year),
        type=TaskType.OWN_AGENCY,
        authority_id=authority.authority_id,
        authority_name=authority.name,
        region=authority.region,
        parent_task_id=task.task_id,
        **handed_on,
    )
    lead = task.participants[0]
    child.participants = [lead_part(child, authority, lead.matters, lead.content_mode)]
    return child
