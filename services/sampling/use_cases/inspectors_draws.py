"""Drawing inspectors (抽取检查人员): for each object and each authority that takes part, at least two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.chassis.clock import today
from services.chassis.errors import malformed
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.sampling.events import InspectorsDrawn, in_parts
from services.sampling.model import commitment as lm
from services.sampling.model.draw import Draw
from services.sampling.model.frame import Frame
from services.sampling.model.inspector import Inspector
from services.sampling.model.neighbours import Matter, Part, Task
from services.sampling.model.records import (
    DrawnRow,
    FrozenFile,
    InspectorsAssignedByHand,
    InspectorsDraw,
    MattersNotKnown,
    NoObjectsYet,
    ObjectsUnknown,
)
from services.sampling.model.recusal import Recusal, RecusalState
from services.sampling.model.seed import contribution
from services.sampling.model.strata import ALL
from services.sampling.model.team_draw import draw_teams
from services.sampling.model.teams import AT_LEAST, Candidate, Post, Team
from services.sampling.model.tickets import draw_from
from services.sampling.model.window import JointWindow
from services.sampling.team_transcript import team_transcript
from services.sampling.transcript import transcript, transcript_bytes
from services.sampling.use_cases.access import known_task
from services.sampling.use_cases.population import Population
from services.sampling.use_cases.revealing import TRANSCRIPT

SEED = "seed.json"
MOST_OBJECTS = 5000
GREATEST_SIZE = 10


class Roster(Population, Protocol):
    """The directories as a draw of inspectors looks at them."""

    def pending_visits(self, authority_ids: Sequence[str]) -> Mapping[str, int]:
        """How many visits each inspector of these authorities has before them."""
        ...


@dataclass(frozen=True)
class Seeded:
    """What a draw of inspectors draws with.

    Args:
        commitment, seed: of the task's draw, or made for this one alone.
        draw_id, round: where they come from; empty and 0 when made for this one.
        transcript: of a seed made for this one alone; empty: the draw has it.
    """

    commitment: str
    seed: bytes
    draw_id: str = ""
    round: int = 0
    transcript: bytes = b""


def draw_inspectors(
    work: Work,
    roster: Roster,
    task_id: str,
    object_ids: Sequence[str],
    size: int,
    secret: bytes,
    *,
    by: Principal,
    now: datetime,
) -> InspectorsDraw:
    """Draw a team for every object and authority, or none at all.

    Args:
        object_ids: none: those the task's draw has taken.
        size: 0: two.
        secret: 32 random bytes, for objects that no draw has taken.

    Raises:
        TeamsInfeasible: lists which objects lack what.
    """
    task = known_task(work, task_id)
    by.require(authority=task.authority_id)
    if task.staffing != "RANDOM":
        raise InspectorsAssignedByHand(task_id)
    size = checked_size(size)
    draw = work.find(Draw, task_id=task_id)
    wanted = list(dict.fromkeys(object_ids)) or drawn(work, draw, task_id)
    regions = regions_of(roster, wanted)
    id = work.new_id()
    seeded = seed_for(work, draw, wanted, id, secret)
    posts = [post for part in task.parts for post in posts_of(work, part, regions)]
    candidates = candidates_of(work, roster, task, max(today(now), task.starts_on or today(now)))
    recusals = recusals_of(work, candidates)
    teams = draw_teams(seeded.seed, posts, candidates, recusals, size)
    document = team_transcript(seeded.commitment, seeded.seed, posts, candidates, recusals, size, teams)
    done = kept(work, id, task, seeded, size, teams, transcript_bytes(document))
    work.emit(*(InspectorsDrawn(id, task.task_id, part) for part in in_parts(teams)))
    return done


def checked_size(size: int) -> int:
    """How many inspectors each team has.

    Raises:
        InvalidArgument: fewer than two inspect nothing, and more than ten nobody needs.
    """
    if size and not AT_LEAST <= size <= GREATEST_SIZE:
        zh, en = f"每组人数应为 {AT_LEAST} 至 {GREATEST_SIZE}", f"a team has {AT_LEAST} to {GREATEST_SIZE} inspectors"
        raise malformed("size", "RANGE", zh, en)
    return size or AT_LEAST


def drawn(work: Work, draw: Draw | None, task_id: str) -> list[str]:
    """The objects that the current round of a draw has taken.

    Raises:
        NoObjectsYet: there is no draw, or it is not revealed.
    """
    if draw is None or draw.round.revealed_at is None:
        raise NoObjectsYet(task_id)
    taken = work.all(DrawnRow, draw_id=draw.draw_id, round=draw.round.number, substitute=False, order_by=("place",))
    return [row.object_id for row in taken]


def regions_of(roster: Roster, object_ids: Sequence[str]) -> dict[str, str]:
    """Where each object is.

    Raises:
        InvalidArgument: too many at once, or unknown ones.
    """
    if len(object_ids) > MOST_OBJECTS:
        zh, en = f"一次最多 {MOST_OBJECTS} 个检查对象", f"at most {MOST_OBJECTS} objects at once"
        raise malformed("object_ids", "TOO_MANY", zh, en)
    found = roster.names(object_ids)
    if unknown := [id for id in object_ids if id not in found]:
        raise ObjectsUnknown(unknown)
    return {id: found[id][1] for id in object_ids}


def seed_for(work: Work, draw: Draw | None, object_ids: Sequence[str], id: str, secret: bytes) -> Seeded:
    """The seed of the task's draw where all objects come from it; otherwise the list of objects is committed to by
    itself, with a secret of the platform.
    """
    if draw and draw.round.revealed_at:
        taken = {row.object_id for row in work.all(DrawnRow, draw_id=draw.draw_id, round=draw.round.number)}
        if taken.issuperset(object_ids):
            window = work.find(JointWindow, window_id=draw.window_id) if draw.window_id else None
            commitment = window.commitment if window else draw.round.commitment
            return Seeded(commitment, bytes.fromhex(draw.round.seed), draw.draw_id, draw.round.number)
    return own_seed(id, 1, object_ids, secret)


def own_seed(id: str, round: int, object_ids: Sequence[str], secret: bytes, redraw: lm.Redraw | None = None) -> Seeded:
    """A seed for these objects alone, with all that is needed to check it."""
    frame = Frame.of((object_id, ALL) for object_id in object_ids)
    committed = lm.commit(id, round, frame, {ALL: len(frame)}, [contribution(secret)], redraw=redraw)
    seed = committed.seed([secret])
    document = transcript(committed, [secret], draw_from(frame, {ALL: len(frame)}, seed, 0))
    return Seeded(committed.digest(), seed, transcript=transcript_bytes(document))


def posts_of(work: Work, part: Part, regions: Mapping[str, str]) -> list[Post]:
    """What one authority must send inspectors to.

    Raises:
        MattersNotKnown: what its matters ask of an inspector is not known here yet.
    """
    matters = work.all(Matter, matter_id=part.matter_ids)
    if missing := sorted(set(part.matter_ids) - {matter.matter_id for matter in matters}):
        raise MattersNotKnown(missing)
    domains = frozenset(matter.domain for matter in matters if matter.domain)
    qualifications = frozenset(matter.qualification for matter in matters if matter.qualification)
    return [Post(id, part.authority_id, region, domains, qualifications) for id, region in regions.items()]


def candidates_of(work: Work, roster: Roster, task: Task, day: date) -> list[Candidate]:
    """Who can be drawn: certified on the day, not retired; experts may accompany."""
    authorities = [part.authority_id for part in task.parts]
    loads = roster.pending_visits(authorities)
    return [
        Candidate(
            each.certificate,
            each.authority_id,
            each.region,
            frozenset(each.domains),
            frozenset(each.qualifications),
            each.expert,
            loads.get(each.certificate, 0),
        )
        for each in work.all(Inspector, authority_id=authorities, retired=False)
        if each.is_certified(day)
    ]


def recusals_of(work: Work, candidates: Sequence[Candidate]) -> set[tuple[str, str]]:
    """Which object and inspector must not meet."""
    certificates = {candidate.certificate for candidate in candidates}
    active = work.all(Recusal, state=RecusalState.ACTIVE)
    return {(each.object_id, each.certificate) for each in active if each.certificate in certificates}


def kept(
    work: Work,
    id: str,
    task: Task,
    seeded: Seeded,
    size: int,
    teams: tuple[Team, ...],
    document: bytes,
    *,
    replaces: str = "",
    replaced_certificate: str = "",
    reason: str = "",
) -> InspectorsDraw:
    """Keep a draw of inspectors with its transcript, and that of its seed where it has one of its own."""
    done = InspectorsDraw(
        inspectors_draw_id=id,
        task_id=task.task_id,
        authority_id=task.authority_id,
        participants=task.participants,
        draw_id=seeded.draw_id,
        round=seeded.round,
        size=size,
        seed=seeded.seed.hex(),
        teams=teams,
        team_count=len(teams),
        replaces=replaces,
        replaced_certificate=replaced_certificate,
        reason=reason,
    )
    work.add(done, FrozenFile.of(id, TRANSCRIPT, document))
    if seeded.transcript:
        work.add(FrozenFile.of(id, SEED, seeded.transcript))
    return done
