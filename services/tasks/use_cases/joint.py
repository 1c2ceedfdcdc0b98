"""Joint tasks made by matching (TJ 1, 2): what several draws of one window have taken is inspected together, once.

Several authorities go together (外部联合); one authority that drew an object twice goes once, with the matters of both
draws on one form (内部综合, “一表通查”).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from services.chassis.work import Work
from services.tasks.events import InspectionsCancelled, TaskCreated
from services.tasks.model.content import TaskMatter
from services.tasks.model.copies import Authority
from services.tasks.model.draft import Fixity, Selection, TaskOrigin, TaskType
from services.tasks.model.drawing import Match
from services.tasks.model.inspection import Inspection
from services.tasks.model.part import Member, Part
from services.tasks.model.participant import Answer, Participant
from services.tasks.model.task import Task, TaskState
from services.tasks.model.terms import Method, Premature, TaskKind, TaskNature
from services.tasks.use_cases.access import known_task
from services.tasks.use_cases.making import keep_inspections, new_inspection
from services.tasks.use_cases.settling import settle_task
from services.tasks.use_cases.task import announce_formed, next_number

Single = tuple[Task, Inspection]


def note_joint_matched(
    work: Work, window_id: str, window_name: str, matches: tuple[Match, ...], *, now: datetime
) -> None:
    """Fact: objects that several draws share. Their single inspections go into one joint inspection each, of one joint
    task for each lead and set of authorities of the window.

    Raises:
        Premature: drawn objects have not arrived yet.
    """
    tasks = _tasks(work, matches)
    singles = _singles(work, tasks, matches)
    joined: dict[str, Task] = {}
    made: list[Inspection] = []
    for match in matches:
        task_ids = dict.fromkeys(participant.task_id for participant in match.participants)  # partners share one task
        found = [singles[id, match.object_id] for id in task_ids if (id, match.object_id) in singles]
        if len(found) >= 2:
            joint, inspection = _join(work, window_id, window_name, match, found, now)
            joined[joint.task_id] = joint
            made.append(inspection)
    keep_inspections(work, made, now)
    for task in [*joined.values(), *tasks.values()]:
        settle_task(work, task, now)
    for task in joined.values():
        announce_formed(work, task)


def _tasks(work: Work, matches: tuple[Match, ...]) -> dict[str, Task]:
    ids = sorted({participant.task_id for match in matches for participant in match.participants})
    return {id: task for id in ids if (task := known_task(work, id)) is not None}


def _singles(work: Work, tasks: dict[str, Task], matches: tuple[Match, ...]) -> dict[tuple[str, str], Single]:
    """The inspections, by task and object, that can still be merged."""
    for task in tasks.values():
        if task.state is TaskState.PENDING_EXECUTION and not task.objects_chosen:
            raise Premature(f"objects of task {task.task_id}")
    object_ids = [match.object_id for match in matches]
    found: dict[tuple[str, str], Single] = {}
    for task in tasks.values():
        for inspection in work.all(Inspection, task_id=task.task_id, object_id=object_ids, round=task.draw_round):
            if inspection.can_merge:
                found[task.task_id, inspection.object_id] = (task, inspection)
    return found


def _join(
    work: Work, window_id: str, window_name: str, match: Match, singles: list[Single], now: datetime
) -> tuple[Task, Inspection]:
    authorities = {part.authority_id for _, single in singles for part in single.parts}
    lead_id = match.lead_id if match.lead_id in authorities else singles[0][0].authority_id
    key = _key(window_id, lead_id, authorities, (task.nature for task, _ in singles))
    joint = work.find(Task, match_key=key) or _open(work, window_id, window_name, key, lead_id, singles, now)
    _widen(joint, [task for task, _ in singles])
    inspection = new_inspection(work, joint, singles[0][1].object, now)
    for part in inspection.parts:
        _take_over(part, [single.part(part.authority_id) for _, single in singles])
    inspection.settle_staff()
    for task, single in singles:
        was_out = single.dispatched_at is not None
        single.merge(inspection.inspection_id, now)
        if was_out:
            reason = f"并入联合检查 {joint.number}"
            work.emit(InspectionsCancelled(task.task_id, (single.inspection_id,), "MERGED", reason))
    return joint, inspection


def _key(window_id: str, lead_id: str, authorities: set[str], natures: Iterable[TaskNature]) -> str:
    text = "|".join([window_id, lead_id, *sorted(authorities), *sorted(set(natures))])
    return hashlib.sha256(text.encode()).hexdigest()


def _take_over(part: Part, theirs: list[Part | None]) -> None:
    """Matters and inspectors of the single inspections; an authority that drew the object twice brings both."""
    brought = [single for single in theirs if single is not None]
    part.matter_ids = tuple(dict.fromkeys(id for single in brought for id in single.matter_ids))
    team: dict[str, Member] = {member.certificate: member for single in brought for member in single.team}
    part.staff(team.values())


def _open(
    work: Work, window_id: str, window_name: str, key: str, lead_id: str, singles: list[Single], now: datetime
) -> Task:
    tasks = [task for task, _ in singles]
    internal = len({part.authority_id for _, single in singles for part in single.parts}) == 1
    lead_task = next((task for task in tasks if task.authority_id == lead_id), tasks[0])
    lead = work.get(Authority, lead_id)
    joint = Task(
        task_id=work.new_id(),
        number=next_number(work, lead, lead_task.nature, lead_task.year),
        name=f"{window_name}{'综合检查' if internal else '联合抽查'}",
        year=lead_task.year,
        kind=TaskKind.RANDOM,
        nature=lead_task.nature,
        test_term=lead_task.test_term,
        expires_at=lead_task.expires_at,
        origin=TaskOrigin.MATCHED,
        type=TaskType.OWN_AGENCY if internal else TaskType.CROSS_AGENCY,
        authority_id=lead_id,
        authority_name=lead.name,
        region=lead.region,
        starts_on=min(task.starts_on for task in tasks),
        ends_on=max(task.ends_on for task in tasks),
        method=_method(lead_task, tasks),
        selection=Selection.RANDOM,
        staffing=lead_task.staffing,
        fixity=Fixity.FIXED,
        plan_id=lead_task.plan_id,
        plan_number=lead_task.plan_number,
        lead_domain=lead_task.lead_domain,
        on_site_reason=next((task.on_site_reason for task in tasks if task.on_site_reason), ""),
        window_id=window_id,
        match_key=key,
    )
    joint.participants = [_participant(joint, lead_id, lead.name, 0, now)]
    joint.form_matched(now, "、".join(task.number for task in tasks))
    work.add(joint)
    work.emit(TaskCreated(joint.task_id, joint.number, joint.plan_id, joint.authority_id, joint.nature))
    return joint


def _method(lead_task: Task, tasks: list[Task]) -> Method:
    """On site when anybody goes there: the others come along."""
    return Method.ON_SITE if any(task.method is Method.ON_SITE for task in tasks) else lead_task.method


def _participant(joint: Task, authority_id: str, name: str, position: int, now: datetime) -> Participant:
    return Participant(
        task_id=joint.task_id,
        authority_id=authority_id,
        authority_name=name,
        position=position,
        lead=position == 0,
        answer=Answer.ACCEPTED if position else None,
        answered_at=now if position else None,
    )


def _widen(joint: Task, tasks: list[Task]) -> None:
    """Let the joint task hold everybody who takes part in these tasks, with all their matters."""
    now = joint.formed_at
    assert now is not None
    for theirs in (participant for task in tasks for participant in task.parts()):
        ours = joint.participant(theirs.authority_id)
        if ours is None:
            ours = _participant(joint, theirs.authority_id, theirs.authority_name, len(joint.participants), now)
            joint.participants.append(ours)
        ours.matters = _union(ours.matters, theirs.matters)
        ours.content_mode = theirs.content_mode


def _union(first: tuple[TaskMatter, ...], second: tuple[TaskMatter, ...]) -> tuple[TaskMatter, ...]:
    held = {matter.matter_id for matter in first}
    return (*first, *(matter for matter in second if matter.matter_id not in held))
