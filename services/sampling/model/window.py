"""Joint windows (TJ 2): in the first five working days of a quarter all planned draws are drawn with one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.chassis.errors import AlreadyExists, FailedPrecondition, malformed
from services.sampling.model.commitment import Replaced, WindowCommitment
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

WORKING_DAYS = 5
"""TJ 2: 每个季度的前五个工作日."""

REVEAL_WITHIN = timedelta(hours=24)
"""How long after the closing contributors have to show their secrets."""

NUMERALS = "一二三四"


class JointWindowState(StrEnum):
    """Where a window stands."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    REVEALED = "REVEALED"


POSSIBLE = {
    JointWindowState.OPEN: ("提交随机数哈希、加入抽取或关闭窗口", "add contributions, join with a draw, or close"),
    JointWindowState.CLOSED: ("揭示随机数", "reveal contributions, then the window"),
    JointWindowState.REVEALED: ("查看联合抽查比对结果", "read the matches"),
}


class WindowNotInState(FailedPrecondition):
    """The window is not where this can be done."""

    def __init__(self, state: JointWindowState, needed: JointWindowState) -> None:
        zh, en = POSSIBLE[state]
        super().__init__(
            f"集中抽取窗口当前为 {state}，此操作要求 {needed}；现在可以：{zh}",
            f"the window is {state}, this needs {needed}; what is possible now: {en}",
            state=state,
            needed=needed,
        )


class WindowExists(AlreadyExists):
    """The quarter has a window that is not revealed yet."""

    def __init__(self, window_id: str) -> None:
        super().__init__(
            f"该季度已有未揭示的集中抽取窗口（{window_id}）",
            f"the quarter has window {window_id!r}, which is not revealed yet",
            window_id=window_id,
        )


class WindowEmpty(FailedPrecondition):
    """No draw has joined."""

    def __init__(self) -> None:
        super().__init__("尚无抽取加入该集中抽取窗口", "no draw has joined the window")


class StillTimeToReveal(FailedPrecondition):
    """A window can only go on without somebody once their time is over."""

    def __init__(self, until: datetime) -> None:
        super().__init__(
            f"揭示随机数的期限尚未届满（{until.isoformat()}），期满仍未揭示的，方可重新开放",
            f"contributors have until {until.isoformat()} to reveal; only then can the window go on without them",
            until=until.isoformat(),
        )


class NobodyMissing(FailedPrecondition):
    """All have revealed: there is nothing to go on without."""

    def __init__(self) -> None:
        super().__init__("各方均已揭示随机数，请直接揭示窗口", "everybody has revealed; reveal the window")


class FailedToReveal(FailedPrecondition):
    """Who kept a secret back contributes to this window no more."""

    def __init__(self, contributor: str) -> None:
        super().__init__(
            f"{contributor} 曾逾期未揭示随机数，不能再向该窗口提交",
            f"{contributor!r} has kept a secret of this window back and cannot contribute again",
            contributor=contributor,
        )


class OutsideOfWorkingDays(FailedPrecondition):
    """A planned random draw comes outside of the first five working days of the quarter (TJ 2)."""

    def __init__(self, first: date, last: date) -> None:
        super().__init__(
            f"列入年度计划的抽查应在每季度前五个工作日内（{first} 至 {last}）集中抽取；确需在此之外抽取的，请填写理由",
            f"planned draws belong to the first five working days of the quarter ({first} to {last}); "
            "give an override_reason to draw outside of them",
            first=first,
            last=last,
        )


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
        """
        self._require(JointWindowState.OPEN)
        if not self.draws:
            raise WindowEmpty
        self.state, self.closed_at = JointWindowState.CLOSED, now
        self.commitment = self.committed().digest()

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

    def reopen(self, hash: str, by: str, now: datetime) -> None:
        """Go on without who kept a secret back: all secrets are given anew, under a commitment that names this one.

        Secrets that were shown are not used again: who knows them all could choose the platform's to please itself.

        Args:
            hash: of the platform's new secret.

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
        left = Abandoned(self.commitment, self.contributions, tuple(missing), self.closed_at, now, by)
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
