"""Joint windows (TJ 2): open, join, close, reveal, match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.chassis.identity import Principal
from services.chassis.work import Work
from services.sampling.events import JointMatch, JointMatched, in_parts
from services.sampling.model.draw import Draw
from services.sampling.model.matching import Match, Neighbourhood, TaskDraw, match, shared
from services.sampling.model.neighbours import Authority, JointList
from services.sampling.model.records import JointMatchRow, MatchParticipant
from services.sampling.model.seed import contribution
from services.sampling.model.window import JointWindow, first_day, slot_of
from services.sampling.model.window_refusals import WindowExists
from services.sampling.use_cases.access import known_task
from services.sampling.use_cases.draws import Calendar, contributor
from services.sampling.use_cases.population import Population
from services.sampling.use_cases.revealing import reveal
from services.sampling.use_cases.sealing import Vault, keep_secret, needed_secret


class Crossing(Population, Protocol):
    """The directory as matching looks at it."""

    def tags(self, object_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """The tags of each of these objects."""
        ...


def open_joint_window(
    work: Work, vault: Vault, year: int, quarter: int, secret: bytes, calendar: Calendar
) -> JointWindow:
    """Open the window of a quarter.

    Args:
        secret: 32 random bytes, the platform's contribution; sealed until the reveal.

    Raises:
        InvalidArgument: there is no such quarter.
        WindowExists: it has one that is not revealed yet.
    """
    first_day(year, quarter)
    days = calendar(year, quarter)
    work.next_number(f"joint-window {slot_of(year, quarter)}")  # who opens the same quarter meanwhile waits here
    if before := work.find(JointWindow, slot=slot_of(year, quarter)):
        raise WindowExists(before.window_id)
    window = JointWindow.opened(work.new_id(), year, quarter, days, contribution(secret))
    work.add(window)
    keep_secret(work, vault, window.sealed_under, secret)
    return window


def add_window_contribution(work: Work, window_id: str, hash: str, *, etag: str, by: Principal) -> JointWindow:
    """Take the hash of a secret of a supervisor or an authority."""
    window = work.get(JointWindow, window_id, etag=etag, lock=True)
    window.add_contribution(contributor(by), hash)
    return window


def close_joint_window(work: Work, window_id: str, *, etag: str, now: datetime) -> JointWindow:
    """Bind the window to all its draws."""
    window = work.get(JointWindow, window_id, etag=etag, lock=True)
    window.close(now)
    return window


def reopen_joint_window(
    work: Work, vault: Vault, window_id: str, secret: bytes, *, etag: str, by: Principal, now: datetime
) -> JointWindow:
    """Go on without those who kept their secrets back.

    Args:
        secret: 32 random bytes, the platform's new contribution.
    """
    window = work.get(JointWindow, window_id, etag=etag, lock=True)
    window.reopen(needed_secret(work, vault, window.sealed_under), contribution(secret), by.subject, now)
    keep_secret(work, vault, window.sealed_under, secret)
    return window


def reveal_window_contribution(work: Work, window_id: str, secret: str, *, etag: str, by: Principal) -> JointWindow:
    """Take a contributed secret."""
    window = work.get(JointWindow, window_id, etag=etag, lock=True)
    window.reveal_contribution(contributor(by), secret)
    return window


def reveal_joint_window(
    work: Work, crossing: Crossing, vault: Vault, window_id: str, *, etag: str, now: datetime
) -> JointWindow:
    """Open the platform's secret, draw every draw of the window with the one seed, and match what they took."""
    window = work.get(JointWindow, window_id, etag=etag, lock=True)
    secrets = window.secrets(needed_secret(work, vault, window.sealed_under))
    committed = window.committed()
    draws = [work.get(Draw, draw_id, lock=True) for draw_id in window.draw_ids]
    taken = [
        TaskDraw(
            draw.task_id, known_task(work, draw.task_id).parts, reveal(work, crossing, draw, secrets, committed, now)
        )
        for draw in draws
    ]
    matches = match(taken, neighbourhood(work), crossing.tags(list(shared(taken))))
    window.reveal(secrets, committed.seed(secrets), taken, matches)
    matched = {share.task_id for each in matches for share in each.shares}
    for draw in draws:
        draw.matched = draw.task_id in matched
    keep(work, window, matches)
    return window


def neighbourhood(work: Work) -> Neighbourhood:
    """What decides who leads."""
    authorities = {authority.authority_id: authority for authority in work.all(Authority)}
    return Neighbourhood(authorities, work.all(JointList, retired=False))


def keep(work: Work, window: JointWindow, matches: Sequence[Match]) -> None:
    """Keep the matches and tell the others."""
    facts = [fact(work.new_id(), each) for each in matches]
    for found in facts:
        authorities = tuple(dict.fromkeys(each.authority_id for each in found.participants))
        work.add(JointMatchRow(window_id=window.window_id, authorities=authorities, **vars(found)))
    work.emit(*(JointMatched(window.window_id, window.name, part) for part in in_parts(facts)))


def fact(match_id: str, each: Match) -> JointMatch:
    """A match as others hear of it."""
    participants = tuple(MatchParticipant(s.authority_id, s.task_id, s.matter_ids) for s in each.shares)
    return JointMatch(match_id, each.object_id, each.lead_id, participants, each.lead_rule)
