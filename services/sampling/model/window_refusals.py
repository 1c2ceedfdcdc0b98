"""What a joint window refuses, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from services.chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument, Violation


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


class ContributionsAwaited(FailedPrecondition):
    """Those who had shown a secret still have time to give a fresh one."""

    def __init__(self, awaited: Sequence[str], until: datetime) -> None:
        super().__init__(
            f"在 {until.isoformat()} 之前等待重新提交随机数哈希：{'、'.join(awaited)}；齐全或到期后可以关闭窗口",
            f"fresh hashes are awaited until {until.isoformat()}: {', '.join(awaited)}; with all of them, or after "
            "that, the window can be closed",
            awaited=",".join(awaited),
            until=until.isoformat(),
        )


class HashUsedBefore(InvalidArgument):
    """A hash of a commitment that was given up: its secret may be known to all."""

    def __init__(self) -> None:
        zh, en = "该随机数哈希已用于作废的承诺，请使用新的随机数", "the hash was given before; take a fresh secret"
        super().__init__(Violation("hash", self.reason, zh, en))


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
