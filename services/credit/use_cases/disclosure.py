"""What becomes public and what leaves the public again, by what the other services announce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.work import Work
from services.credit.events import DisclosurePublished, DisclosureWithdrawn
from services.credit.model.disclosure import (
    TASK_PURGED,
    Content,
    Disclosure,
    DisclosureKind,
    DisclosureRevision,
    DisclosureState,
    RevisionAction,
)
from services.credit.model.known import KnownObject, KnownTask, is_personal

PUBLISHING = (RevisionAction.DISCLOSED, RevisionAction.CORRECTED)


@dataclass(frozen=True)
class Subject:
    """What a disclosure is about, for good."""

    kind: DisclosureKind
    subject_id: str
    authority_id: str
    task_id: str = ""
    object_id: str = ""
    object_name: str = ""


@dataclass(frozen=True)
class ApprovedPlan:
    """A plan as plans announces it."""

    plan_id: str
    version: int
    number: str
    year: int
    name: str
    authority_id: str
    type: str
    lead_domain: str
    joint_domains: tuple[str, ...]
    matter_ids: tuple[str, ...]
    scope: tuple[str, ...]
    methods: tuple[str, ...]
    starts_on: date | None = None
    ends_on: date | None = None
    credit_rule: str = ""
    requirements: str = ""
    content_level: str = ""


@dataclass(frozen=True)
class RevealedDraw:
    """A draw as sampling announces it."""

    draw_id: str
    task_id: str
    round: int
    commitment: str
    transcript_sha256: str
    frame_count: int
    drawn_count: int
    wanted_count: int
    authority_id: str
    path: str
    title: str


def disclose(work: Work, subject: Subject, content: Content, *, reason: str = "", now: datetime) -> Disclosure:
    """Make a version public; one that is on record already changes nothing."""
    disclosure = _known(work, subject) or _begin(work, subject)
    recorded = {"disclosure_id": disclosure.disclosure_id, "source_version": content.source_version}
    if work.count(DisclosureRevision, **recorded, action=PUBLISHING):
        return disclosure
    work.add(disclosure, disclosure.take(content, work.new_id(), reason, now))
    if disclosure.is_disclosed and disclosure.source_version == content.source_version:
        work.emit(
            DisclosurePublished(
                disclosure.disclosure_id,
                disclosure.kind,
                disclosure.subject_id,
                disclosure.authority_id,
                disclosure.revision,
            )
        )
    return disclosure


def withdraw_disclosure(work: Work, disclosure: Disclosure, reason: str, *, now: datetime) -> None:
    """Take it from the public; the history stays."""
    if disclosure.is_disclosed:
        work.add(disclosure.withdraw(reason, work.new_id(), now))
        work.emit(
            DisclosureWithdrawn(
                disclosure.disclosure_id, disclosure.kind, disclosure.subject_id, reason, disclosure.authority_id
            )
        )


def disclose_plan(work: Work, plan: ApprovedPlan, *, now: datetime) -> None:
    """An approved plan is public; approved again after an edit, it is a new version."""
    facts = {
        "year": str(plan.year),
        "type": plan.type,
        "joint_domains": "、".join(plan.joint_domains),
        "matters": "、".join(plan.matter_ids),
        "authorities": "、".join(plan.scope),
        "methods": "、".join(plan.methods),
        "starts_on": _text(plan.starts_on),
        "ends_on": _text(plan.ends_on),
        "credit_rule": plan.credit_rule,
        "requirements": plan.requirements,
        "content_level": plan.content_level,
    }
    content = Content(
        source_version=plan.version,
        number=plan.number,
        title=plan.name,
        facts=_given(facts),
        domain=plan.lead_domain,
        happened_on=plan.starts_on,
    )
    disclose(work, Subject(DisclosureKind.PLAN, plan.plan_id, plan.authority_id), content, now=now)


def disclose_draw(work: Work, draw: RevealedDraw, *, now: datetime) -> None:
    """A revealed draw is public with all that is needed to check it; one for a test task never is."""
    task = work.find(KnownTask, task_id=draw.task_id)
    if task is not None and task.is_test:
        return
    facts = {
        "round": str(draw.round),
        "commitment": draw.commitment,
        "transcript_sha256": draw.transcript_sha256,
        "frame_count": str(draw.frame_count),
        "drawn_count": str(draw.drawn_count),
        "wanted_count": str(draw.wanted_count),
        "path": draw.path,
    }
    number = task.number if task else ""
    content = Content(source_version=draw.round, number=number, title=draw.title, facts=_given(facts))
    subject = Subject(DisclosureKind.DRAW, draw.draw_id, draw.authority_id, task_id=draw.task_id)
    disclose(work, subject, content, reason="重新抽取" if draw.round > 1 else "", now=now)


def disclose_task(work: Work, task: KnownTask, *, now: datetime) -> None:
    """A task is public from its first published result on: before, it could warn who is to be visited."""
    facts = {"kind": task.kind, "starts_on": _text(task.starts_on), "ends_on": _text(task.ends_on)}
    content = Content(
        source_version=task.version,
        number=task.number,
        title=task.name,
        facts=_given(facts),
        happened_on=task.starts_on,
    )
    disclose(
        work, Subject(DisclosureKind.TASK, task.task_id, task.authority_id, task_id=task.task_id), content, now=now
    )


def purge_task(work: Work, task_id: str, *, now: datetime) -> None:
    """A test task vanishes with all that hangs on it."""
    hanging: Sequence[Disclosure] = work.all(Disclosure, task_id=task_id, state=DisclosureState.DISCLOSED)
    for disclosure in hanging:
        withdraw_disclosure(work, disclosure, TASK_PURGED, now=now)


def _known(work: Work, subject: Subject) -> Disclosure | None:
    same = work.all(Disclosure, subject_id=subject.subject_id, authority_id=subject.authority_id)
    return next((disclosure for disclosure in same if disclosure.kind is subject.kind), None)


def _begin(work: Work, subject: Subject) -> Disclosure:
    known = work.find(KnownObject, object_id=subject.object_id) if subject.object_id else None
    return Disclosure(
        disclosure_id=work.new_id(),
        kind=subject.kind,
        subject_id=subject.subject_id,
        authority_id=subject.authority_id,
        task_id=subject.task_id,
        object_id=subject.object_id,
        object_name=subject.object_name,
        personal=is_personal(subject.object_id, known),
    )


def _given(facts: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value}


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""
