"""Joint windows (TJ 2): in the first five working days of a quarter all planned draws are drawn with one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.chassis.errors import malformed
from services.sampling.model.contributions import (
    PLATFORM,
    Contribution,
    missing_from,
    opened,
    shown,
    with_contribution,
    with_secret,
)
from services.sampling.model.matching import Match, TaskDraw, visits
from services.sampling.model.window_commitment import Replaced, WindowCommitment
from services.sampling.model.window_refusals import (
    ContributionsAwaited,
    FailedToReveal,
    HashUsedBefore,
    JointWindowState,
    NobodyMissing,
    OutsideOfWorkingDays,
    StillTimeToReveal,
    WindowEmpty,
    WindowNotInState,
)

WORKING_DAYS = 5
"""TJ 2: 每个季度的前五个工作日."""

REVEAL_WITHIN = timedelta(hours=72)
"""How long after the closing contributors have to show their secrets."""

CONTRIBUTE_WITHIN = timedelta(hours=24)
"""How long after a commitment was given up those who had shown their secrets have to give fresh ones."""

NUMERALS = "一二三四"


@dataclass(frozen=True)
class Days:
    """The days of a window.

    Args:
        provisional: computed without the year's published notice of holidays.
    """

    first: date
    last: date
    provisional: bool = False

    def excuse(self, day: date, override_reason: str) -> str:
        """The reason to record for a draw on this day; empty: it keeps the days and needs none.

        Raises:
            OutsideOfWorkingDays: it needs one and has none.
        """
        if self.first <= day <= self.last:
            return ""
        if not override_reason.strip():
            raise OutsideOfWorkingDays(self.first, self.last)
        return override_reason


@dataclass(frozen=True)
class WindowDraw:
    """A draw that has joined, with the commitment it joined with."""

    draw_id: str
    commitment: str


@dataclass(frozen=True)
class Abandoned:
    """A commitment of the window that could not be revealed.

    Args:
        contributions: of those who gave a hash; a secret where it was shown.
        missing: who kept theirs back.
    """

    commitment: str
    contributions: tuple[Contribution, ...]
    missing: tuple[str, ...]
    closed_at: datetime
    abandoned_at: datetime
    abandoned_by: str

    def hashes_missing(self) -> tuple[str, ...]:
        """The hashes whose secrets never came."""
        return tuple(c.hash for c in self.contributions if c.contributor in self.missing)

    def awaited(self, given: Sequence[Contribution]) -> list[str]:
        """Who had shown a secret and has not given a fresh one yet."""
        anew = {contribution.contributor for contribution in given}
        return [c.contributor for c in self.contributions if c.contributor not in (*self.missing, *anew)]


@dataclass(eq=False, kw_only=True)
class JointWindow:
    """The window of a quarter.

    Args:
        opens_on, closes_on: first and last day on which draws may join without a reason.
        slot: year and quarter while it is not revealed, then None: a quarter has one such window at a time.
        commitment: over the commitments of all its draws; empty while it is open.
        closed_at: when this commitment was announced.
        abandoned: earlier commitments, which somebody's missing secret made worthless.
        internal_match_count: those of the matches in which one authority meets itself.
        authority_count: authorities that drew.
        visits_apart: visits that would have been made.
        visits_together: visits that remain when matched objects are visited once.
    """

    window_id: str
    year: int
    quarter: int
    opens_on: date
    closes_on: date
    provisional: bool = False
    slot: str | None = None
    state: JointWindowState = JointWindowState.OPEN
    contributions: tuple[Contribution, ...] = ()
    draws: tuple[WindowDraw, ...] = ()
    commitment: str = ""
    closed_at: datetime | None = None
    abandoned: tuple[Abandoned, ...] = ()
    seed: str = ""
    match_count: int = 0
    internal_match_count: int = 0
    authority_count: int = 0
    visits_apart: int = 0
    visits_together: int = 0
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @classmethod
    def opened(cls, window_id: str, year: int, quarter: int, days: Days, hash: str) -> JointWindow:
        """A window that takes draws.

        Args:
            hash: of the platform's secret.
        """
        return cls(
            window_id=window_id,
            year=year,
            quarter=quarter,
            opens_on=days.first,
            closes_on=days.last,
            provisional=days.provisional,
            slot=slot_of(year, quarter),
            contributions=with_contribution((), PLATFORM, hash),
        )

    @property
    def name(self) -> str:
        """For people: `2025年第三季度`."""
        return f"{self.year}年第{NUMERALS[self.quarter - 1]}季度"

    @property
    def days(self) -> Days:
        """On which draws may join without a reason."""
        return Days(self.opens_on, self.closes_on, self.provisional)

    @property
    def draw_ids(self) -> tuple[str, ...]:
        """The draws that have joined."""
        return tuple(draw.draw_id for draw in self.draws)

    def add_contribution(self, contributor: str, hash: str) -> None:
        """Take the hash of a secret."""
        self._require(JointWindowState.OPEN)
        if any(contributor in before.missing for before in self.abandoned):
            raise FailedToReveal(contributor)
        if any(hash == each.hash for before in self.abandoned for each in before.contributions):
            raise HashUsedBefore
        self.contributions = with_contribution(self.contributions, contributor, hash)

    def require_open(self) -> None:
        """Refuse what only an open window takes."""
        self._require(JointWindowState.OPEN)

    def join(self, draw_id: str, commitment: str) -> None:
        """Take a draw that is committed."""
        self._require(JointWindowState.OPEN)
        self.draws = (*self.draws, WindowDraw(draw_id, commitment))

    def leave(self, draw_id: str) -> None:
        """Let a draw go that is to be drawn again by itself, or whose test task has come to its end."""
        if self.state is JointWindowState.OPEN:
            self.draws = tuple(draw for draw in self.draws if draw.draw_id != draw_id)

    def close(self, now: datetime) -> None:
        """Bind the window to the commitments of all its draws.

        Raises:
            WindowEmpty: it has none.
            ContributionsAwaited: it was reopened, and others have time to give a fresh secret beside the platform's.
        """
        self._require(JointWindowState.OPEN)
        if not self.draws:
            raise WindowEmpty
        self._leave_time(now)
        self.state, self.closed_at = JointWindowState.CLOSED, now
        self.commitment = self.committed().digest()

    def _leave_time(self, now: datetime) -> None:
        if not self.abandoned:
            return
        before = self.abandoned[-1]
        until = before.abandoned_at + CONTRIBUTE_WITHIN
        if (awaited := before.awaited(self.contributions)) and now < until:
            raise ContributionsAwaited(awaited, until)

    def committed(self) -> WindowCommitment:
        """What it binds itself to."""
        hashes = tuple(contribution.hash for contribution in self.contributions)
        before = self.abandoned[-1] if self.abandoned else None
        replaced = Replaced(before.commitment, before.hashes_missing()) if before else None
        return WindowCommitment(self.window_id, tuple(draw.commitment for draw in self.draws), hashes, replaced)

    @property
    def reveal_until(self) -> datetime | None:
        """Until when contributors are waited for; None: it is not closed."""
        return self.closed_at + REVEAL_WITHIN if self.closed_at and self.state is not JointWindowState.OPEN else None

    def reopen(self, sealed: bytes, hash: str, by: str, now: datetime) -> None:
        """Go on without who kept a secret back: all secrets are given anew, under a commitment that names this one.

        Secrets that were shown are not used again: who knows them all could choose the platform's to please itself.

        Args:
            sealed: the platform's secret until now, shown as well: nothing is drawn with it any more.
            hash: of the platform's new one.

        Raises:
            WindowNotInState, StillTimeToReveal, NobodyMissing: there is no need to.
        """
        self._require(JointWindowState.CLOSED)
        missing = missing_from(self.contributions)
        if not missing:
            raise NobodyMissing
        assert self.closed_at is not None  # it is closed
        if now < self.closed_at + REVEAL_WITHIN:
            raise StillTimeToReveal(self.closed_at + REVEAL_WITHIN)
        known = tuple(replace(c, secret=sealed.hex()) if c.contributor == PLATFORM else c for c in self.contributions)
        left = Abandoned(self.commitment, known, tuple(missing), self.closed_at, now, by)
        self.abandoned = (*self.abandoned, left)
        self.state, self.commitment, self.closed_at = JointWindowState.OPEN, "", None
        self.contributions = with_contribution((), PLATFORM, hash)

    @property
    def sealed_under(self) -> str:
        """Where the platform's secret is kept."""
        return f"{self.window_id}/{len(self.abandoned)}" if self.abandoned else self.window_id

    def reveal_contribution(self, contributor: str, secret: str) -> None:
        """Take a contributed secret."""
        self._require(JointWindowState.CLOSED)
        self.contributions = with_secret(self.contributions, contributor, secret)

    def secrets(self, sealed: bytes) -> list[bytes]:
        """All secrets in the order of their hashes.

        Args:
            sealed: the platform's.

        Raises:
            WindowNotInState, ContributionsNotRevealed: it is too early.
        """
        self._require(JointWindowState.CLOSED)
        return opened(self.contributions, sealed)

    def reveal(
        self, secrets: Sequence[bytes], seed: bytes, draws: Sequence[TaskDraw], matches: Sequence[Match]
    ) -> None:
        """Lock the window with its outcome."""
        self._require(JointWindowState.CLOSED)
        self.contributions = shown(self.contributions, secrets)
        self.seed, self.match_count = seed.hex(), len(matches)
        self.internal_match_count = sum(each.internal for each in matches)
        self.authority_count = len({draw.parts[0].authority_id for draw in draws})
        self.visits_apart, self.visits_together = visits(draws, matches)
        self.state, self.slot = JointWindowState.REVEALED, None

    @property
    def visits_saved(self) -> int:
        """How many fewer visits there are."""
        return self.visits_apart - self.visits_together

    def _require(self, state: JointWindowState) -> None:
        if self.state is not state:
            raise WindowNotInState(self.state, state)


def first_day(year: int, quarter: int) -> date:
    """The first day of a quarter.

    Raises:
        InvalidArgument: there is no such quarter.
    """
    if not 2000 <= year <= 2100:
        raise malformed("year", "RANGE", "年度应在 2000 至 2100 之间", "a year is from 2000 to 2100")
    if not 1 <= quarter <= 4:
        raise malformed("quarter", "RANGE", "季度应为 1 至 4", "a quarter is 1 to 4")
    return date(year, 3 * quarter - 2, 1)


def slot_of(year: int, quarter: int) -> str:
    """What a window that is not revealed takes up."""
    return f"{year}-{quarter}"


def quarter_of(day: date) -> tuple[int, int]:
    """Year and quarter of a day."""
    return day.year, (day.month + 2) // 3
