"""Who inspects: assigned by hand, drawn by sampling, or put in another's place (CQ 附件1 2.3)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.errors import FailedPrecondition, InvalidArgument, NoSuchThing, Violation
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.tasks.events import InspectorReassigned
from services.tasks.model.change import ChangeKind, Thing
from services.tasks.model.copies import Inspector
from services.tasks.model.draft import Staffing, TaskOrigin
from services.tasks.model.drawing import Team
from services.tasks.model.inspection import LIVE, WAITING, Inspection, InspectionState
from services.tasks.model.part import LEAST_INSPECTORS, Member, Part, TooFewInspectors
from services.tasks.model.participant import Participant
from services.tasks.model.task import Task, TaskState, WrongMode
from services.tasks.model.terms import HistoryEntry, Premature
from services.tasks.use_cases.access import find_inspection, find_task, joined_task, known_task, own_part
from services.tasks.use_cases.changes import keep_change
from services.tasks.use_cases.making import staff_many
from services.tasks.use_cases.settling import settle_task

AT_A_TIME = 1000


class Unqualified(FailedPrecondition):
    """A matter asks for a qualification that nobody of the team has."""

    def __init__(self, qualification: str, matter_id: str) -> None:
        super().__init__(
            f"检查事项 {matter_id} 要求具备“{qualification}”资格，所选检查人员均不具备",
            f"matter {matter_id!r} needs the qualification {qualification!r}, which nobody of the team has",
            qualification=qualification,
            matter=matter_id,
        )


@dataclass(frozen=True)
class Assigned:
    """What was assigned."""

    assigned: int
    staffed: bool


def assign_inspectors(
    work: Work,
    task_id: str,
    inspection_ids: tuple[str, ...],
    certificates: tuple[str, ...],
    *,
    by: Principal,
    now: datetime,
) -> Assigned:
    """Give inspections a team of the caller's authority."""
    task = joined_task(work, task_id, by=by)
    task.require("assign_inspectors")
    participant = task.participant(by.authority)
    assert participant is not None
    team = _team(work, participant, certificates, task.ends_on)
    entry = HistoryEntry(now, by.subject, "ASSIGNED", "", "、".join(certificates))
    if inspection_ids:
        assigned = _assign_named(work, task, inspection_ids, team, entry, by)
    else:
        assigned = _assign_waiting(work, task, team, entry, by.authority)
    settle_task(work, task, now)
    return Assigned(assigned, task.staffed)


def _team(work: Work, participant: Participant, certificates: tuple[str, ...], last_day: date) -> list[Inspector]:
    wanted = list(dict.fromkeys(certificates))
    known = known_inspectors(work, wanted)
    _require_own(wanted, known, participant.authority_id)
    team = [known[certificate] for certificate in wanted]
    invalid = [inspector.certificate for inspector in team if not inspector.is_valid_on(last_day)]
    valid = sum(not inspector.expert for inspector in team) - len(invalid)
    if invalid or valid < LEAST_INSPECTORS:
        raise TooFewInspectors(max(valid, 0), invalid)
    for matter in participant.matters:
        if matter.qualification and all(matter.qualification not in i.qualifications for i in team):
            raise Unqualified(matter.qualification, matter.matter_id)
    return team


def known_inspectors(work: Work, certificates: Iterable[str]) -> dict[str, Inspector]:
    """What the directory says of inspectors, as far as it has told."""
    return {inspector.certificate: inspector for inspector in work.all(Inspector, certificate=list(certificates))}


def _require_own(wanted: list[str], known: dict[str, Inspector], authority_id: str) -> None:
    strangers = [
        Violation(
            f"certificates[{index}]",
            "UNKNOWN",
            f"执法证 {certificate} 不属于本机构的检查人员",
            f"certificate {certificate!r} is no inspector of your authority",
        )
        for index, certificate in enumerate(wanted)
        if certificate not in known or known[certificate].authority_id != authority_id
    ]
    if strangers:
        raise InvalidArgument(*strangers)


def _assign_named(
    work: Work,
    task: Task,
    inspection_ids: tuple[str, ...],
    team: Sequence[Inspector],
    entry: HistoryEntry,
    by: Principal,
) -> int:
    found = _named(work, task, inspection_ids)
    _require_no_draw(task)
    for inspection in found:
        inspection.require("assign_inspectors")
        own_part(inspection, by).staff(team)
        inspection.settle_staff()
        inspection.history = (*inspection.history, entry)
    return len(found)


def _assign_waiting(work: Work, task: Task, team: Sequence[Inspector], entry: HistoryEntry, authority_id: str) -> int:
    """Give the team to all that wait for one of this authority: as rows, for a task may have a hundred thousand."""
    assigned = 0
    unstaffed: dict[str, object] = {"excluded": False, "staffed": False, **WAITING}
    for batch in work.row_batches(Inspection, ("inspection_id",), AT_A_TIME, task_id=task.task_id, **unstaffed):
        lacking = _lacking(work, [row.inspection_id for row in batch])
        ours = [id for id, authorities in lacking.items() if authority_id in authorities]
        if ours:
            _require_no_draw(task)
            staff_many(work, ours, authority_id, team)
        for staffed in (True, False):
            ids = [id for id in ours if (lacking[id] == {authority_id}) is staffed]
            if ids:
                work.change(Inspection, {"staffed": staffed}, append={"history": entry}, inspection_id=ids)
        assigned += len(ours)
    return assigned


def _lacking(work: Work, ids: list[str]) -> dict[str, set[str]]:
    """The authorities whose parts of these inspections lack inspectors; see `Part.is_staffed`."""
    held = Counter(work.rows(Member, ("inspection_id", "authority_id"), inspection_id=ids, expert=False))
    lacking: dict[str, set[str]] = defaultdict(set)
    for id, authority_id in work.rows(Part, ("inspection_id", "authority_id"), inspection_id=ids):
        if held[id, authority_id] < LEAST_INSPECTORS:
            lacking[id].add(authority_id)
    return lacking


def _named(work: Work, task: Task, inspection_ids: tuple[str, ...]) -> Collection[Inspection]:
    found = {i.inspection_id: i for i in work.all(Inspection, task_id=task.task_id, inspection_id=list(inspection_ids))}
    for id in inspection_ids:
        if id not in found:
            raise NoSuchThing("Inspection", id)
    return found.values()


def _require_no_draw(task: Task) -> None:
    came_after_draw = task.origin is TaskOrigin.MATCHED or task.state is TaskState.EXECUTING
    if task.staffing is Staffing.RANDOM and not came_after_draw:
        raise WrongMode(
            "该任务的检查人员由随机抽取产生，不能自行指派；如需更换，请使用更换检查人员并说明理由",
            "the inspectors of this task are drawn; change a single one with a reason",
        )


def reassign_inspector(
    work: Work,
    inspection_id: str,
    certificate: str,
    substitute: str,
    reason: str,
    *,
    etag: str,
    by: Principal,
    now: datetime,
) -> Inspection:
    """Put another inspector of the caller's authority in the place of one; the history keeps both."""
    task, inspection = find_inspection(work, inspection_id, etag=etag)
    part = own_part(inspection, by)
    inspection.require("reassign_inspector")
    known = known_inspectors(work, [substitute])
    _require_own([substitute], known, by.authority)
    if not known[substitute].is_valid_on(task.ends_on):
        raise TooFewInspectors(1, [substitute])
    leaving = next((Thing(m.certificate, m.name) for m in part.team if m.certificate == certificate), None)
    part.swap(certificate, known[substitute])
    if not part.is_staffed:
        raise TooFewInspectors(1, [substitute])
    inspection.settle_staff()
    inspection.note(now, by.subject, "REASSIGNED", reason, f"{certificate} → {substitute}")
    coming = Thing(substitute, known[substitute].name)
    keep_change(work, ChangeKind.INSPECTOR_REASSIGNED, inspection, reason, before=leaving, after=coming, by=by, now=now)
    if inspection.dispatched_at is not None:
        team = tuple(member.certificate for member in part.team)
        work.emit(InspectorReassigned(inspection_id, by.authority, certificate, substitute, team, reason))
    return inspection


def note_inspectors_drawn(work: Work, task_id: str, teams: tuple[Team, ...], *, now: datetime) -> None:
    """Fact: sampling drew inspectors. Objects that went into a joint inspection pass their teams on.

    Raises:
        Premature: the objects have not arrived yet.
    """
    task = known_task(work, task_id)
    if task is None or task.state is TaskState.CANCELLED:
        return
    by_object = _by_object(work, task, teams)
    if not task.objects_chosen and any(team.object_id not in by_object for team in teams):
        raise Premature(f"objects of task {task_id}")
    known = known_inspectors(work, {certificate for team in teams for certificate in team.everybody})
    touched: set[str] = {task.task_id}
    for team in teams:
        inspection = by_object.get(team.object_id)
        part = inspection.part(team.authority_id) if inspection else None
        if inspection is not None and part is not None and _can_be_staffed(inspection):
            _staff(inspection, part, team, known, now)
            touched.add(inspection.task_id)
    for id in sorted(touched):
        settle_task(work, find_task(work, id), now)


def _by_object(work: Work, task: Task, teams: tuple[Team, ...]) -> dict[str, Inspection]:
    """The inspection of each object that a team is for: in the task, or the joint one it went into."""
    ids = [team.object_id for team in teams]
    ours = work.all(Inspection, task_id=task.task_id, object_id=ids, round=task.draw_round)
    merged = {i.merged_into: i.object_id for i in ours if i.state is InspectionState.MERGED}
    joint = work.all(Inspection, inspection_id=list(merged)) if merged else []
    return {i.object_id: i for i in [*ours, *joint] if i.state in LIVE}


def _can_be_staffed(inspection: Inspection) -> bool:
    return inspection.state is InspectionState.PENDING and inspection.dispatched_at is None


def _staff(inspection: Inspection, part: Part, team: Team, known: dict[str, Inspector], now: datetime) -> None:
    part.staff(
        known.get(id) or Inspector(certificate=id, version=0, expert=id in team.experts) for id in team.everybody
    )
    inspection.settle_staff()
    inspection.note(now, "", "INSPECTORS_DRAWN", detail="、".join(team.everybody))


def note_inspector_replaced(
    work: Work, task_id: str, certificate: str, reason: str, teams: tuple[Team, ...], *, now: datetime
) -> None:
    """Fact: sampling drew somebody else in an inspector's place. What is visited or changed by hand stays as it is.

    Raises:
        Premature: the objects have not arrived yet.
    """
    task = known_task(work, task_id)
    if task is None or task.state is TaskState.CANCELLED:
        return
    by_object = _by_object(work, task, teams)
    if not task.objects_chosen and any(team.object_id not in by_object for team in teams):
        raise Premature(f"objects of task {task_id}")
    known = known_inspectors(work, {each for team in teams for each in team.everybody})
    for team in teams:
        inspection = by_object.get(team.object_id)
        part = inspection.part(team.authority_id) if inspection else None
        if inspection and part and "reassign_inspector" in inspection.possible() and part.has(certificate):
            _exchange(work, inspection, part, team, known, (certificate, reason), now)


def _exchange(
    work: Work,
    inspection: Inspection,
    part: Part,
    team: Team,
    known: dict[str, Inspector],
    left: tuple[str, str],
    now: datetime,
) -> None:
    """Make a team what was drawn; each who joins is on record as in the place of somebody who left."""
    certificate, reason = left
    before = {member.certificate: member.name for member in part.team}
    leaving = [certificate, *(id for id in before if id != certificate and id not in team.everybody)]
    coming = [id for id in team.everybody if id not in before]
    part.staff(
        known.get(id) or Inspector(certificate=id, version=0, expert=id in team.experts) for id in team.everybody
    )
    inspection.settle_staff()
    for gone, came in zip(leaving, coming, strict=False):
        inspection.note(now, "", "REASSIGNED", reason, f"{gone} → {came}")
        after = Thing(came, known[came].name if came in known else "")
        by = Principal("sampling", authority=part.authority_id)
        kind = ChangeKind.INSPECTOR_REASSIGNED
        keep_change(work, kind, inspection, reason, before=Thing(gone, before[gone]), after=after, by=by, now=now)
        if inspection.dispatched_at is not None:
            everybody = tuple(member.certificate for member in part.team)
            id = inspection.inspection_id
            work.emit(InspectorReassigned(id, part.authority_id, gone, came, everybody, reason))
