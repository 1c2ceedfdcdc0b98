"""Joint windows (TJ 2): in the first five working days of a quarter all planned draws are drawn with one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import AlreadyExists, FailedPrecondition, malformed
from services.sampling.model.commitment import WindowCommitment
from services.sampling.model.contributions import PLATFORM, Contribution, opened, shown, with_contribution, with_secret
from services.sampling.model.matching import Match, TaskDraw, visits

WORKING_DAYS = 5
"""TJ 2: 每个季度的前五个工作日."""

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


@dataclass(eq=False, kw_only=True)
class JointWindow:
    """The window of a quarter.

    Args:
        opens_on, closes_on: first and last day on which draws may join without a reason.
        commitment: over the commitments of all its draws; empty while it is open.
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
    state: JointWindowState = JointWindowState.OPEN
    contributions: tuple[Contribution, ...] = ()
    draws: tuple[WindowDraw, ...] = ()
    commitment: str = ""
    seed: str = ""
    match_count: int = 0
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

    def close(self) -> None:
        """Bind the window to the commitments of all its draws.

        Raises:
            WindowEmpty: it has none.
        """
        self._require(JointWindowState.OPEN)
        if not self.draws:
            raise WindowEmpty
        self.state = JointWindowState.CLOSED
        self.commitment = self.committed().digest()

    def committed(self) -> WindowCommitment:
        """What it binds itself to."""
        hashes = tuple(contribution.hash for contribution in self.contributions)
        return WindowCommitment(self.window_id, tuple(draw.commitment for draw in self.draws), hashes)

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
        self.authority_count = len({draw.parts[0].authority_id for draw in draws})
        self.visits_apart, self.visits_together = visits(draws, matches)
        self.state = JointWindowState.REVEALED

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


def quarter_of(day: date) -> tuple[int, int]:
    """Year and quarter of a day."""
    return day.year, (day.month + 2) // 3
