"""How an object stands in a draw (为什么抽中我), and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.sampling.model.exclusions import Reason


class StandingKind(StrEnum):
    """What became of an object."""

    DRAWN = "DRAWN"
    SUBSTITUTE = "SUBSTITUTE"
    NOT_DRAWN = "NOT_DRAWN"
    EXCLUDED = "EXCLUDED"
    OUTSIDE = "OUTSIDE"


WHY = {
    Reason.RECORD: "近期已被检查，按检查记录排除",
    Reason.STATUS: "按登记状态排除",
    Reason.NAMED: "按名单排除",
    Reason.WHITELIST: "白名单对象，按规定不列入抽取",
    Reason.SAME_MATTER: "本年度已就同一事项检查",
    Reason.NO_STRATUM: "不属于本次抽取的任何分类",
}
"""What `excluded.csv` says in one word, for the one concerned."""


@dataclass(frozen=True, kw_only=True)
class DrawStanding:
    """How an object stands in one round of a draw.

    Args:
        reason: why it was left out.
        stratum: empty, like all that follows, outside of the frame.
        count: objects of the stratum.
        quota: how many of them were to be drawn.
        ticket: hex, as `cut_off`, the greatest ticket drawn in the stratum.
        rank: among the drawn, or among the substitutes, from 1.
        provable: the commitment binds the root of a tree.
    """

    object_id: str
    draw_id: str
    round: int
    task_number: str
    task_name: str
    authority_id: str
    authority_name: str
    revealed_at: datetime | None
    kind: StandingKind
    reason: str = ""
    stratum: str = ""
    count: int = 0
    quota: int = 0
    ticket: str = ""
    cut_off: str = ""
    rank: int = 0
    commitment: str = ""
    window_id: str = ""
    provable: bool = False

    @property
    def chance(self) -> str:
        """The chance every object of the stratum had, as a fraction."""
        return f"{min(self.quota, self.count)}/{self.count}" if self.count else ""
