"""The wizard of a draw (CQ 2.2): from the task to the locked list of objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from services.chassis.clock import today
from services.chassis.identity import Principal
from services.chassis.import_report import ImportReport
from services.chassis.work import Work
from services.sampling.events import DrawCommitted
from services.sampling.model import merkle
from services.sampling.model.abandonment import Terms
from services.sampling.model.draw import Draw
from services.sampling.model.draw_round import DrawState
from services.sampling.model.exclusions import DrawExclusions, Excluder, whitelisted
from services.sampling.model.frame import excluded_csv, frame_csv
from services.sampling.model.freezing import Frozen, freeze
from services.sampling.model.named_rows import NamedRow, report_of
from services.sampling.model.neighbours import Task, Whitelisting
from services.sampling.model.quotas import DrawQuotas
from services.sampling.model.records import (
    DrawExists,
    ObjectsChosenByHand,
    OwnContributions,
    TestTaskInWindow,
)
from services.sampling.model.scope import DrawScope
from services.sampling.model.seed import contribution
from services.sampling.model.strata import DrawStrata
from services.sampling.model.window import Days, JointWindow, quarter_of
from services.sampling.use_cases.abandoning import renew
from services.sampling.use_cases.access import decidable, known_task, own, seen
from services.sampling.use_cases.announcing import keep_announced
from services.sampling.use_cases.population import Population
from services.sampling.use_cases.revealing import EXCLUDED, FRAME, LEAVES, keep, place, reveal
from services.sampling.use_cases.sealing import Vault, keep_secret, needed_secret

Calendar = Callable[[int, int], Days]
"""The days of a quarter's window."""


def create_draw(work: Work, task_id: str, *, by: Principal) -> Draw:
    """Open the draw of a task.

    Raises:
        NoSuchThing: the task is not known.
        NotYours: the caller's authority does not lead it.
        ObjectsChosenByHand, DrawExists: it is not to be drawn, or drawn already.
    """
    task = known_task(work, task_id)
    by.require(authority=task.authority_id)
    if task.selection != "RANDOM":
        raise ObjectsChosenByHand(task_id)
    if before := work.find(Draw, task_id=task_id):
        raise DrawExists(task_id, before.draw_id)
    opened = Draw.of(task, work.new_id())
    work.add(opened)
    return opened


def set_scope(work: Work, draw_id: str, scope: DrawScope, *, etag: str, by: Principal) -> Draw:
    """Say which objects may be drawn."""
    draw = own(work, draw_id, by, etag)
    draw.set_scope(scope)
    return draw


def set_strata(work: Work, draw_id: str, strata: DrawStrata, *, etag: str, by: Principal) -> Draw:
    """Say how they are divided."""
    draw = own(work, draw_id, by, etag)
    draw.set_strata(strata)
    return draw


def set_exclusions(work: Work, draw_id: str, exclusions: DrawExclusions, *, etag: str, by: Principal) -> Draw:
    """Say who is left out."""
    draw = own(work, draw_id, by, etag)
    draw.set_exclusions(exclusions)
    return draw


def import_exclusions(
    work: Work, population: Population, draw_id: str, rows: Sequence[NamedRow], *, etag: str, by: Principal
) -> ImportReport:
    """Leave the objects of a file out by name; who is not in the directory is reported."""
    draw = own(work, draw_id, by, etag)
    known = population.names(list({row.object_id for row in rows}))
    report = report_of(rows, known, draw.round.settings.exclusions.by_name)
    draw.exclude_named(row.object_id for row in rows if row.object_id in known)
    return report


def set_quotas(work: Work, draw_id: str, quotas: DrawQuotas, *, etag: str, by: Principal) -> Draw:
    """Say how many are drawn."""
    draw = own(work, draw_id, by, etag)
    draw.set_quotas(quotas)
    return draw


def add_contribution(work: Work, draw_id: str, hash: str, *, etag: str, by: Principal) -> Draw:
    """Take the hash of a secret of a supervisor or of an authority that takes part."""
    draw = seen(work, draw_id, by, etag=etag, lock=True)
    draw.add_contribution(contributor(by), hash)
    return draw


def commit_draw(
    work: Work,
    population: Population,
    vault: Vault,
    draw_id: str,
    secret: bytes,
    calendar: Calendar,
    terms: Terms,
    *,
    window_id: str,
    override_reason: str,
    reveal_hours: int,
    etag: str,
    by: Principal,
    now: datetime,
) -> Draw:
    """Freeze frame and exclusions and announce the commitment.

    Args:
        secret: 32 random bytes, the platform's contribution; sealed until the reveal. A window has one of its own.
        reveal_hours: until all secrets are to be shown; 0: as the terms say.

    Raises:
        OutsideOfWorkingDays: the draw belongs to other days and no reason is given (TJ 2).
    """
    draw = own(work, draw_id, by, etag)
    if draw.state is DrawState.RENEWING:
        renew(work, vault, draw, secret, terms, now, reveal_hours)
        return draw
    reveal_by = None if window_id else terms.reveal_by(now, reveal_hours)
    task, day = known_task(work, draw.task_id), today(now)
    window = joinable(work, window_id, draw, task) if window_id else None
    excuse = excuse_of(task, window, day, calendar, override_reason)
    frozen = frozen_now(work, population, draw, day)
    left_out = excluded_csv(frozen.excluded.items()) if frozen.excluded else b""
    frame = frame_csv(frozen.frame)
    leaves = merkle.leaves(frame)
    draw.commit(
        frozen,
        left_out,
        contribution(secret),
        now,
        window_id=window_id,
        override_reason=excuse,
        reveal_by=reveal_by,
        frame_merkle=merkle.root(leaves),
    )
    keep(work, draw, FRAME, frame)
    keep(work, draw, LEAVES, leaves)
    keep(work, draw, EXCLUDED, left_out)
    if window:
        window.join(draw.draw_id, draw.round.commitment)
    else:
        keep_secret(work, vault, place(draw), secret)
    keep_announced(work, draw, draw.round)
    work.emit(DrawCommitted(draw.draw_id, draw.task_id, draw.round.number, draw.round.commitment, window_id))
    return draw


def reveal_contribution(work: Work, draw_id: str, secret: str, *, etag: str, by: Principal) -> Draw:
    """Take a contributed secret."""
    draw = seen(work, draw_id, by, etag=etag, lock=True)
    draw.reveal_contribution(contributor(by), secret)
    return draw


def reveal_draw(
    work: Work, population: Population, vault: Vault, draw_id: str, *, etag: str, by: Principal, now: datetime
) -> Draw:
    """Open the platform's secret, draw and lock."""
    draw = own(work, draw_id, by, etag)
    draw.refuse_unrevealed()
    secrets = draw.secrets(needed_secret(work, vault, place(draw)))
    reveal(work, population, draw, secrets, None, now)
    return draw


def request_redraw(work: Work, draw_id: str, reason: str, *, etag: str, by: Principal, now: datetime) -> Draw:
    """Ask for another round."""
    draw = own(work, draw_id, by, etag)
    window_to_leave(work, draw)
    draw.request_redraw(reason, by.subject, now)
    return draw


def approve_redraw(work: Work, draw_id: str, note: str, *, etag: str, by: Principal, now: datetime) -> Draw:
    """Open another round; what was drawn stays on record."""
    draw = decidable(work, draw_id, by, etag)
    window = window_to_leave(work, draw)
    draw.approve_redraw(by.subject, note, now)
    if window:
        window.leave(draw_id)
    return draw


def reject_redraw(work: Work, draw_id: str, reason: str, *, etag: str, by: Principal, now: datetime) -> Draw:
    """Let the round stand that stands."""
    draw = decidable(work, draw_id, by, etag)
    draw.reject_redraw(by.subject, reason, now)
    return draw


def contributor(by: Principal) -> str:
    """Whose secret it is: the authority's, or the supervisor's own."""
    return by.authority or by.subject


def joinable(work: Work, window_id: str, draw: Draw, task: Task) -> JointWindow:
    """The window a draw wants to join.

    Raises:
        NoSuchThing, WindowNotInState: it takes no draws.
        TestTaskInWindow, OwnContributions: it does not take this one.
    """
    window = work.get(JointWindow, window_id, lock=True)
    window.require_open()
    if task.nature == "TEST":
        raise TestTaskInWindow
    if draw.round.contributions:
        raise OwnContributions
    return window


def excuse_of(task: Task, window: JointWindow | None, day: date, calendar: Calendar, override_reason: str) -> str:
    """The reason to record where a draw does not keep the days it belongs to (TJ 2); empty: it does."""
    if window:
        return window.days.excuse(day, override_reason)
    if task.is_planned_random:
        return calendar(*quarter_of(day)).excuse(day, override_reason)
    return ""


def window_to_leave(work: Work, draw: Draw) -> JointWindow | None:
    """The window a committed draw would leave; None: it is in none, or drawn already.

    Raises:
        WindowNotInState: the window is closed over it and must be revealed first.
    """
    if not draw.window_id or draw.round.revealed_at:
        return None
    window = work.get(JointWindow, draw.window_id, lock=True)
    window.require_open()
    return window


def frozen_now(work: Work, population: Population, draw: Draw, day: date) -> Frozen:
    """Frame, exclusions and quotas as the directory is now."""
    scope, quotas = draw.ready()
    settings = draw.round.settings
    excluder = excluder_of(work, population, draw, settings.exclusions, day)
    return freeze(population.candidates(scope, settings.strata.domain), settings.strata, excluder, quotas)


def excluder_of(work: Work, population: Population, draw: Draw, rules: DrawExclusions, day: date) -> Excluder:
    """The rules, with the objects they come to today."""
    task = known_task(work, draw.task_id)
    entries = work.all(Whitelisting, authority_id=draw.authority_id) if rules.by_whitelist else []
    on_list, everybody = whitelisted(task, entries, day)
    same = rules.same_matter_this_year
    by_record = tuple(population.inspected(draw.authority_id, rule) for rule in rules.by_record)
    return Excluder(
        by_record=by_record,
        recorded=set().union(*by_record),
        statuses=frozenset(rules.by_status),
        named=frozenset(rules.by_name),
        whitelisted=on_list,
        everybody=everybody,
        same_matter=population.inspected_for(draw.authority_id, task.own_matters, draw.year) if same else frozenset(),
    )
