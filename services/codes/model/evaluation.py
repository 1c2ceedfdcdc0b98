"""What an enterprise thinks of an authority's visit (TJ 9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument, Violation

LONGEST_COMMENT = 2000
PRAISE = 4
"""Scores from this one on are praise (好评)."""
ANONYMITY = 5
"""Fewer comments than this could be told apart by who was visited."""


class VisitNotStarted(FailedPrecondition):
    """There is nothing to judge yet."""

    def __init__(self) -> None:
        super().__init__(
            "请先扫描检查码，入场检查后方可评价",
            "the visit has not begun: scan the inspection code first",
            state="PENDING",
        )


class AlreadyEvaluated(AlreadyExists):
    """The authority was judged for this visit before."""

    def __init__(self, authority_id: str) -> None:
        super().__init__(
            "已对该机构本次检查作出评价，不能重复评价",
            f"this visit of authority {authority_id} was evaluated already",
            authority_id=authority_id,
        )


@dataclass(eq=False, kw_only=True)
class Evaluation:
    """A judgement, once per authority and visit."""

    evaluation_id: str
    code_id: str
    inspection_id: str
    authority_id: str
    object_id: str
    score: int
    comment: str = ""
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def __post_init__(self) -> None:
        """Hold to the scale.

        Raises:
            InvalidArgument: the score is off the scale, or the comment too long.
        """
        violations = []
        if not 1 <= self.score <= 5:
            violations.append(Violation("score", "RANGE", "score 应为 1 到 5", "score must be 1 to 5"))
        if len(self.comment) > LONGEST_COMMENT:
            zh, en = f"comment 最多 {LONGEST_COMMENT} 字", f"comment: at most {LONGEST_COMMENT} characters"
            violations.append(Violation("comment", "LENGTH", zh, en))
        if violations:
            raise InvalidArgument(*violations)
