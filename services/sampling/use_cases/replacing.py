"""Replacing an inspector who cannot go (更换检查人员): drawn anew among the rest, on record, the others stay."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from services.chassis.clock import today
from services.chassis.errors import NoSuchThing
from services.chassis.identity import NotYours, Principal
from services.chassis.work import Work
from services.sampling.events import InspectorReplaced, in_parts
from services.sampling.model import commitment as lm
from services.sampling.model.neighbours import InspectionRecord, Task
from services.sampling.model.records import FrozenFile, InspectorsDraw, NotDrawnThere
from services.sampling.model.team_draw import draw_teams
from services.sampling.model.teams import Candidate, Post, Team
from services.sampling.team_transcript import team_transcript
from services.sampling.transcript import transcript_bytes
from services.sampling.use_cases.access import known_task
from services.sampling.use_cases.inspectors_draws import (
    Roster,
    Seeded,
    candidates_of,
    kept,
    own_seed,
    posts_of,
    recusals_of,
    regions_of,
)
from services.sampling.use_cases.revealing import TRANSCRIPT


def replace_inspector(
    work: Work,
    roster: Roster,
    task_id: str,
    certificate: str,
    object_ids: Sequence[str],
    reason: str,
    secret: bytes,
    *,
    by: Principal,
    now: datetime,
) -> InspectorsDraw:
    """Draw somebody else for every team an inspector was drawn for, or for none of them.

    Args:
        object_ids: none: all where the inspector was drawn.
        secret: 32 random bytes.

    Raises:
        NotDrawnThere: the inspector is in no team, or not in that of a named object.
        TeamsInfeasible: lists which objects lack what.
    """
    task = known_task(work, task_id)
    drawn = standing(work.all(InspectorsDraw, task_id=task_id, order_by=("created_at", "inspectors_draw_id")))
    affected = affected_by(drawn, certificate, object_ids)
    require_concerned(task, affected, by)
    replaced = max((drawn[pair] for pair in affected), key=lambda done: done[1].inspectors_draw_id)[1]
    candidates = rest_of(work, roster, task, certificate, [team for team, _ in drawn.values()], now)
    posts = changed_posts(work, roster, task, [drawn[pair][0] for pair in affected], candidates)
    recusals = recusals_of(work, candidates)
    seeded = next_seed(work, replaced, [post.object_id for post in posts], f"{certificate}：{reason}", secret, by)
    teams = draw_teams(seeded.seed, posts, candidates, recusals, replaced.size)
    document = team_transcript(seeded.commitment, seeded.seed, posts, candidates, recusals, replaced.size, teams)
    done = kept(
        work,
        work.new_id(),
        task,
        seeded,
        replaced.size,
        teams,
        transcript_bytes(document),
        replaces=replaced.inspectors_draw_id,
        replaced_certificate=certificate,
        reason=reason,
    )
    facts = (InspectorReplaced(done.inspectors_draw_id, task_id, certificate, reason, part) for part in in_parts(teams))
    work.emit(*facts)
    return done


Standing = dict[tuple[str, str], tuple[Team, InspectorsDraw]]
"""The team of each object and authority, and the draw that made it so."""


def standing(draws: Iterable[InspectorsDraw]) -> Standing:
    """The teams as they are after all draws of a task, of which later ones count."""
    return {(team.object_id, team.authority_id): (team, done) for done in draws for team in done.teams}


def affected_by(drawn: Standing, certificate: str, object_ids: Sequence[str]) -> list[tuple[str, str]]:
    """The teams an inspector is on, in the order they were drawn.

    Raises:
        NotDrawnThere: there is none, or none for one of these objects.
    """
    on = [pair for pair, (team, _) in drawn.items() if certificate in (*team.certificates, *team.experts)]
    wanted = set(object_ids) or {object_id for object_id, _ in on}
    if not on or (elsewhere := wanted - {object_id for object_id, _ in on}):
        raise NotDrawnThere(certificate, sorted(elsewhere) if on else [])
    return [pair for pair in on if pair[0] in wanted]


def require_concerned(task: Task, affected: Iterable[tuple[str, str]], by: Principal) -> None:
    """Refuse who neither leads the task nor sends the inspector.

    Raises:
        NoSuchThing, NotYours: it is so.
    """
    if by.authority not in task.participants:
        raise NoSuchThing("Task", task.task_id)
    for _, authority_id in affected:
        if by.authority not in (task.authority_id, authority_id):
            raise NotYours("authority", authority_id)


def rest_of(
    work: Work, roster: Roster, task: Task, certificate: str, teams: Iterable[Team], now: datetime
) -> list[Candidate]:
    """Who else can be drawn; visits that were drawn and have not gone out yet count as well."""
    rest = candidates_of(work, roster, task, max(today(now), task.starts_on or today(now)))
    gone_out = work.count(InspectionRecord, task_id=task.task_id, cancelled=False) > 0
    drawn = Counter(one for team in teams for one in (*team.certificates, *team.experts)) if not gone_out else Counter()
    return [replace(each, load=each.load + drawn[each.certificate]) for each in rest if each.certificate != certificate]


def changed_posts(
    work: Work, roster: Roster, task: Task, teams: Sequence[Team], candidates: Iterable[Candidate]
) -> list[Post]:
    """What must be filled again, each with those of its team who can still go."""
    regions = regions_of(roster, list(dict.fromkeys(team.object_id for team in teams)))
    parts = {part.authority_id: part for part in task.parts}
    needs = {who: posts_of(work, parts[who], regions) for who in dict.fromkeys(team.authority_id for team in teams)}
    posts = {(post.object_id, post.authority_id): post for own in needs.values() for post in own}
    there = {candidate.certificate for candidate in candidates}
    return [
        replace(
            posts[team.object_id, team.authority_id],
            kept=tuple(one for one in (*team.certificates, *team.experts) if one in there),
        )
        for team in teams
    ]


def next_seed(
    work: Work, replaced: InspectorsDraw, object_ids: Sequence[str], reason: str, secret: bytes, by: Principal
) -> Seeded:
    """A seed for another round of a draw of inspectors; its commitment names the one before, why, and who asked."""
    before = json.loads(work.get(FrozenFile, f"{replaced.inspectors_draw_id}/{TRANSCRIPT}").content)
    round = 2 + work.count(InspectorsDraw, replaces=replaced.inspectors_draw_id)
    redraw = lm.Redraw(before["commitment_sha256"], reason, by.subject)
    return own_seed(replaced.inspectors_draw_id, round, list(dict.fromkeys(object_ids)), secret, redraw)
